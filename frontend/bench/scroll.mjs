/**
 * Opens a drive in Chromium, scrolls to its end, and tells as JSON how soon the first rows were there and how
 * much of the heap is in use then. Started by `./dev bench scrolling`.
 */
import { chromium } from "@playwright/test";

const { BASE_URL, EMAIL, PASSWORD, ROWS } = process.env;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
await page.goto(`${BASE_URL}/sign-in`);
await page.getByLabel("E-mail").fill(EMAIL);
await page.getByLabel("Password").fill(PASSWORD);
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByRole("heading", { name: "Workspace", exact: true }).waitFor();

const rows = page.getByRole("main").getByRole("row");
const firstRows = [];
for (let visit = 0; visit < 5; visit += 1) {
  await page.goto(`${BASE_URL}/explore`);
  await page.getByRole("heading").first().waitFor();
  const started = performance.now();
  await page.goto(`${BASE_URL}/workspace`);
  await rows.nth(3).waitFor();
  firstRows.push(Math.round(performance.now() - started));
}

const protocol = await page.context().newCDPSession(page);
const started = performance.now();
const last = page.getByRole("row", { name: `part ${ROWS}`, exact: false });
while (Number(ROWS) > 0 && (await last.count()) === 0) {
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForTimeout(50);
  if (performance.now() - started > 400_000) throw new Error("the end of the list was not reached in 400 s");
}
await protocol.send("HeapProfiler.collectGarbage");
const { usedSize } = await protocol.send("Runtime.getHeapUsage");
const inDocument = await rows.count();
await browser.close();
process.stdout.write(
  `${JSON.stringify({
    firstRowsMs: firstRows,
    heapMb: Math.round(usedSize / 1e5) / 10,
    rowsInDocument: inDocument,
  })}\n`,
);
