/**
 * Sends files from the workspace in Chromium, with the app itself or with Uppy in the same page, and tells as JSON
 * how many seconds it took and what the heap held. Started by `./dev bench upload`, which orders on standard input.
 */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { build } from "vite";

const { BASE_URL, EMAIL, PASSWORD } = process.env;
const LOOK_EVERY_MS = 250;

const [{ output }] = await build({
  configFile: false,
  logLevel: "error",
  build: {
    write: false,
    lib: { entry: fileURLToPath(new URL("uppy.mjs", import.meta.url)), formats: ["iife"], name: "bench" },
  },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
// The classic file chooser is the one that can be answered from here.
await page.addInitScript(() => Reflect.deleteProperty(window, "showOpenFilePicker"));
page.on("dialog", (dialog) => dialog.accept());
await page.goto(`${BASE_URL}/sign-in`);
await page.getByLabel("E-mail").fill(EMAIL);
await page.getByLabel("Password").fill(PASSWORD);
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByRole("heading", { name: "Workspace", exact: true }).waitFor();
const protocol = await page.context().newCDPSession(page);

const senders = {
  async app(file) {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload", exact: true }).first().click();
    await (await chooser).setFiles(file);
  },
  async uppy(file) {
    // By way of the debugger: the page's own policy lets no other script in.
    await page.evaluate(output[0].code);
    const input = await page.evaluateHandle(() =>
      Object.assign(document.createElement("input"), { type: "file" }),
    );
    await input.setInputFiles(file);
    await page.evaluate((element) => window.sendWithUppy(element.files[0]), input);
  },
};

/** As the browser timed the requests: from the first one to the API, and from the first part, to each one's end. */
function timed() {
  const requests = performance.getEntriesByType("resource");
  const parts = requests.filter(({ name }) => name.includes("partNumber="));
  const completed = requests.find(
    ({ name, responseStatus }) => name.endsWith("/complete") && responseStatus === 200,
  );
  const asked = requests.find(({ name }) => name.endsWith("/api/uploads"));
  if (!completed || !asked || parts.length === 0) return null;
  const ends = parts.map(({ responseEnd }) => responseEnd);
  return {
    whole: (completed.responseEnd - asked.startTime) / 1000,
    parts: (Math.max(...ends) - Math.min(...parts.map(({ startTime }) => startTime))) / 1000,
  };
}

async function send({ sender, file }) {
  await page.goto(`${BASE_URL}/workspace`);
  await page.getByRole("heading", { name: "Workspace", exact: true }).waitFor();
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => {
    performance.clearResourceTimings();
    performance.setResourceTimingBufferSize(10_000);
  });
  const heap = [];
  const look = async () => heap.push((await protocol.send("Runtime.getHeapUsage")).usedSize / 1e6);
  const looking = setInterval(look, LOOK_EVERY_MS);
  await senders[sender](file);
  let seconds = null;
  while (!seconds) {
    await page.waitForTimeout(LOOK_EVERY_MS);
    seconds = await page.evaluate(timed);
  }
  clearInterval(looking);
  const quarter = Math.max(1, Math.floor(heap.length / 4));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [early, late] = [mean(heap.slice(0, quarter)), mean(heap.slice(-quarter))];
  return { ...seconds, peak: Math.max(...heap), early, late };
}

for await (const order of createInterface(process.stdin))
  process.stdout.write(`${JSON.stringify(await send(JSON.parse(order)))}\n`);
await browser.close();
