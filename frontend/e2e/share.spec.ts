/** The app as a phone has it: installed, and a place where other apps share their videos to. */
import { basename } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { expect, expectAccessible, PROCESSING, row, sampleVideo, signUp, test } from "./fixtures";

const title = () => basename(sampleVideo(), ".mp4");
const parts = (url: URL) => url.searchParams.has("partNumber");

/** What a browser does when a person chooses StreamTime in another app's share sheet. */
async function share(page: Page, ...paths: string[]): Promise<void> {
  await page.waitForFunction(async () => (await navigator.serviceWorker.getRegistration("/share"))?.active);
  await page.evaluate(() => {
    const form = '<form id="share" action="/share" method="post" enctype="multipart/form-data">';
    document.body.insertAdjacentHTML("beforeend", `${form}<input type="file" name="videos" multiple></form>`);
  });
  await page.locator("#share input").setInputFiles(paths);
  await page.evaluate(() => document.querySelector<HTMLFormElement>("#share")?.submit());
}

function keptFiles(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        indexedDB.open("streamtime-shared").onsuccess = ({ target }) => {
          const { result } = target as IDBOpenDBRequest;
          result.transaction("files").objectStore("files").count().onsuccess = (counted) =>
            resolve((counted.target as IDBRequest<number>).result);
        };
      }),
  );
}

test("a browser says that it can be installed", async ({ baseURL }, info) => {
  // Private windows, which tests run in, install nothing.
  const { launchOptions } = info.project.use;
  const context = await chromium.launchPersistentContext(info.outputPath("profile"), launchOptions);
  try {
    const page = await context.newPage();
    await page.goto(`${baseURL}/explore`);
    const devtools = await context.newCDPSession(page);
    const problems = async () => (await devtools.send("Page.getInstallabilityErrors")).installabilityErrors;
    await expect.poll(problems).toEqual([]);
    const { errors, data } = await devtools.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const { icons } = JSON.parse(data ?? "") as { icons: { src: string; sizes: string }[] };
    for (const { src, sizes } of icons.filter(({ sizes }) => sizes !== "any")) {
      const size = await page.evaluate(async (address) => {
        const { width, height } = await createImageBitmap(await (await fetch(address)).blob());
        return `${width}x${height}`;
      }, src);
      expect(size, src).toBe(sizes);
    }
  } finally {
    await context.close();
  }
});

test("a shared video is uploaded once its owner says so, and goes on after a reload", async ({
  member: { page, expectRefusal },
}) => {
  expectRefusal(/Failed to load resource.*partNumber/);
  await share(page, sampleVideo());
  const question = page.getByRole("dialog", { name: "Upload 1 shared file?" });
  await expect(question).toContainText(basename(sampleVideo()));
  await expectAccessible(page);

  await test.step("a reload in the middle", async () => {
    let mended = false;
    await page.route(parts, (route) => (mended ? route.continue() : undefined));
    await question.getByRole("button", { name: "Upload" }).click();
    await expect(row(page, title()).getByRole("button", { name: /^Cancel the upload/ })).toBeVisible();
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    mended = true;
    await question.getByRole("button", { name: "Upload" }).click();
    await expect(row(page, title()).getByText("Draft")).toBeVisible(PROCESSING);
    await expect(page.getByRole("main").getByRole("row")).toHaveCount(1);
  });
  await test.step("and nothing of it is left in the browser", async () => {
    await expect.poll(() => keptFiles(page)).toBe(0);
    await page.reload();
    await expect(row(page, title())).toBeVisible();
    await expect(question).toBeHidden();
  });
});

test("what is shared by somebody signed out waits until they are signed in", async ({
  visitor: { page },
  person,
}) => {
  await page.goto("/explore");
  await share(page, sampleVideo(), sampleVideo());
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await keptFiles(page)).toBe(2);
  await signUp(page, person);
  const question = page.getByRole("dialog", { name: "Upload 2 shared files?" });
  await test.step("asked later, it is asked again", async () => {
    await expect(question).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(question).toBeHidden();
    await page.reload();
    await expect(question).toBeVisible();
  });
  await test.step("discarded, it is gone", async () => {
    await question.getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => keptFiles(page)).toBe(0);
    await expect(page.getByText("Every great workspace starts with a great video!")).toBeVisible();
  });
});
