/** Every screen and dialog, in both themes, on a phone and on a desk; and everything by keyboard. */

import { writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import {
  expect,
  expectAccessible,
  isPlaying,
  openActions,
  row,
  sampleVideo,
  test,
  uploadSample,
} from "./fixtures";

const themes = ["light", "dark"] as const;

async function visitEach(page: Page, paths: readonly string[]) {
  for (const path of paths) {
    await page.goto(path);
    await expect(page.getByRole("heading").first()).toBeVisible();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await test.step(`${path} is accessible`, () => expectAccessible(page));
    // Nothing may stick out sideways.
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow(), path).toBeLessThanOrEqual(0);
  }
}

for (const colorScheme of themes) {
  test(`screens for everyone are accessible in the ${colorScheme} theme`, async ({ newVisitor }) => {
    const { page, expectRefusal } = await newVisitor({ colorScheme });
    expectRefusal(/404/);
    await visitEach(page, [
      "/explore",
      "/sign-in",
      "/sign-up",
      "/confirm?email=a@example.com",
      "/nowhere",
      "/watch/01890000-0000-7000-8000-000000000000",
      "/users/01890000-0000-7000-8000-000000000000",
    ]);
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
  });
}

test("a person's screens and dialogs are accessible in both themes and on a phone", async ({
  member: { page },
}, info) => {
  test.slow();
  await visitEach(page, ["/workspace", "/trash"]);
  const title = await uploadSample(page.url().endsWith("/workspace") ? page : await to(page, "/workspace"));

  const broken = info.outputPath("broken.mp4");
  writeFileSync(broken, "no video ".repeat(1_000));
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("main").getByRole("button", { name: "Upload", exact: true }).click();
  await (await chooser).setFiles(broken);
  await expect(row(page, "broken").getByText("Failed")).toBeVisible({ timeout: 120_000 });

  for (const theme of themes) {
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      await page.evaluate((chosen) => localStorage.setItem("streamtime.theme", chosen), theme);
      await visitEach(page, ["/workspace", "/trash", "/explore"]);
      await to(page, "/workspace");

      await openActions(page, title, "Edit");
      await expect(page.getByRole("dialog")).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("Escape");

      await row(page, title)
        .getByRole("button", { name: /^Actions for/ })
        .click();
      await expect(page.getByRole("menu")).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("Escape");

      await page.getByRole("button", { name: /^Account of/ }).click();
      await expect(page.getByRole("menu")).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("Escape");

      await openActions(page, title, "Watch");
      await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
      await expectAccessible(page);

      await to(page, "/workspace");
      await openActions(page, title, "Move to trash");
      await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
      await expectAccessible(page);
      await to(page, "/trash");
      await expectAccessible(page);
      await row(page, title).getByRole("button", { name: "Delete forever" }).click();
      await expect(page.getByRole("alertdialog")).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await row(page, title).getByRole("button", { name: "Restore" }).click();
      await expect(page.getByText("Nothing in here")).toBeVisible();
      await to(page, "/workspace");
    }
  }
});

async function to(page: Page, path: string): Promise<Page> {
  await page.goto(path);
  await expect(page.getByRole("heading").first()).toBeVisible();
  return page;
}

test("the whole job works with the keyboard alone", async ({ member: { page } }) => {
  const press = async (name: string | RegExp, role: "button" | "link" | "menuitem" = "button") => {
    const control = page.getByRole(role, { name }).first();
    await control.focus();
    await expect(control).toBeFocused();
    await page.keyboard.press("Enter");
  };
  const chooser = page.waitForEvent("filechooser");
  await press("Upload my first video!");
  await (await chooser).setFiles(sampleVideo());
  const only = page.getByRole("main").getByRole("row").first();
  await expect(only.getByText("Draft")).toBeVisible({ timeout: 120_000 });

  await test.step("publish", async () => {
    await press("Publish");
    await expect(page.getByLabel("Title")).toBeFocused();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("By keyboard");
    await page.keyboard.press("Enter");
    await expect(row(page, "By keyboard").getByText("Published")).toBeVisible();
    await expect(page.getByRole("dialog")).toBeHidden();
  });

  await test.step("watch", async () => {
    await press("Watch By keyboard", "link");
    const player = page.getByRole("region", { name: /^Player/ });
    await player.focus();
    await page.keyboard.press("k");
    await isPlaying(page);
    const video = page.locator("video");
    await page.keyboard.press("m");
    await expect(video).toHaveJSProperty("muted", true);
    await page.keyboard.press(">");
    await expect(video).toHaveJSProperty("playbackRate", 1.25);
    await page.keyboard.press(" ");
    await expect(video).toHaveJSProperty("paused", true);
    await page.keyboard.press("5");
    await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(5.5);
  });

  await test.step("delete and restore", async () => {
    await press("Workspace", "link");
    await press(/^Actions for By keyboard/);
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await expect(row(page, "By keyboard")).toBeHidden();
    await press("Trash", "link");
    await press("Restore");
    await expect(page.getByText("Nothing in here")).toBeVisible();
  });
});
