/** A video that browsers can play as it is plays right after the upload, and goes on in all its qualities. */
import type { Page } from "@playwright/test";
import { choose, expect, expectAccessible, isPlaying, PROCESSING, row, test } from "./fixtures";
import { makeVideo } from "./sample-video";

function position(page: Page): Promise<number> {
  return page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
}

test("its owner watches the original while the qualities are made, and does not notice the change", async ({
  member: { page },
}, info) => {
  const path = info.outputPath("Early bird.mp4");
  makeVideo(path, { seconds: 60 });
  await choose(page, "Upload my first video!", path);
  const only = row(page, "Early bird");
  await expect(only.getByText("You can watch it already.")).toBeVisible(PROCESSING);
  await expect(only.getByText("Processing", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await info.attach("card", { body: await page.screenshot(), contentType: "image/png" });

  await only.getByRole("link", { name: "Watch Early bird" }).click();
  const video = page.locator("video");
  await expect(page.getByText("Better qualities follow")).toBeVisible();
  await expect(video).toHaveAttribute("src", /\/original\.mp4$/);
  await page.getByRole("button", { name: "Play video" }).click();
  await isPlaying(page);
  await page.getByRole("region", { name: /^Player/ }).focus();
  await page.keyboard.press(">");
  await expectAccessible(page);
  await info.attach("watch", { body: await page.screenshot(), contentType: "image/png" });

  await page.keyboard.press("5");
  await expect.poll(() => position(page)).toBeGreaterThan(27);
  await expect(page.getByText("Better qualities follow")).toBeHidden(PROCESSING);
  await expect(page.getByRole("button", { name: /^Quality/ })).toBeAttached();
  await expect(video).toHaveAttribute("src", /^blob:/);
  // The new source starts at 0 until its first piece is there.
  await expect.poll(() => position(page)).toBeGreaterThan(27);
  const before = await position(page);
  await expect(video).toHaveJSProperty("paused", false);
  await expect(video).toHaveJSProperty("playbackRate", 1.25);
  await expect.poll(() => position(page)).toBeGreaterThan(before);
});
