/** Two devices of one person: whatever happens on one is seen on the other, by itself. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import {
  choose,
  expect,
  openActions,
  PROCESSING,
  row,
  sampleVideo,
  signIn,
  test,
  uploadSample,
} from "./fixtures";

/** Bytes on their way to S3 are the only PUTs with a part number. */
const parts = (url: URL) => url.searchParams.has("partNumber");

/** From here on a reload would show, and the test would no longer be about live updates. */
async function mark(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
}

async function expectMarked(page: Page): Promise<void> {
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
}

test("every list and card of the laptop follows what the phone does", async ({
  member: { page: phone },
  person,
  newVisitor,
}) => {
  test.slow();
  const { page: laptop, context } = await newVisitor();
  await signIn(laptop, person);
  const explore = await context.newPage();
  await explore.goto("/explore");
  await expect(explore.locator("[aria-busy=true]")).toHaveCount(0);
  for (const page of [laptop, explore]) await mark(page);

  const onLaptop = laptop.getByRole("main").getByRole("row").first();
  await test.step("an upload appears, is processed, and is ready", async () => {
    await choose(phone, "Upload", sampleVideo());
    await expect(onLaptop.getByText(/Uploading|Processing|Waiting|arrived/).first()).toBeVisible(PROCESSING);
    await expect(onLaptop.getByText("Draft")).toBeVisible(PROCESSING);
    await expect(onLaptop.getByText("0:12")).toBeVisible();
    await expect(onLaptop.locator("img")).toHaveJSProperty("complete", true);
  });

  const title = `Seen everywhere ${Date.now()}`;
  const card = explore.getByRole("main").getByRole("link", { name: title });
  await test.step("a title, and a card in Explore once it is published", async () => {
    const first = phone.getByRole("main").getByRole("row").first();
    await first.getByRole("button", { name: "Publish" }).click();
    await phone.getByLabel("Title").fill(title);
    await phone.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
    await expect(row(laptop, title).getByText("Published")).toBeVisible();
    await expect(card).toBeVisible();
  });

  await test.step("another title, in the list, on the card and on the page that plays it", async () => {
    const watch = await context.newPage();
    await watch.goto("/explore");
    await watch.getByRole("main").getByRole("link", { name: title }).click();
    await expect(watch.getByRole("heading", { name: title, level: 1 })).toBeVisible();
    await mark(watch);
    await openActions(phone, title, "Edit");
    await phone.getByLabel("Title").fill(`${title}, again`);
    await phone.getByRole("dialog").getByRole("button", { name: /^Save/ }).click();
    await expect(row(laptop, `${title}, again`)).toBeVisible();
    await expect(explore.getByRole("link", { name: `${title}, again` })).toBeVisible();
    await expect(watch.getByRole("heading", { name: `${title}, again`, level: 1 })).toBeVisible();
    await expectMarked(watch);
    await watch.close();
  });

  await test.step("the trash and back", async () => {
    const trash = await context.newPage();
    await trash.goto("/trash");
    await expect(trash.getByText("Nothing in here")).toBeVisible();
    await openActions(phone, `${title}, again`, "Move to trash");
    await expect(row(laptop, `${title}, again`)).toBeHidden();
    await expect(card).toBeHidden();
    await expect(row(trash, `${title}, again`)).toBeVisible();
    await phone.getByRole("button", { name: "Undo" }).click();
    await expect(row(laptop, `${title}, again`)).toBeVisible();
    await expect(card).toBeVisible();
    await expect(trash.getByText("Nothing in here")).toBeVisible();
    await trash.close();
  });
  for (const page of [laptop, explore]) await expectMarked(page);
});

test("an upload begun on the phone moves on the laptop", async ({
  member: { page: phone },
  person,
  newVisitor,
}, info) => {
  // Three parts and a bit: every reader skips what is behind the end of the video.
  const path = info.outputPath("long.mp4");
  const padding = Buffer.alloc(8 + 24 * 1024 * 1024);
  padding.writeUInt32BE(padding.length, 0);
  padding.write("free", 4);
  writeFileSync(path, Buffer.concat([readFileSync(sampleVideo()), padding]));
  const { page: laptop, context } = await newVisitor();
  await signIn(laptop, person);
  await mark(laptop);
  const table = await context.newPage();
  await table.goto("/workspace?look=table");
  await expect(table.getByRole("heading", { name: "Workspace", exact: true })).toBeVisible();

  const [begin, begun] = latch();
  const [goOn, goesOn] = latch();
  let passed = 0;
  await phone.route(parts, async (route) => {
    passed += 1;
    await (passed > 2 ? goesOn : begun);
    await route.continue();
  });
  await choose(phone, "Upload", path);
  const onLaptop = row(laptop, "long");
  await Promise.all([expect(onLaptop).toBeVisible(), expect(row(table, "long")).toBeVisible()]);
  begin();
  const bar = onLaptop.getByRole("progressbar", { name: "Uploading long.mp4" });
  await test.step("as a percentage, in the card and in the table", async () => {
    const told = /^(Another device is sending this:|Uploading) [1-9]\d? %$/;
    await Promise.all([
      expect(onLaptop.getByText(told)).toBeVisible(PROCESSING),
      expect(bar).toHaveAttribute("aria-valuenow", /^[1-9]\d?$/, PROCESSING),
      expect(row(table, "long").getByText(told)).toBeVisible(PROCESSING),
    ]);
  });
  await test.step("and when the phone falls silent, as what has arrived", async () => {
    await expect(onLaptop.getByText(/ of .* arrived\.$/)).toBeVisible({ timeout: 30_000 });
    await expect(bar).toBeHidden();
  });
  goOn();
  await expect(onLaptop.getByText("Draft")).toBeVisible(PROCESSING);
  await expectMarked(laptop);
});

test("a cut line is said quietly, and what was missed is there when it is back", async ({
  member: { page: phone },
  person,
  newVisitor,
}) => {
  const title = await uploadSample(phone);
  const { page: laptop, context, expectRefusal } = await newVisitor();
  expectRefusal(/ERR_INTERNET_DISCONNECTED|WebSocket/);
  // A browser told to be offline opens sockets all the same: this one has to be there before.
  const socket = laptop.waitForEvent("websocket");
  await signIn(laptop, person);
  await expect(row(laptop, title)).toBeVisible();
  await socket;
  await mark(laptop);
  const hint = laptop.getByText("Reconnecting…");
  await expect(hint).toBeHidden();
  await context.setOffline(true);
  await expect(hint).toBeVisible();
  await openActions(phone, title, "Edit");
  await phone.getByLabel("Title").fill("Renamed meanwhile");
  await phone.getByRole("dialog").getByRole("button", { name: /^Save/ }).click();
  await expect(row(phone, "Renamed meanwhile")).toBeVisible();
  await expect(row(laptop, title)).toBeVisible();
  await context.setOffline(false);
  await expect(row(laptop, "Renamed meanwhile")).toBeVisible();
  await expect(hint).toBeHidden();
  await expectMarked(laptop);
});

/** What opens it, and what waits for that. */
function latch(): [open: () => void, opened: Promise<void>] {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [open, opened];
}
