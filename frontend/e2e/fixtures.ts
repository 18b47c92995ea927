/** What the browser tests share: people of their own, and a page that tolerates no error. */
import { randomUUID } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type FileChooser,
  type Locator,
  type Page,
} from "@playwright/test";

export { expect };

/** Processing a real video takes its time on a small machine. */
export const PROCESSING = { timeout: 120_000 };

export interface Person {
  name: string;
  email: string;
  password: string;
}

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** Answers that a test provokes on purpose: browsers write a line for each of them. */
  expectRefusal: (pattern: RegExp) => void;
  problems: string[];
}

export function sampleVideo(): string {
  const path = process.env.SAMPLE_VIDEO;
  if (!path) throw new Error("SAMPLE_VIDEO is not set");
  return path;
}

async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext(options);
  // Tests can only answer the classic file chooser, which is also what other browsers have.
  await context.addInitScript(() => {
    Reflect.deleteProperty(window, "showOpenFilePicker");
    Reflect.deleteProperty(window, "showDirectoryPicker");
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      // biome-ignore lint/suspicious/noConsole: how a report reaches the test
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const refusals: RegExp[] = [];
  const note = (text: string) => {
    if (!refusals.some((pattern) => pattern.test(text))) problems.push(text);
  };
  context.on("page", (opened) => watch(opened));
  const watch = (watched: Page) => {
    // From the start: a chooser that opens before the browser knows of the test that answers it is lost.
    watched.on("filechooser", () => undefined);
    watched.on("pageerror", (error) => note(`page: ${error.message}`));
    watched.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) note(`${message.text()} ${message.location().url}`);
    });
  };
  watch(page);
  return { page, context, problems, expectRefusal: (pattern) => refusals.push(pattern) };
}

interface Fixtures {
  /** Opens another browser profile; every one of them must end without a console error. */
  newVisitor: (options?: BrowserContextOptions) => Promise<Visitor>;
  visitor: Visitor;
  person: Person;
  /** A visitor who has an account and is signed in, on their workspace. */
  member: Visitor;
}

export const test = base.extend<Fixtures>({
  newVisitor: async ({ browser }, use) => {
    const visitors: Visitor[] = [];
    await use(async (options) => {
      const visitor = await visit(browser, options);
      visitors.push(visitor);
      return visitor;
    });
    for (const { context } of visitors) await context.close();
    expect(visitors.flatMap(({ problems }) => problems)).toEqual([]);
  },
  visitor: async ({ newVisitor }, use) => use(await newVisitor()),
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern
  person: async ({}, use) => use(newPerson()),
  member: async ({ visitor, person }, use) => {
    await signUp(visitor.page, person);
    await use(visitor);
  },
});

export function newPerson(name = "Ada Sample"): Person {
  return { name, email: `${randomUUID()}@example.com`, password: `Kept secret 1 ${randomUUID()}` };
}

export async function signUp(page: Page, person: Person, home = ""): Promise<void> {
  await page.goto(`${home}/sign-up`);
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  const hint = page.getByText("Your code is");
  await expect(hint).toBeVisible();
  const code = (await hint.getByRole("strong").textContent()) ?? "";
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByRole("heading", { name: "Workspace", exact: true })).toBeVisible();
}

export async function signIn(page: Page, person: Person, home = ""): Promise<void> {
  await page.goto(`${home}/sign-in`);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workspace", exact: true })).toBeVisible();
}

/** Chooses a file with whatever button opens the chooser. */
export async function choose(
  page: Page,
  button: string,
  file: Parameters<FileChooser["setFiles"]>[0],
): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("main").getByRole("button", { name: button, exact: true }).click();
  await (await chooser).setFiles(file);
}

export function row(page: Page, title: string | RegExp) {
  return page.getByRole("main").getByRole("row", { name: title });
}

export async function openActions(page: Page, title: string, action: string | RegExp): Promise<void> {
  await row(page, title)
    .getByRole("button", { name: /^Actions for/ })
    .click();
  await page.getByRole("menuitem", { name: action }).click();
}

/** Uploads the sample and waits until it can be watched. Answers the video's title. */
export async function uploadSample(page: Page): Promise<string> {
  await choose(page, "Upload", sampleVideo());
  const first = page.getByRole("main").getByRole("row").first();
  await expect(first.getByText("Draft")).toBeVisible(PROCESSING);
  return (await first.getByRole("heading").textContent()) ?? "";
}

export async function isPlaying(page: Page): Promise<void> {
  const time = () => page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
  await expect.poll(time, { timeout: 30_000 }).toBeGreaterThan(1);
}

/** Goes to a control as a person without a mouse does. */
export async function tabTo(page: Page, control: Locator): Promise<void> {
  const isThere = () => control.evaluate((element) => element === document.activeElement);
  await expect(control).toBeVisible();
  for (let presses = 0; presses < 60 && !(await isThere()); presses += 1) await page.keyboard.press("Tab");
  await expect(control).toBeFocused();
}

/** Nothing is in the way of anyone who uses a keyboard, a screen reader or tired eyes, in both themes or the one that is on. */
export async function expectAccessible(page: Page, themes: 1 | 2 = 2): Promise<void> {
  for (let theme = 0; theme < themes; theme += 1) {
    // Something may begin to fade while it is looked at; what is wrong stays so. One look takes
    // a moment on a desk and many seconds beside a video in the making.
    await expect(() => expectNoViolation(page)).toPass({ timeout: 60_000 });
    if (themes === 1) return;
    await page.evaluate(() => {
      const { dataset } = document.documentElement;
      dataset.theme = dataset.theme === "dark" ? "light" : "dark";
    });
  }
}

async function expectNoViolation(page: Page): Promise<void> {
  await settled(page);
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    // React Aria's announcer: for seven seconds it names what was told, also when that is gone.
    .exclude("[data-live-announcer]")
    // What a mouse that rests somewhere is told: it belongs to its button, wherever it lies.
    .exclude('[data-overlay-container]:has([role="tooltip"])')
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  expect(found).toEqual([]);
}

/** Colours are only true once nothing fades any more. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every((animation) => {
      const { iterations = 1 } = animation.effect?.getTiming() ?? {};
      return iterations === Number.POSITIVE_INFINITY || animation.playState !== "running";
    }),
  );
}
