/** Every main screen, at a desk and on a phone; kept for docs/screens.md where SCREENS names a folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { failVideo, makeAdmin } from "./backstage";
import { choose, expect, openActions, PROCESSING, row, signUp, test } from "./fixtures";
import { makeVideo } from "./sample-video";

const FORMS = [
  { form: "desktop", viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { form: "phone", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

const FILMS = [
  { name: "Sunrise over the bay", colours: "c0=0xf5aa5c:c1=0xe5533a:c2=0x4f5fe6:n=3:seed=4", seconds: 6 },
  { name: "Northern lights", colours: "c0=0x0b1030:c1=0x2fd19b:c2=0x4f5fe6:n=3:seed=9", seconds: 4 },
  { name: "A walk in the woods", colours: "c0=0x1d4d2b:c1=0x8fbf5a:c2=0xe9d9a0:n=3:seed=21", seconds: 3 },
] as const;

/** Once at a desk and once on a phone. */
async function shoot(page: Page, name: string): Promise<void> {
  // Nothing is under the mouse.
  await page.mouse.move(0, 0);
  for (const { form, viewport, colorScheme } of FORMS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Emulation.setScrollbarsHidden", { hidden: form === "phone" });
    // What changed with size and theme is drawn by then.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 75 });
    await devtools.detach();
    expect(data).not.toBe("");
    const folder = process.env.SCREENS;
    if (!folder) continue;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}-${form}.webp`), Buffer.from(data, "base64"));
  }
  await page.setViewportSize(FORMS[0].viewport);
}

test("every screen can be shown", async ({ newVisitor, person }, info) => {
  test.setTimeout(600_000);
  const { page, expectRefusal } = await newVisitor({ reducedMotion: "reduce", viewport: FORMS[0].viewport });
  expectRefusal(/Failed to load resource.*partNumber/);
  const dialog = page.getByRole("dialog");
  const close = async () => {
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  };

  await page.goto("/sign-in");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await shoot(page, "sign-in");
  await signUp(page, person);
  await expect(page.getByText("Every great workspace starts with a great video!")).toBeVisible();
  await shoot(page, "workspace-empty");

  for (const { name, colours, seconds } of FILMS) {
    const path = info.outputPath(`${name}.mp4`);
    makeVideo(path, { seconds, source: "gradients", options: `speed=0.02:${colours}` });
    await choose(page, "Upload", path);
    await expect(row(page, name).getByText("Draft")).toBeVisible(PROCESSING);
  }
  await row(page, FILMS[0].name).getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("textbox", { name: "Description" }).fill("The first light, from the old pier.");
  await shoot(page, "publish");
  await dialog.getByRole("button", { name: "Publish" }).click();
  await row(page, FILMS[1].name).getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByRole("main").getByText("Published")).toHaveCount(2);
  await page.reload();
  await expect(page.getByRole("main").getByText("Published")).toHaveCount(2);
  await shoot(page, "workspace");
  await page.getByRole("radio", { name: "Table" }).click();
  await shoot(page, "workspace-table");
  await page.getByRole("radio", { name: "Cards" }).click();

  await openActions(page, FILMS[0].name, "Details");
  await expect(dialog.getByRole("table")).toBeVisible();
  await shoot(page, "details");
  await close();
  await page.getByRole("button", { name: /^Storage/ }).click();
  await shoot(page, "storage");
  await close();

  await page.route(
    (url) => url.searchParams.has("partNumber"),
    () => undefined,
  );
  const large = info.outputPath("Birthday, uncut.mov");
  writeFileSync(large, Buffer.alloc(40 * 1024 ** 2, 1));
  await choose(page, "Upload", large);
  const cancel = row(page, "Birthday").getByRole("button", { name: /^Cancel the upload/ });
  await expect(cancel).toBeVisible();
  await shoot(page, "uploading");
  await cancel.click();
  await expect(row(page, "Birthday")).toBeHidden();

  await page.getByRole("link", { name: "Explore" }).first().click();
  await expect(page.getByRole("link", { name: FILMS[0].name }).first()).toBeVisible();
  await shoot(page, "explore");
  await page.getByRole("link", { name: FILMS[0].name }).first().click();
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await shoot(page, "watch");
  await page.getByRole("button", { name: "Share" }).click();
  await expect(dialog).toBeVisible();
  await shoot(page, "share");
  await dialog.getByRole("button", { name: "Share with a link…" }).click();
  await dialog.getByRole("button", { name: "New link" }).click();
  await dialog.getByLabel("Name", { exact: true }).fill("Grandma");
  await page.keyboard.press("Enter");
  const address = await dialog.getByLabel("Link", { exact: true }).inputValue();
  await shoot(page, "links");
  await close();
  await page.getByRole("main").getByRole("link", { name: person.name }).first().click();
  await expect(page.getByRole("heading", { name: person.name, level: 1 })).toBeVisible();
  await shoot(page, "user");

  await page.getByRole("link", { name: "Workspace" }).first().click();
  await openActions(page, FILMS[2].name, "Move to trash");
  await page.getByRole("link", { name: "Trash" }).first().click();
  await expect(row(page, FILMS[2].name)).toBeVisible();
  await page.reload();
  await expect(row(page, FILMS[2].name)).toBeVisible();
  await shoot(page, "trash");
  await page.goto(address);
  await expect(page.getByText("Shared by")).toBeVisible();
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await shoot(page, "shared");

  await page.goto("/account");
  await expect(page.getByText("This device")).toBeVisible();
  await shoot(page, "account");
  makeAdmin(person.email);
  failVideo(person.email);
  await page.goto("/admin/people?sort=-created");
  const entries = page.getByRole("main").getByRole("listitem");
  await expect(entries.filter({ hasText: person.email })).toBeVisible();
  await shoot(page, "people");
  const administration = page.getByRole("navigation", { name: "Administration" });
  await administration.getByRole("link", { name: "Processing" }).click();
  await expect(entries.filter({ hasText: "Something went wrong on our side." }).first()).toBeVisible();
  await shoot(page, "processing");
  await administration.getByRole("link", { name: "Log" }).click();
  await expect(entries.first()).toBeVisible();
  await shoot(page, "log");
  await page.goto("/nowhere");
  await expect(page.getByText("Newton fetched something, but not this page")).toBeVisible();
  await shoot(page, "not-found");
});
