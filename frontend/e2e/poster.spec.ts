/** The picture that stands for a video: one of those offered, or any moment of it. */
import type { Locator, Page } from "@playwright/test";
import { expect, expectAccessible, openActions, row, test, uploadSample } from "./fixtures";

/** The picture's name, without the signature that changes. */
function pictureOf(video: Locator): Promise<string> {
  return video
    .locator("img")
    .getAttribute("src")
    .then((src) => src?.split("?")[0] ?? "");
}

async function expectPicture(page: Page, title: string, name: RegExp): Promise<void> {
  await expect.poll(() => pictureOf(row(page, title)), { timeout: 60_000 }).toMatch(name);
  const loaded = row(page, title)
    .locator("img")
    .evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth));
  expect(await loaded).toBeGreaterThan(100);
}

test("its owner chooses one of three pictures, then a moment of their own, and every page follows", async ({
  member: { page, context },
}, info) => {
  const title = await uploadSample(page);
  await expectPicture(page, title, /posters\/1200-card\.jpg$/);
  const other = await context.newPage();
  await other.goto("/workspace");
  await expectPicture(other, title, /posters\/1200-card\.jpg$/);

  await openActions(page, title, "Edit");
  const pictures = page.getByRole("radiogroup", { name: "Picture" });
  await expect(pictures.getByRole("radio")).toHaveCount(3);
  await expect(pictures.getByRole("radio", { name: "1 second" })).toBeChecked();
  await expectAccessible(page);
  await pictures.getByRole("radio", { name: "8 seconds" }).press("Space");
  await expect(pictures.getByRole("radio", { name: "8 seconds" })).toBeChecked();
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    await info.attach(`choose-${width}`, { body: await page.screenshot(), contentType: "image/png" });
  }
  await page.keyboard.press("Escape");
  await expectPicture(page, title, /posters\/8400-card\.jpg$/);
  await expectPicture(other, title, /posters\/8400-card\.jpg$/);

  await openActions(page, title, "Watch");
  const player = page.getByRole("region", { name: /^Player/ });
  const shown = page.locator("video");
  await expect.poll(() => shown.evaluate((video: HTMLVideoElement) => video.duration)).toBeGreaterThan(11);
  await player.focus();
  await page.keyboard.press("9");
  await expect.poll(() => shown.evaluate((video: HTMLVideoElement) => video.currentTime)).toBeGreaterThan(10);
  await page.getByRole("button", { name: "Use this moment as the picture" }).click();
  await expect(page.getByText("The picture is being made.")).toBeVisible();
  await expectAccessible(page);
  await info.attach("player", { body: await page.screenshot(), contentType: "image/png" });
  await expectPicture(other, title, /posters\/108\d\d-card\.jpg$/);
  await page.goto("/workspace");
  await expectPicture(page, title, /posters\/108\d\d-card\.jpg$/);
  await openActions(page, title, "Edit");
  await expect(pictures.getByRole("radio")).toHaveCount(4);
  await expect(pictures.getByRole("radio", { name: "11 seconds" })).toBeChecked();
});
