/** Share links: a video for somebody without an account, for as long as its owner wants. */
import type { Page } from "@playwright/test";
import { expect, expectAccessible, isPlaying, openActions, test, uploadSample } from "./fixtures";

const passcode = (page: Page) => page.getByLabel("Passcode", { exact: true });
const problem = (page: Page) => page.getByRole("alert");

test("a visitor watches a private draft by its link and passcode, until that is taken back", async ({
  member: { page, context },
  person,
  newVisitor,
}) => {
  test.setTimeout(600_000);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const title = await uploadSample(page);
  const dialog = page.getByRole("dialog");
  const links = dialog.getByRole("list", { name: "Links to this video" });
  const open = () => openActions(page, title, "Share with a link…");
  const close = async () => {
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  };

  const address = await test.step("its owner makes a link, and is told its address once", async () => {
    await page.getByRole("link", { name: `Watch ${title}` }).click();
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.getByRole("button", { name: "Share with a link…" }).click();
    await expect(dialog.getByText("Nobody has a link to it yet.")).toBeVisible();
    await dialog.getByRole("button", { name: "New link" }).click();
    await dialog.getByLabel("Name", { exact: true }).fill("Grandma");
    await dialog.getByLabel("Views at most").fill("none");
    await dialog.getByText("The original may be downloaded").click();
    await passcode(page).fill("tulips");
    await page.keyboard.press("Enter");
    await expect(dialog.getByText("Enter a number from 1 to 1,000,000.")).toBeVisible();
    await expectAccessible(page);
    await dialog.getByLabel("Views at most").fill("5");
    await page.keyboard.press("Enter");
    await expect(links).toContainText("0 of 5 views");
    await dialog.getByRole("button", { name: "Copy link" }).click();
    await expect(page.getByText("The link is copied.")).toBeVisible();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^http:\/\/[^/]+\/s#[\w-]{43}$/);
    await close();
    await page.goto("/workspace");
    await open();
    await expect(links).toContainText("Grandma");
    await expect(dialog.getByLabel("Link", { exact: true })).toBeHidden();
    await expectAccessible(page);
    await close();
    return copied;
  });

  const { page: theirs, expectRefusal } = await newVisitor();
  // A passcode that is asked for, a wrong one, and what has ended.
  expectRefusal(/Failed to load resource: .* (403|404) .*\/api\/shared/);
  const film = theirs.getByRole("heading", { name: title, level: 1 });
  await test.step("a link that was cut off says so", async () => {
    await theirs.goto("/s");
    await expect(theirs.getByRole("heading", { name: "This link isn't complete" })).toBeVisible();
  });

  await test.step("a visitor needs the passcode", async () => {
    await theirs.goto(address);
    await expect(theirs.getByRole("heading", { name: "This video has a passcode" })).toBeVisible();
    await expect(theirs.locator("meta[name=robots]")).toHaveAttribute("content", "noindex");
    await passcode(theirs).fill("roses");
    await theirs.getByRole("button", { name: "Watch" }).click();
    await expect(problem(theirs)).toHaveText("This is not the passcode of this link.");
    await expectAccessible(theirs);
    await passcode(theirs).fill("tulips");
    await theirs.getByRole("button", { name: "Watch" }).click();
    await expect(film).toBeVisible();
  });

  await test.step("and watches with it, without an account", async () => {
    await expect(theirs.getByText(`Shared by ${person.name}`)).toBeVisible();
    await expectAccessible(theirs);
    await theirs.getByRole("button", { name: "Play video" }).click();
    await isPlaying(theirs);
    const download = theirs.waitForEvent("download");
    await theirs.getByRole("button", { name: "Download original" }).click();
    expect((await download).suggestedFilename()).toMatch(/\.mp4$/);
  });

  await test.step("a reload goes on, and is no other view", async () => {
    await theirs.reload();
    await expect(film).toBeVisible();
    await theirs.getByRole("button", { name: "Play video" }).click();
    await isPlaying(theirs);
    await open();
    await expect(links).toContainText("1 of 5 views");
    await expect(links).toContainText("last opened");
  });

  await test.step("another passcode has to be entered by whoever watches", async () => {
    await dialog.getByRole("button", { name: "Change Grandma" }).click();
    await dialog.getByText("Keep the passcode it has").click();
    await passcode(page).fill("daffodils");
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("The link is changed.")).toBeVisible();
    await theirs.reload();
    await passcode(theirs).fill("daffodils");
    await theirs.getByRole("button", { name: "Watch" }).click();
    await expect(film).toBeVisible();
  });

  await test.step("revoked, it shows nothing any more", async () => {
    await dialog.getByRole("button", { name: "Revoke Grandma" }).click();
    const question = page.getByRole("alertdialog", { name: "Revoke the link “Grandma”?" });
    await expect(question).toBeVisible();
    await expectAccessible(page);
    await question.getByRole("button", { name: "Revoke" }).click();
    await expect(links).toContainText("Revoked");
    await expect(dialog.getByRole("button", { name: "Change Grandma" })).toBeHidden();
    await theirs.reload();
    await expect(theirs.getByRole("heading", { name: "This link shows nothing" })).toBeVisible();
    await expectAccessible(theirs);
  });
});
