/** The main job in one go: from signing up to deleting for good. */
import {
  choose,
  expect,
  isPlaying,
  newPerson,
  openActions,
  PROCESSING,
  row,
  sampleVideo,
  signUp,
  test,
} from "./fixtures";

test("a stranger signs up, uploads, watches, publishes, is found, and deletes for good", async ({
  member,
  newVisitor,
}) => {
  const { page } = member;
  const title = `Holiday ${Date.now()}`;

  await test.step("the empty workspace invites to upload", async () => {
    await expect(page.getByText("Every great workspace starts with a great video!")).toBeVisible();
    await choose(page, "Upload my first video!", sampleVideo());
  });

  const only = page.getByRole("main").getByRole("row");
  await test.step("its state changes to ready without a reload", async () => {
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    await expect(only.getByText(/Processing/).first()).toBeVisible({ timeout: 60_000 });
    await expect(only.getByText("Draft")).toBeVisible(PROCESSING);
    await expect(only.getByText("0:12")).toBeVisible();
    await expect(only.locator("img")).toHaveJSProperty("complete", true);
    expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
  });

  await test.step("it plays", async () => {
    await page.getByRole("link", { name: /^Watch/ }).click();
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await isPlaying(page);
    await page.goBack();
  });

  await test.step("it is published with another title", async () => {
    await only.getByRole("button", { name: "Publish" }).click();
    await page.getByLabel("Title").fill(title);
    await page.getByRole("textbox", { name: "Description" }).fill("Waves and wind.\n".repeat(6));
    await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    await expect(row(page, title).getByText("Published")).toBeVisible();
  });

  await test.step("another person finds it in Explore and watches", async () => {
    const other = await newVisitor();
    await signUp(other.page, newPerson("Ben Other"));
    await other.page.getByRole("link", { name: "Explore" }).first().click();
    await other.page.getByRole("link", { name: title }).click();
    await expect(other.page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await other.page.getByRole("button", { name: "Play", exact: true }).click();
    await isPlaying(other.page);
    await other.page.getByRole("button", { name: "Show more" }).click();
    await expect(other.page.getByRole("button", { name: "Show less" })).toBeVisible();
    // Who went on watching would be told below that the video is gone.
    await other.page.close();
  });

  await test.step("a visitor without an account finds it too", async () => {
    const anonymous = await newVisitor();
    await anonymous.page.goto("/");
    await anonymous.page.getByRole("link", { name: title }).click();
    await expect(anonymous.page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await anonymous.page.getByRole("link", { name: "Ada Sample" }).click();
    await expect(anonymous.page.getByRole("link", { name: title })).toBeVisible();
  });

  await test.step("it goes to the trash, comes back with undo, goes again, is restored", async () => {
    await openActions(page, title, "Move to trash");
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(row(page, title)).toBeVisible();
    await openActions(page, title, "Move to trash");
    await expect(row(page, title)).toBeHidden();
    await page.getByRole("link", { name: "Trash" }).first().click();
    await expect(row(page, title)).toContainText("days left");
    await row(page, title).getByRole("button", { name: "Restore" }).click();
    await expect(page.getByText("Nothing in here")).toBeVisible();
    await page.getByRole("link", { name: "Workspace" }).first().click();
    await expect(row(page, title)).toBeVisible();
  });

  await test.step("it is deleted forever", async () => {
    await openActions(page, title, "Move to trash");
    await page.getByRole("link", { name: "Trash" }).first().click();
    await row(page, title).getByRole("button", { name: "Delete forever" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete forever" }).click();
    await expect(page.getByText("Nothing in here")).toBeVisible();
    await page.reload();
    await expect(page.getByText("Nothing in here")).toBeVisible();
  });
});
