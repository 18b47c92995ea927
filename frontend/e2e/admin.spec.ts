/** Administration in a browser: people, usage, jobs, dead letters and the log, on a phone and at a desk. */
import { buryJob, failVideo, forgetProof, makeAdmin } from "./backstage";
import { expect, expectAccessible, newPerson, signUp, test } from "./fixtures";

test("an administrator looks after people, jobs and dead letters, and proves who it is", async ({
  member: { page, expectRefusal },
  person,
  newVisitor,
}) => {
  const eve = newPerson("Eve Other");
  const { page: hers } = await newVisitor();
  await signUp(hers, eve);
  await hers.close();
  const main = page.getByRole("main");
  const go = (name: string) =>
    page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name }).click();
  const told = (text: string | RegExp) => expect(page.getByText(text)).toBeVisible();

  await test.step("it is not there for anybody else", async () => {
    await page.goto("/admin/people");
    await expect(page.getByText("Newton fetched something, but not this page")).toBeVisible();
  });

  makeAdmin(person.email);
  const video = failVideo(eve.email);
  buryJob(eve.email, video);
  // A proof that is asked for.
  expectRefusal(/401/);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/workspace");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Administration" }).click();

  const her = main.getByRole("listitem").filter({ hasText: eve.email });
  const act = async (action: string) => {
    await her.getByRole("button", { name: "Actions for Eve Other" }).click();
    await page.getByRole("menuitem", { name: action }).click();
  };
  await test.step("people are found, and given room after a proof", async () => {
    await page.getByRole("searchbox", { name: "Search people" }).fill(eve.email);
    await expect(main.getByRole("listitem")).toHaveCount(1);
    await expectAccessible(page);
    forgetProof(person.email);
    await act("Storage limit…");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Gigabytes").fill("all of it");
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog.getByText(/^Enter a number from 0/)).toBeVisible();
    await expectAccessible(page, 1);
    await dialog.getByLabel("Gigabytes").fill("7.5");
    await page.keyboard.press("Enter");
    const proof = page.getByRole("dialog", { name: "Confirm that it is you" });
    await proof.getByLabel("Password").fill(person.password);
    await proof.getByRole("button", { name: "Continue" }).click();
    await told("The account of Eve Other is changed.");
    await expect(her).toContainText("of 7.5 GB");
  });

  await test.step("an account is disabled, given up, kept, and enabled again", async () => {
    await act("Disable…");
    const question = page.getByRole("alertdialog", { name: "Disable the account of Eve Other?" });
    await expect(question).toBeVisible();
    await expectAccessible(page, 1);
    await question.getByRole("button", { name: "Disable" }).click();
    await expect(her.getByText("Disabled")).toBeVisible();
    await act("Delete…");
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await expect(her.getByText(/^Deleted on/)).toBeVisible();
    await act("Keep the account");
    await expect(her.getByText(/^Deleted on/)).toBeHidden();
    await act("Enable");
    await expect(her.getByText("Disabled")).toBeHidden();
  });

  await test.step("usage is told, with what it costs", async () => {
    await go("Usage and costs");
    await expect(main.getByText(/for an hour of full HD/)).toBeVisible();
    await expect(her).toContainText("1 video");
    await expectAccessible(page);
  });

  await test.step("a failed job is tried again, and stopped", async () => {
    await go("Processing");
    const job = main.getByRole("listitem").filter({ hasText: video });
    await expect(job).toContainText("Something went wrong on our side.");
    await expectAccessible(page);
    await job.getByRole("button", { name: "Try again" }).click();
    await job.getByRole("button", { name: "Stop" }).click();
    await expect(job).toContainText("Whoever runs this drive has stopped this.");
    await page.getByRole("button", { name: "State: Any state" }).click();
    await page.getByRole("menuitemradio", { name: "Waiting" }).click();
    await expect(job).toBeHidden();
  });

  await test.step("a dead letter is handled", async () => {
    await page.setViewportSize({ width: 1280, height: 844 });
    await go("Dead letters");
    await expect(main.getByText(video)).toBeVisible();
    await expectAccessible(page);
    await main.getByRole("button", { name: "Handle again: Jobs of the sweep" }).click();
    await told(/handled\.$/);
    await expect(main.getByText(video)).toBeHidden();
  });

  await test.step("and all of that is in the log", async () => {
    await go("Log");
    await expect(main.getByText("Dead letters were handled again").first()).toBeVisible();
    await page.getByRole("button", { name: "What happened: Everything" }).click();
    await page.getByRole("menuitemradio", { name: "Was given a storage limit" }).click();
    const entry = main.getByRole("listitem").filter({ hasText: "7.5 GB" }).first();
    await expect(entry).toContainText(`by ${person.name}`);
    await entry.getByRole("button", { name: eve.name }).click();
    await expect(main.getByRole("listitem")).toHaveCount(1);
    await expectAccessible(page);
  });
});
