/** Uploads of 200 MB that are reloaded, killed, cut off, refused and carried on elsewhere arrive byte for byte. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type BrowserContext, chromium, type Page, type Response, type Route } from "@playwright/test";
import { choose, expect, newPerson, row, signIn, signUp, test } from "./fixtures";

const SIZE = 200 * 1000 ** 2;
const PARTS = 24;
const SLOTS = 4;
const MIB = 1024 ** 2;
const PART_BYTES = 8 * MIB;
/** So many bytes take their time on a small machine. */
const PATIENT = { timeout: 60_000 };
const UNDER_WAY = /^[2-7][0-9] %/;

// A trace would hold all the bytes.
test.use({ trace: "off" });

/** Where bytes go on their way to S3: the only PUTs the page makes. */
const parts = (url: URL) => url.searchParams.has("partNumber");

/** A request as the storage logged it: how many bytes came, and what it said; nothing if it broke off. */
interface Logged {
  method: string;
  key: string;
  part: number | null;
  received: number;
  status: number | null;
}

/** Every part of a video that the storage was sent, whole or not, by whichever page. */
async function partsLogged(videoId: string): Promise<Logged[]> {
  const status = process.env.STREAMTIME_STATUS;
  if (!status) throw new Error("STREAMTIME_STATUS is not set: it names what ./dev status --json says.");
  const { s3_log } = JSON.parse(await readFile(status, "utf8"));
  // What was begun in one file may end in the next.
  const files = [`${s3_log}.1`, s3_log].map((file) => readFile(file, "utf8").catch(() => ""));
  return (await Promise.all(files))
    .join("")
    .split("\n")
    .filter((line) => line.includes(`source/${videoId}"`))
    .map((line): Logged => JSON.parse(line))
    .filter(({ method, part }) => method === "PUT" && part !== null);
}

/** So slow a line that there is time to cut it: 20 seconds for all of the file. */
const SLOW = SIZE / 20;
const CUT = 0;
const FAST = -1;

/** Sets how many bytes a second the page can send. */
async function lineOf(page: Page): Promise<(bytesPerSecond: number) => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  return async (uploadThroughput) => {
    const offline = uploadThroughput === CUT;
    const conditions = { offline, latency: 0, downloadThroughput: FAST, uploadThroughput };
    await session.send("Network.emulateNetworkConditions", conditions);
  };
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

async function videoId(page: Page, title: string): Promise<string> {
  return page.evaluate(async (wanted) => {
    const { items } = await (await fetch("/api/videos")).json();
    return items.find((video: { title: string }) => video.title === wanted).id;
  }, title);
}

/** What the drive gives back as the original. */
async function storedHash(page: Page, id: string): Promise<string> {
  const address = await page.evaluate(
    async (video) => (await (await fetch(`/api/videos/${video}/original`)).json()).url,
    id,
  );
  const answer = await fetch(address);
  const hash = createHash("sha256");
  const reader = answer.body?.getReader();
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) hash.update(read.value);
  return hash.digest("hex");
}

