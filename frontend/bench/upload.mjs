/**
 * Sends files from the workspace in Chromium, with the app itself or with Uppy in the same page, and tells as JSON
 * how many seconds it took and what the heap held. Started by `./dev bench upload`, which orders on standard input.
 */
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { build } from "vite";

const { BASE_URL, EMAIL, HOST_RULES, PASSWORD } = process.env;
const LOOK_EVERY_MS = 250;
const QUIET_MS = 500;
const STALLED_MS = 120_000;

const [{ output }] = await build({
  configFile: false,
  logLevel: "error",
  build: {
    write: false,
    lib: { entry: fileURLToPath(new URL("uppy.mjs", import.meta.url)), formats: ["iife"], name: "bench" },
  },
});
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", ...(HOST_RULES ? [`--host-resolver-rules=${HOST_RULES}`] : [])],
  defaultViewport: { width: 1280, height: 900 },
  // A debugger that is told of every request slows down what is measured.
  networkEnabled: false,
});
const page = await browser.newPage();
// The classic file chooser is the one that can be answered from here.
await page.evaluateOnNewDocument(() => Reflect.deleteProperty(window, "showOpenFilePicker"));
page.on("dialog", (dialog) => dialog.accept());
const named = (role, name) => page.locator(`::-p-aria([role="${role}"][name="${name}"])`);
await page.goto(`${BASE_URL}/sign-in`);
await named("textbox", "E-mail").fill(EMAIL);
await named("textbox", "Password").fill(PASSWORD);
await named("button", "Sign in").click();
await named("heading", "Workspace").wait();
const protocol = await page.createCDPSession();

const senders = {
  async app(file) {
    const chooser = page.waitForFileChooser();
    await named("button", "Upload").click();
    await (await chooser).accept([file]);
  },
  async uppy(file) {
    // By way of the debugger: the page's own policy lets no other script in.
    await page.evaluate(output[0].code);
    const input = await page.evaluateHandle(() =>
      Object.assign(document.createElement("input"), { type: "file" }),
    );
    await input.uploadFile(file);
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

function isQuiet(milliseconds, part = "") {
  const requests = performance.getEntriesByType("resource").filter(({ name }) => name.includes(part));
  return performance.now() - Math.max(0, ...requests.map(({ responseEnd }) => responseEnd)) > milliseconds;
}

async function send({ sender, file }) {
  await page.goto(`${BASE_URL}/workspace`);
  await named("heading", "Workspace").wait();
  await page.waitForFunction(isQuiet, {}, QUIET_MS);
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
    await setTimeout(LOOK_EVERY_MS);
    seconds = await page.evaluate(timed);
    if (!seconds && (await page.evaluate(isQuiet, STALLED_MS, "partNumber=")))
      throw new Error(
        `no part from ${sender} has arrived for ${STALLED_MS / 1000} s, and it is not at its end`,
      );
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
