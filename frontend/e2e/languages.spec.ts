/** The app in Arabic: from right to left, nothing sticks out, and not one word is left in English. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { makeAdmin } from "./backstage";
import {
  choose,
  expect,
  expectAccessible,
  openActions,
  PROCESSING,
  row,
  test,
  uploadSample,
} from "./fixtures";

/** Names, and what only has one. */
const SAME_IN_ARABIC = ["StreamTime", "English", "US$"];
/** Each theme and each width at least once. */
const looks = [
  { theme: "light", width: 390 },
  { theme: "dark", width: 1280 },
] as const;

const arabic = new Map(
  ["first", "pages"].flatMap((part) => {
    const file = readFileSync(join(import.meta.dirname, `../src/locales/ar/${part}.po`), "utf8");
    return [...file.matchAll(/^msgid "(.+)"\nmsgstr "(.+)"$/gm)].map(
      ([, english = "", said = ""]) => [english, said] as const,
    );
  }),
);

/** How the app says it in Arabic. */
function ar(english: string): string {
  const said = arabic.get(english);
  if (!said) throw new Error(`There is no message "${english}"`);
  return said;
}

/** The same of a message about something with a name. */
function about(english: string): RegExp {
  const [before = "", after = ""] = ar(english).split(/\u2068?\{\w+\}\u2069?/);
  return new RegExp(`^${before}.+${after}$`);
}

/** What is written in Latin letters, and not by a person. */
async function leftInEnglish(page: Page, theirs: readonly string[]): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (
        !node.parentElement?.closest("script, style, noscript, code, bdi, [dir=auto], [data-live-announcer]")
      )
        found.push(node.textContent ?? "");
    for (const element of document.body.querySelectorAll("*"))
      for (const name of [
        "aria-label",
        "aria-valuetext",
        "aria-roledescription",
        "placeholder",
        "title",
        "alt",
      ])
        found.push(element.getAttribute(name) ?? "");
    return found;
  });
  const names = [...theirs, ...SAME_IN_ARABIC];
  return texts
    .map((text) => names.reduce((rest, name) => rest.replaceAll(name, ""), text))
    .filter((text) => /[a-z]{2}/i.test(text));
}

async function expectArabic(page: Page, theirs: readonly string[] = []): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
  await expect(page.locator("html")).toHaveAttribute("lang", "ar");
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  // Both themes are looked at in English; here each has one of the widths.
  await expectAccessible(page, 1);
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await overflow(), page.url()).toBeLessThanOrEqual(0);
  expect(await leftInEnglish(page, theirs), page.url()).toEqual([]);
}

async function to(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("heading").first()).toBeVisible();
}

for (const { theme, width } of looks) {
  test(`the browser's language is spoken to everyone, ${theme}, ${width} pixels wide`, async ({
    newVisitor,
  }) => {
    const { page, expectRefusal } = await newVisitor({ colorScheme: theme, locale: "ar-EG" });
    expectRefusal(/404/);
    await page.setViewportSize({ width, height: 844 });
    for (const path of [
      "/explore",
      "/sign-in",
      "/sign-up",
      "/forgot",
      "/reset",
      "/confirm?email=a@example.com",
      "/nowhere",
      "/watch/01890000-0000-7000-8000-000000000000",
      "/s",
      "/users/01890000-0000-7000-8000-000000000000",
      `/s#${"a".repeat(43)}`,
    ]) {
      await to(page, path);
      await test.step(path, () => expectArabic(page, ["a@example.com"]));
    }
  });
}

test("the words of one language are asked for beside the code, those of others never", async ({
  newVisitor,
}) => {
  const { page, expectRefusal } = await newVisitor({ locale: "ar" });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  // Code that never comes can't ask for anything.
  expectRefusal(/ERR_FAILED/);
  await page.route("**/assets/index-*.js", (route) => route.abort());
  await page.goto("/explore");
  const [english, words] = await page
    .locator("script[src='/theme.js']")
    .evaluate(({ dataset }) => [dataset.en ?? "", dataset.ar ?? ""]);
  await expect.poll(() => asked).toContain(words);

  await page.unroute("**/assets/index-*.js");
  asked.length = 0;
  await to(page, "/explore");
  expect(asked.filter((path) => path === words)).toHaveLength(1);
  expect(asked).not.toContain(english);
});

