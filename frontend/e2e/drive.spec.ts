/** A drive of many videos: found, sorted, changed many at once, and taken home. */
import { readFile } from "node:fs/promises";
import { choose, expect, expectAccessible, openActions, PROCESSING, row, test } from "./fixtures";
import { makeVideo } from "./sample-video";

test("many videos are found, selected by keyboard, changed at once, and brought back", async ({
  member: { page },
}, info) => {
  test.slow();
  const names = ["Отпуск на море.mp4", "北京旅行.mp4", "Garden 100%.mp4"];
  for (const [index, name] of names.entries()) {
    makeVideo(info.outputPath(name), { seconds: 2 + index, size: "640x360" });
    await choose(page, "Upload", info.outputPath(name));
    await expect(row(page, name.replace(".mp4", ""))).toBeVisible(PROCESSING);
  }
  const shown = page.getByRole("main").getByRole("row");
  await expect(shown.getByText("Draft")).toHaveCount(3, PROCESSING);

  await test.step("a search finds parts of words in any script, and lives in the address", async () => {
    const search = page.getByRole("searchbox", { name: "Search my videos" });
    for (const [words, name] of [
      ["京旅", "北京旅行"],
      ["МОРЕ", "Отпуск на море"],
      ["0%", "Garden 100%"],
    ] as const) {
      await search.fill(words);
      await expect(shown).toHaveCount(1);
      await expect(row(page, name)).toBeVisible();
    }
    await page.reload();
    await expect(search).toHaveValue("0%");
    await expect(shown).toHaveCount(1);
    await search.fill("nowhere to be found");
    await expect(page.getByText("Nothing found")).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Show all my videos" }).click();
    await expect(shown).toHaveCount(3);
    await expect(search).toHaveValue("");
  });

  await test.step("an order and a filter", async () => {
    const titles = () => shown.getByRole("heading").allTextContents();
    await page.getByRole("button", { name: /^Sort by/ }).click();
    await page.getByRole("menuitemradio", { name: "Title A to Z" }).click();
    await expect.poll(titles).toEqual(["Garden 100%", "Отпуск на море", "北京旅行"]);
    await page.getByRole("button", { name: /^State/ }).click();
    await page.getByRole("menuitemradio", { name: "Failed" }).click();
    await expect(page.getByText("Nothing found")).toBeVisible();
    await page.getByRole("button", { name: "Show all my videos" }).click();
    await expect(shown).toHaveCount(3);
  });

  await test.step("selected with the keyboard, moved to the trash, and back by Undo", async () => {
    await row(page, "Garden 100%").focus();
    await page.keyboard.press(" ");
    await page.keyboard.press("Shift+ArrowRight");
    await expect(page.getByText("2 selected")).toBeVisible();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Move to trash" }).click();
    await expect(shown).toHaveCount(1);
    await expect(page.getByText("2 videos are in the trash.")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(shown).toHaveCount(3);
    await page.getByRole("grid", { name: "My videos" }).getByRole("row").first().focus();
    await page.keyboard.press("ControlOrMeta+a");
    await expect(page.getByText("3 selected")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByText("3 selected")).toBeHidden();
  });

  await test.step("given a day on which it goes to the trash", async () => {
    await openActions(page, "Garden 100%", "Edit");
    const dialog = page.getByRole("dialog");
    const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    await dialog.getByLabel("Delete on").fill(inAMonth);
    await dialog.getByRole("button", { name: "Save draft" }).click();
    await expect(row(page, "Garden 100%")).toContainText("Deleted on");
  });

  await test.step("as a table, published together and made drafts again", async () => {
    await page.getByRole("radio", { name: "Table" }).click();
    const table = page.getByRole("grid", { name: "My videos" });
    await expect(table.getByRole("columnheader", { name: "Length" })).toBeVisible();
    await expectAccessible(page);
    await table.getByRole("columnheader", { name: "Title" }).click();
    await expect(page).toHaveURL(/sort=-title/);
    await table.getByRole("checkbox", { name: "Select All" }).press(" ");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("menuitem", { name: "Publish for everyone" }).click();
    await expect(page.getByText("3 videos are published.")).toBeVisible();
    await expect(table.getByText("Published")).toHaveCount(3);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(table.getByText("Draft")).toHaveCount(3);
    await page.getByRole("radio", { name: "Cards" }).click();
  });

  await test.step("its details, and the original under its own name", async () => {
    await openActions(page, "北京旅行", "Details");
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("table")).toContainText("avc1");
    await expectAccessible(page);
    const download = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Download original" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe("北京旅行.mp4");
    expect((await readFile(await file.path())).equals(await readFile(info.outputPath(names[1] ?? "")))).toBe(
      true,
    );
    await page.keyboard.press("Escape");
  });

  await test.step("the storage says what frees most", async () => {
    await page.getByRole("button", { name: /^Storage/ }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText("What frees most")).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
  });

  await test.step("deleted forever, many at once", async () => {
    await page.getByRole("grid", { name: "My videos" }).getByRole("row").first().focus();
    await page.keyboard.press("ControlOrMeta+a");
    await page.getByRole("button", { name: "Move to trash" }).click();
    await page.getByRole("link", { name: "Trash" }).first().click();
    const trash = page.getByRole("grid", { name: "Videos in the trash" });
    await expect(trash.getByRole("row")).toHaveCount(3);
    await trash.getByRole("row").first().focus();
    await page.keyboard.press(" ");
    await page.keyboard.press("Shift+ArrowDown");
    const bar = page.getByRole("status").filter({ hasText: "2 selected" });
    await bar.getByRole("button", { name: "Delete forever" }).click();
    const question = page.getByRole("alertdialog", { name: "Delete 2 videos forever?" });
    await expect(question).toContainText("frees");
    await expectAccessible(page);
    await question.getByRole("button", { name: "Delete forever" }).click();
    await expect(page.getByText("2 videos are deleted for good.")).toBeVisible();
    await expect(trash.getByRole("row")).toHaveCount(1);
  });

  await test.step("the trash is emptied, and receipts say when all copies were gone", async () => {
    await page.getByRole("button", { name: "Empty trash" }).click();
    const question = page.getByRole("alertdialog", { name: "Empty the trash?" });
    await question.getByRole("button", { name: "Delete everything in it" }).click();
    await expect(page.getByText("Nothing in here")).toBeVisible();
    await page.getByText("Deleted for good in the last 30 days").click();
    await expect(page.getByText("All copies removed on")).toHaveCount(3, PROCESSING);
    await expectAccessible(page);
  });
});
