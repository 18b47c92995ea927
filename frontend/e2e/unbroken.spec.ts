/** Uploads of 200 MB that are reloaded, killed, cut off, refused and carried on elsewhere arrive byte for byte. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { type BrowserContext, chromium, type Page, type Response, type Route } from "@playwright/test";
import { choose, expect, newPerson, row, signIn, signUp, test } from "./fixtures";

const SIZE = 200 * 1000 ** 2;
const PARTS = 24;
const SLOTS = 4;
const MIB = 1024 ** 2;
/** So many bytes take their time on a small machine. */
const PATIENT = { timeout: 60_000 };

// A trace would hold all the bytes.
test.use({ trace: "off" });

/** Bytes on their way to S3 are the only PUTs the page makes. */
const parts = (url: URL) => url.searchParams.has("partNumber");

/** Numbers of the parts that S3 took, in order; a part whose answer got lost counts, for its bytes were sent. */
function partsSent(page: Page): number[] {
  const sent: number[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (request.method() === "PUT" && parts(url)) sent.push(Number(url.searchParams.get("partNumber")));
  });
  return sent;
}

/** No two blocks are alike, so that no part can stand in for another. */
function block(index: number): Buffer {
  const bytes = Buffer.alloc(MIB, index % 251);
  bytes.writeUInt32BE(index, 0);
  return bytes;
}

async function makeFile(path: string, size = SIZE): Promise<string> {
  const file = createWriteStream(path);
  const hash = createHash("sha256");
  for (let start = 0; start < size; start += MIB) {
    const bytes = block(start / MIB).subarray(0, size - start);
    hash.update(bytes);
    if (!file.write(bytes)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
  return hash.digest("hex");
}

/** What the drive gives back as the original. */
async function storedHash(page: Page, title: string): Promise<string> {
  await expect(row(page, title)).toBeVisible();
  const address = await page.evaluate(async (wanted) => {
    const answer = await (await fetch("/api/videos")).json();
    const { id } = answer.items.find((video: { title: string }) => video.title === wanted);
    return (await (await fetch(`/api/videos/${id}/original`)).json()).url as string;
  }, title);
  const answer = await fetch(address);
  const hash = createHash("sha256");
  const reader = answer.body?.getReader();
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) hash.update(read.value);
  return hash.digest("hex");
}

/** All parts have arrived, and at most one per slot was sent more than once. */
function expectFrugal(sent: number[]): void {
  expect(new Set(sent).size).toBe(PARTS);
  expect(sent.length - PARTS).toBeLessThanOrEqual(SLOTS);
}

/** The drive took it; asked for before what leads to it. */
function arrival(page: Page): Promise<unknown> {
  const taken = (answer: Response) => answer.url().endsWith("/complete") && answer.ok();
  return page.waitForResponse(taken, { timeout: 120_000 });
}

test.describe("an upload of 200 MB", () => {
  let path: string;
  let hash: string;

  test.beforeAll(async ({ browserName: _ }, info) => {
    path = info.outputPath("large.mov");
    hash = await makeFile(path);
  });

  test("outlives a reload, and goes on in another browser with the same file", async ({
    member: { page, expectRefusal },
    person,
    newVisitor,
  }) => {
    expectRefusal(/Failed to load resource.*partNumber/);
    const sent = partsSent(page);
    let passed = 0;
    await page.route(parts, (route) => {
      passed += 1;
      return passed <= 6 ? route.continue() : undefined;
    });
    await choose(page, "Upload", path);
    await expect.poll(() => passed, PATIENT).toBeGreaterThan(6);
    await expect(row(page, "large").getByText(/^2[0-9] %/)).toBeVisible(PATIENT);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    await expect(row(page, "large").getByText("50.3 MB of 200 MB arrived.")).toBeVisible();
    const begun = sent.slice(0, 6);
    await page.close();

    const other = await newVisitor();
    const rest = partsSent(other.page);
    await signIn(other.page, person);
    await expect(row(other.page, "large").getByText("50.3 MB of 200 MB arrived.")).toBeVisible();
    const arrived = arrival(other.page);
    await choose(other.page, "Continue", path);
    await arrived;
    expectFrugal([...begun, ...rest]);
    expect(rest).toHaveLength(PARTS - 6);
    expect(await storedHash(other.page, "large")).toBe(hash);
  });

  test("outlives addresses that are over, a burst of refusals, and a time without a network", async ({
    member: { page, context, expectRefusal },
  }) => {
    expectRefusal(/Failed to load resource/);
    expectRefusal(/WebSocket/);
    let refused = 0;
    const refuse = (route: Route) => {
      refused += 1;
      const status = refused <= 5 ? 403 : 503;
      return route.fulfill({ status, headers: { "access-control-allow-origin": "*" } });
    };
    // Nothing is looked into after that: it would cost more time than the sending.
    await page.route(parts, refuse, { times: 17 });
    await choose(page, "Upload", path);
    await expect.poll(() => refused, PATIENT).toBe(17);
    const tried = partsSent(page);
    await expect(row(page, "large").getByText(/^[2-5][0-9] %/)).toBeVisible(PATIENT);
    await context.setOffline(true);
    await expect(row(page, "large").getByText("You are offline. It goes on by itself.")).toBeVisible(PATIENT);
    const arrived = arrival(page);
    await context.setOffline(false);
    await arrived;
    expectFrugal(tried);
    expect(await storedHash(page, "large")).toBe(hash);
  });
});

test("an upload that arrives damaged is not taken, and can be sent again", async ({
  member: { page, expectRefusal },
}, info) => {
  expectRefusal(/Failed to load resource.*api\/uploads/);
  const path = info.outputPath("small.mov");
  const hash = await makeFile(path, 9 * MIB);
  const first = (url: URL) => url.searchParams.get("partNumber") === "1";
  await page.route(first, (route) => route.continue({ postData: Buffer.alloc(8 * MIB, "other") }));
  await choose(page, "Upload", path);
  const tray = page.getByRole("region", { name: "Uploads" });
  await expect(tray.getByText("The file did not arrive as it was sent.")).toBeVisible(PATIENT);
  await page.unroute(first);
  const arrived = arrival(page);
  await tray.getByRole("button", { name: "Try again" }).click();
  await arrived;
  await expect(page.getByRole("main").getByRole("row")).toHaveCount(1);
  expect(await storedHash(page, "small")).toBe(hash);
});

/** A browser of our own with a profile on the disk, which can be killed. */
async function launch(profile: string): Promise<{ context: BrowserContext; process: ChildProcess }> {
  const { executablePath = "", args = [] } = test.info().project.use.launchOptions ?? {};
  const options = [...args, "--headless=new", `--user-data-dir=${profile}`, "--remote-debugging-port=0"];
  const started = spawn(executablePath, options, { stdio: ["ignore", "ignore", "pipe"], detached: true });
  for await (const line of createInterface(started.stderr)) {
    const address = /^DevTools listening on (.*)$/.exec(line)?.[1];
    if (!address) continue;
    const [context] = (await chromium.connectOverCDP(address)).contexts();
    if (context) return { context, process: started };
  }
  throw new Error("The browser did not start.");
}

/** With everything that belongs to it, as a crash or an empty battery would. */
async function kill(browser: ChildProcess): Promise<void> {
  const ended = once(browser, "exit");
  if (browser.pid) process.kill(-browser.pid, "SIGKILL");
  await ended;
}

/** Makes the file within the browser's own storage: the one kind of handle that a test can get. */
async function withHandle(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Object.assign(window, {
      showOpenFilePicker: async () => {
        const folder = await navigator.storage.getDirectory();
        return [await folder.getFileHandle("kept.mov")];
      },
    });
  });
}