test("a person chooses Arabic, and every screen and dialog speaks it", async ({
  member: { page },
  person,
}, info) => {
  test.setTimeout(600_000);
  const title = await uploadSample(page);
  await openActions(page, title, "Publish…");
  await page.getByRole("dialog").getByRole("button", { name: "Publish for everyone" }).click();
  await expect(row(page, title).getByText("Published")).toBeVisible();
  const broken = info.outputPath("broken.mp4");
  writeFileSync(broken, "no video ".repeat(1_000));
  await choose(page, "Upload", broken);
  await expect(row(page, "broken").getByText("Failed")).toBeVisible(PROCESSING);
  await row(page, title).getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  const watch = new URL(page.url()).pathname;
  const owner = await page.getByRole("main").getByRole("link", { name: person.name }).getAttribute("href");

  makeAdmin(person.email);
  await page.getByLabel("Language").selectOption("ar");
  await expect(page.locator("html")).toHaveAttribute("dir", "rtl");
  await to(page, "/workspace");
  await expect(page.getByRole("heading", { name: ar("Workspace") })).toBeVisible();

  const theirs = [title, person.name, person.email, "broken", "A day at the sea", "été"];
  const here = () => expectArabic(page, theirs);
  for (const { theme, width } of looks) {
    await page.setViewportSize({ width, height: 844 });
    await page.evaluate((chosen) => localStorage.setItem("streamtime.theme", chosen), theme);
    await test.step(`screens, ${theme}`, async () => {
      for (const path of ["/workspace", "/workspace?look=table", "/workspace?q=zzz", "/trash", "/explore"]) {
        await to(page, path);
        await here();
      }
      await to(page, owner ?? "");
      await here();
    });

    // Once: they are made of what the other screens are made of.
    if (theme === "light")
      await test.step("administration", async () => {
        for (const path of [`people?q=${person.email}`, "usage", "jobs", "letters", "log"]) {
          await to(page, `/admin/${path}`);
          await here();
        }
      });

    await test.step(`the drive's dialogs and menus, ${theme}`, async () => {
      await to(page, "/workspace");
      for (const action of ["Edit", "Details"]) {
        await openMenu(page, title);
        await here();
        await page.getByRole("menuitem", { name: ar(action), exact: true }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await here();
        await page.keyboard.press("Escape");
        await expect(page.getByRole("dialog")).toBeHidden();
      }
      await openMenu(page, title);
      await page.getByRole("menuitem", { name: ar("Share with a link…"), exact: true }).click();
      await expect(page.getByText(ar("Nobody has a link to it yet."))).toBeVisible();
      await here();
      await page.getByRole("button", { name: ar("New link") }).click();
      await here();
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
      await page.getByRole("button", { name: about("Account of {0}") }).click();
      await expect(page.getByRole("menu")).toBeVisible();
      await here();
      await page.keyboard.press("Escape");
      for (const label of ["State", "Visibility", "Sort by"]) {
        await page.getByRole("button", { name: new RegExp(`^${ar(label)}: `) }).click();
        await expect(page.getByRole("menu")).toBeVisible();
        await here();
        await page.keyboard.press("Escape");
      }
      await page.getByRole("button", { name: /^التخزين/ }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await here();
      await page.keyboard.press("Escape");
      await row(page, title).locator("label").click();
      await here();
      await page.getByRole("button", { name: ar("Clear the selection") }).click();
    });

    await test.step(`watching, ${theme}`, async () => {
      await to(page, watch);
      await page.getByRole("button", { name: ar("Play"), exact: true }).click();
      await expect(page.getByRole("button", { name: ar("Pause"), exact: true })).toBeVisible();
      await page.getByRole("button", { name: new RegExp(`^${ar("Speed")}`) }).click();
      await expect(page.getByRole("menu")).toBeVisible();
      await here();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: ar("Pause"), exact: true }).click();
      await page.getByRole("button", { name: ar("Share"), exact: true }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await page.getByText(ar("Start at a moment")).click();
      await here();
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
      await here();
      await page.keyboard.press("Escape");
    });

    await test.step(`the trash, ${theme}`, async () => {
      await to(page, "/workspace");
      await openMenu(page, title);
      await page.getByRole("menuitem", { name: ar("Move to trash") }).click();
      await expect(page.getByRole("button", { name: ar("Undo") })).toBeVisible();
      await here();
      await to(page, "/trash");
      await here();
      await row(page, title)
        .getByRole("button", { name: ar("Delete forever") })
        .click();
      await expect(page.getByRole("alertdialog")).toBeVisible();
      await here();
      await page.keyboard.press("Escape");
      await row(page, title)
        .getByRole("button", { name: ar("Restore") })
        .click();
      await expect(page.getByText(ar("Nothing in here"))).toBeVisible();
      await here();
    });
  }

  await test.step("the left arrow goes on, and the player's bar begins on the left", async () => {
    await to(page, "/workspace");
    const rows = page.getByRole("main").getByRole("row");
    await expect(rows).toHaveCount(2);
    await rows.first().focus();
    await page.keyboard.press("ArrowLeft");
    await expect(rows.nth(1)).toBeFocused();
    await page.keyboard.press("ArrowRight");
    await expect(rows.first()).toBeFocused();
    const [first, second] = [await rows.first().boundingBox(), await rows.nth(1).boundingBox()];
    expect(first?.x).toBeGreaterThan(second?.x ?? Number.POSITIVE_INFINITY);

    await to(page, watch);
    await page.getByRole("button", { name: ar("Play"), exact: true }).focus();
    const bar = page.getByRole("slider", { name: ar("Position") });
    await expect(bar).toHaveCSS("direction", "ltr");
    await expect(page.getByRole("slider", { name: ar("Volume") })).toHaveCSS("direction", "ltr");
  });

  await page.getByLabel(ar("Language")).selectOption("en");
  await expect(page.locator("html")).toHaveAttribute("dir", "ltr");
  await page.reload();
  await expect(page.getByRole("button", { name: "Share" })).toBeVisible();
});

async function openMenu(page: Page, title: string): Promise<void> {
  await row(page, title)
    .getByRole("button", { name: about("Actions for {0}") })
    .click();
  await expect(page.getByRole("menu")).toBeVisible();
}
