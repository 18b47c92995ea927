/** Every screen and dialog, in both themes, on a phone and at a desk; by keyboard, by finger, without motion. */

import { writeFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import {
  choose,
  expect,
  expectAccessible,
  isPlaying,
  openActions,
  row,
  sampleVideo,
  signUp,
  tabTo,
  test,
  uploadSample,
} from "./fixtures";

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

test("screens for everyone are accessible", async ({ visitor: { page, expectRefusal } }) => {
  test.slow();
  expectRefusal(/404/);
  await visitEach(page, [
    "/explore",
    "/sign-in",
    "/sign-up",
    "/confirm?email=a@example.com",
    "/forgot",
    "/reset?email=a@example.com",
    "/nowhere",
    "/watch/01890000-0000-7000-8000-000000000000",
    "/s",
    "/users/01890000-0000-7000-8000-000000000000",
    `/s#${"a".repeat(43)}`,
  ]);
});

for (const colorScheme of ["light", "dark"] as const)
  test(`a page is ${colorScheme} where the system is`, async ({ newVisitor }) => {
    const { page } = await newVisitor({ colorScheme });
    await page.goto("/sign-in");
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
  });

test("a person's screens and dialogs are accessible, on a phone and at a desk", async ({
  member: { page },
}, info) => {
  test.setTimeout(600_000);
  await visitEach(page, ["/workspace", "/trash"]);
  const title = await uploadSample(await to(page, "/workspace"));
  const broken = info.outputPath("broken.mp4");
  writeFileSync(broken, "no video ".repeat(1_000));
  await choose(page, "Upload", broken);
  await expect(row(page, "broken").getByText("Failed")).toBeVisible({ timeout: 120_000 });
  const dialog = page.getByRole("dialog");
  /** Looks at what is open, and closes it. */
  const look = async (opened = dialog) => {
    await expect(opened).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await expect(opened).toBeHidden();
  };

  for (const width of [390, 1280])
    await test.step(`${width} pixels wide`, async () => {
      await page.setViewportSize({ width, height: 844 });
      await visitEach(page, ["/workspace?look=table", "/workspace?q=nowhere", "/explore", "/workspace"]);

      await openActions(page, title, "Edit");
      await look();
      await openActions(page, title, "Details");
      await expect(dialog.getByRole("table")).toBeVisible();
      await look();
      await openActions(page, title, "Share with a link…");
      await expect(dialog.getByText("Nobody has a link to it yet.")).toBeVisible();
      await expectAccessible(page);
      await dialog.getByRole("button", { name: "New link" }).click();
      await look();
      await page.getByRole("button", { name: /^Storage/ }).click();
      await look();
      await row(page, title)
        .getByRole("button", { name: /^Actions for/ })
        .click();
      await look(page.getByRole("menu"));
      await page.getByRole("button", { name: /^Account of/ }).click();
      await look(page.getByRole("menu"));

      await openActions(page, title, "Watch");
      await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
      await expectAccessible(page);
      await page.getByRole("button", { name: "Share" }).click();
      await look();
      await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
      await look();
      await page.getByRole("main").getByRole("link", { name: "Ada Sample" }).first().click();
      await expect(page.getByRole("heading", { name: "Ada Sample", level: 1 })).toBeVisible();
      await expectAccessible(page);

      await to(page, "/workspace");
      await openActions(page, title, "Move to trash");
      await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
      await expectAccessible(page);
      await to(page, "/trash");
      await expectAccessible(page);
      await row(page, title).getByRole("button", { name: "Delete forever" }).click();
      await look(page.getByRole("alertdialog"));
      await row(page, title).getByRole("button", { name: "Restore" }).click();
      await expect(page.getByText("Nothing in here")).toBeVisible();
    });
});

async function to(page: Page, path: string): Promise<Page> {
  await page.goto(path);
  await expect(page.getByRole("heading").first()).toBeVisible();
  return page;
}

test("the whole job works with the keyboard alone", async ({ member: { page } }) => {
  const main = page.getByRole("main");
  const press = async (control: Locator, key = "Enter") => {
    await tabTo(page, control);
    await page.keyboard.press(key);
  };
  const chooser = page.waitForEvent("filechooser");
  await press(page.getByRole("button", { name: "Upload my first video!" }));
  await (await chooser).setFiles(sampleVideo());
  await expect(main.getByRole("row").first().getByText("Draft")).toBeVisible({ timeout: 120_000 });

  await test.step("publish", async () => {
    await press(main.getByRole("button", { name: "Publish", exact: true }));
    await expect(page.getByLabel("Title")).toBeFocused();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("By keyboard");
    await page.keyboard.press("Enter");
    await expect(row(page, "By keyboard").getByText("Published")).toBeVisible();
    await expect(page.getByRole("dialog")).toBeHidden();
  });

  await test.step("watch", async () => {
    await press(main.getByRole("link", { name: "Watch By keyboard" }));
    await press(page.getByRole("button", { name: "Play", exact: true }).last());
    await isPlaying(page);
    const video = page.locator("video");
    await page.keyboard.press("m");
    await expect(video).toHaveJSProperty("muted", true);
    await page.keyboard.press(">");
    await expect(video).toHaveJSProperty("playbackRate", 1.25);
    await page.keyboard.press("k");
    await expect(video).toHaveJSProperty("paused", true);
    await page.keyboard.press("5");
    await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(5.5);
  });

  await test.step("delete and restore", async () => {
    await press(page.getByRole("link", { name: "Workspace" }).first());
    await press(main.getByRole("button", { name: /^Actions for By keyboard/ }));
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await expect(row(page, "By keyboard")).toBeHidden();
    await press(page.getByRole("link", { name: "Trash" }).first());
    await press(main.getByRole("button", { name: "Restore" }));
    await expect(page.getByText("Nothing in here")).toBeVisible();
    await press(page.getByRole("link", { name: "Workspace" }).first());
    await expect(row(page, "By keyboard").getByText("Published")).toBeVisible();
  });
});

test("a finger selects many videos, and changes them at once", async ({ newVisitor, person }) => {
  const phone = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
  const { page } = await newVisitor(phone);
  await signUp(page, person);
  for (const name of ["one", "two", "three"]) {
    await choose(page, "Upload", { name: `${name}.mp4`, mimeType: "video/mp4", buffer: Buffer.from(name) });
    await expect(row(page, name).getByText("Failed")).toBeVisible({ timeout: 120_000 });
  }
  const bar = page.getByRole("status").filter({ hasText: "selected" });
  const count = (number: number) => expect(bar).toContainText(`${number} selected`);
  await test.step("by its box, or anywhere on its card", async () => {
    await row(page, "one").locator("label").tap();
    await count(1);
    await row(page, "two").getByRole("heading").tap();
    await count(2);
    await row(page, "two").getByRole("heading").tap();
    await count(1);
    await row(page, "three").getByRole("heading").tap();
    await count(2);
    await expectAccessible(page);
  });
  await test.step("in a table too", async () => {
    await page.getByRole("radio", { name: "Table" }).tap();
    await row(page, "two").getByText("two").tap();
    await count(3);
    await row(page, "two").getByText("two").tap();
    await count(2);
    await page.getByRole("radio", { name: "Cards" }).tap();
  });
  await bar.getByRole("button", { name: "Move to trash" }).tap();
  await expect(page.getByRole("main").getByRole("row")).toHaveCount(1);
  await page.getByRole("button", { name: "Undo" }).tap();
  await expect(page.getByRole("main").getByRole("row")).toHaveCount(3);
});

test("nothing moves for those who asked their device for less motion", async ({ newVisitor }) => {
  const longest = (page: Page) =>
    page.evaluate(() =>
      Math.max(
        0,
        ...document.getAnimations().map(({ effect }) => Number(effect?.getComputedTiming().endTime ?? 0)),
      ),
    );
  for (const [reducedMotion, moves] of [
    ["no-preference", true],
    ["reduce", false],
  ] as const) {
    const { page } = await newVisitor({ reducedMotion });
    // Waiting for ever, its place holders shimmer for ever.
    await page.route("**/api/explore**", () => undefined);
    await page.goto("/explore");
    await expect(page.locator("[aria-busy=true]").first()).toBeVisible();
    if (moves) expect(await longest(page)).toBe(Number.POSITIVE_INFINITY);
    else expect(await longest(page)).toBeLessThanOrEqual(1);
    const smooth = () =>
      [...document.querySelectorAll("*")].filter((it) => getComputedStyle(it).scrollBehavior === "smooth")
        .length;
    if (!moves) expect(await page.evaluate(smooth)).toBe(0);
  }
});