/** The storage has every byte, and was sent at most one part per slot more than that. */
async function expectWhole(page: Page, title: string, hash: string): Promise<void> {
  await expect(row(page, title)).toBeVisible();
  const id = await videoId(page, title);
  const logged = await partsLogged(id);
  const received = logged.reduce((sum, line) => sum + line.received, 0);
  const again = received - SIZE;
  const figures = `${SIZE} bytes, ${again} of them twice; ${logged.length} requests for ${PARTS} parts`;
  test.info().annotations.push({ type: "received by the storage", description: figures });
  process.stdout.write(`    received by the storage: ${figures}\n`);
  const taken = logged.filter(({ status }) => status === 200).map(({ part }) => part);
  expect(new Set(taken).size).toBe(PARTS);
  expect(again).toBeGreaterThanOrEqual(0);
  expect(again).toBeLessThanOrEqual(SLOTS * PART_BYTES);
  expect(await storedHash(page, id)).toBe(hash);
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
    member: { page },
    person,
    newVisitor,
  }) => {
    await (await lineOf(page))(SLOW);
    await choose(page, "Upload", path);
    await expect(row(page, "large").getByText(UNDER_WAY)).toBeVisible(PATIENT);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    await expect(row(page, "large").getByText(/MB of 200 MB arrived\./)).toBeVisible();
    await page.close();

    const other = await newVisitor();
    await signIn(other.page, person);
    await expect(row(other.page, "large").getByText(/MB of 200 MB arrived\./)).toBeVisible();
    const arrived = arrival(other.page);
    await choose(other.page, "Continue", path);
    await arrived;
    await expectWhole(other.page, "large", hash);
  });

  test("outlives addresses that are over, a burst of refusals, and a time without a network", async ({
    member: { page, expectRefusal },
  }) => {
    expectRefusal(/Failed to load resource/);
    expectRefusal(/WebSocket/);
    let refused = 0;
    const refuse = (route: Route) => {
      refused += 1;
      const status = refused <= SLOTS ? 403 : 503;
      return route.fulfill({ status, headers: { "access-control-allow-origin": "*" } });
    };
    // Nothing is looked into after that: it would cost more time than the sending.
    await page.route(parts, refuse, { times: 3 * SLOTS });
    const line = await lineOf(page);
    await line(SLOW);
    await choose(page, "Upload", path);
    await expect.poll(() => refused, PATIENT).toBe(3 * SLOTS);
    await expect(row(page, "large").getByText(UNDER_WAY)).toBeVisible(PATIENT);
    await line(CUT);
    await expect(row(page, "large").getByText("You are offline. It goes on by itself.")).toBeVisible(PATIENT);
    const arrived = arrival(page);
    await line(FAST);
    await arrived;
    await expectWhole(page, "large", hash);
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
  expect(await storedHash(page, await videoId(page, "small"))).toBe(hash);
});

test("an upload whose last step takes longer than anybody waits for is finished by itself", async ({
  member: { page, expectRefusal },
}, info) => {
  expectRefusal(/Failed to load resource.*complete/);
  const path = info.outputPath("small.mov");
  const hash = await makeFile(path, 9 * MIB);
  let asked = 0;
  await page.route("**/api/uploads/*/complete", async (route) => {
    asked += 1;
    if (asked > 3) return route.continue();
    // The gateway gives up, and the storage has done it all the same.
    if (asked === 1) await route.fetch();
    const json = { code: asked === 1 ? "http_504" : "still_joining", detail: "It takes long." };
    return route.fulfill({ status: asked === 1 ? 504 : 409, json });
  });
  await choose(page, "Upload", path);
  const tray = page.getByRole("region", { name: "Uploads" });
  await expect(tray.getByText("All of it has arrived. Finishing…")).toBeVisible(PATIENT);
  await arrival(page);
  await expect(tray.getByText("1 upload finished")).toBeVisible();
  await expect(page.getByRole("alertdialog")).toHaveCount(0);
  expect(asked).toBe(4);
  await expect(page.getByRole("main").getByRole("row")).toHaveCount(1);
  const id = await videoId(page, "small");
  expect((await partsLogged(id)).filter(({ status }) => status === 200)).toHaveLength(2);
  expect(await storedHash(page, id)).toBe(hash);
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

  const first = await launch(profile);
  try {
    const page = await first.context.newPage();
    await withHandle(page);
    await signUp(page, person, home);
    await makeKeptFile(page);
    await (await lineOf(page))(SLOW);
    await page.getByRole("main").getByRole("button", { name: "Upload", exact: true }).click();
    await expect(row(page, "kept").getByText(UNDER_WAY)).toBeVisible(PATIENT);
  } finally {
    await kill(first.process);
  }

  const second = await launch(profile);
  try {
    const page = await second.context.newPage();
    await withHandle(page);
    await signIn(page, person, home);
    await expect(row(page, "kept").getByText("What has arrived is kept until")).toBeVisible();
    const arrived = arrival(page);
    await page.getByRole("button", { name: "Continue", exact: true }).click();
    await arrived;
    await expectWhole(page, "kept", await makeFile(info.outputPath("kept.mov")));
  } finally {
    await kill(second.process);
  }
});