async function makeKeptFile(page: Page): Promise<void> {
  await page.evaluate(
    async ({ size, mib }) => {
      const folder = await navigator.storage.getDirectory();
      const file = await (await folder.getFileHandle("kept.mov", { create: true })).createWritable();
      for (let start = 0; start < size; start += mib) {
        const bytes = new Uint8Array(Math.min(mib, size - start)).fill((start / mib) % 251);
        new DataView(bytes.buffer).setUint32(0, start / mib);
        await file.write(bytes);
      }
      await file.close();
    },
    { size: SIZE, mib: MIB },
  );
}

test("a browser that is killed goes on in one click, for it has kept the file", async ({ baseURL }, info) => {
  const profile = info.outputPath("profile");
  const person = newPerson();
  const home = baseURL ?? "";
  let sent: number[] = [];

  const first = await launch(profile);
  try {
    const page = await first.context.newPage();
    await withHandle(page);
    await signUp(page, person, home);
    await makeKeptFile(page);
    sent = partsSent(page);
    let passed = 0;
    await page.route(parts, (route) => {
      passed += 1;
      return passed <= 9 ? route.continue() : undefined;
    });
    await page.getByRole("main").getByRole("button", { name: "Upload", exact: true }).click();
    await expect(row(page, "kept").getByText(/^3[0-9] %/)).toBeVisible(PATIENT);
  } finally {
    await kill(first.process);
  }
  const begun = sent.slice(0, 9);

  const second = await launch(profile);
  try {
    const page = await second.context.newPage();
    await withHandle(page);
    const rest = partsSent(page);
    await signIn(page, person, home);
    await expect(row(page, "kept").getByText("What has arrived is kept until")).toBeVisible();
    const arrived = arrival(page);
    await page.getByRole("button", { name: "Continue", exact: true }).click();
    await arrived;
    expectFrugal([...begun, ...rest]);
    expect(await storedHash(page, "kept")).toBe(await makeFile(info.outputPath("kept.mov")));
  } finally {
    await kill(second.process);
  }
});
