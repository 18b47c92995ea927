/** Watching: from where, with which keys, how large, and what is said when there is nothing to watch. */
import type { Page } from "@playwright/test";
import {
  choose,
  expect,
  expectAccessible,
  isPlaying,
  newPerson,
  openActions,
  PROCESSING,
  row,
  sampleVideo,
  signIn,
  signUp,
  test,
  uploadSample,
} from "./fixtures";
import { makeVideo } from "./sample-video";

function position(page: Page): Promise<number> {
  return page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
}

/** Uploads a video, publishes it, opens its page. Answers the page's path. */
async function published(page: Page, title: string, file = sampleVideo()): Promise<string> {
  await choose(page, "Upload", file);
  const first = page.getByRole("main").getByRole("row").first();
  await expect(first.getByText("Draft")).toBeVisible(PROCESSING);
  await first.getByRole("button", { name: "Publish" }).click();
  await page.getByLabel("Title").fill(title);
  await page.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await expect(row(page, title).getByText("Published")).toBeVisible();
  await page.getByRole("link", { name: `Watch ${title}` }).click();
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  return new URL(page.url()).pathname;
}

async function press(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key);
}

test("a video goes on where its viewer stopped, on another device too", async ({
  member: { page },
  newVisitor,
}) => {
  const path = await published(page, "To be continued");
  const ben = newPerson("Ben Viewer");
  const phone = await newVisitor();
  await signUp(phone.page, ben);
  await phone.page.goto(path);
  const saved = phone.page.waitForResponse((answer) => answer.url().endsWith("/progress"));
  await phone.page.getByRole("button", { name: "Play video" }).click();
  await isPlaying(phone.page);
  expect((await saved).status()).toBe(204);
  await press(phone.page, "5");
  await expect.poll(() => position(phone.page)).toBeGreaterThan(6);
  const left = await position(phone.page);
  await phone.context.close();

  const laptop = await newVisitor();
  await signIn(laptop.page, ben);
  const asked: string[] = [];
  laptop.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await laptop.page.goto(path);
  await expect(laptop.page.getByText(/^Goes on where you stopped, at 0:0[6-9]\.$/)).toBeVisible();
  await expect.poll(() => position(laptop.page)).toBeGreaterThanOrEqual(left - 0.5);
  expect(asked.filter((name) => name.endsWith("/progress"))).toEqual([]);
  await laptop.page.getByRole("button", { name: "Start over" }).click();
  await expect.poll(() => position(laptop.page)).toBeLessThan(1);

  // Its owner has begun nothing, and nobody without an account is remembered.
  await page.reload();
  await expect(page.getByText("0:12").first()).toBeVisible();
  expect(await position(page)).toBe(0);
});

test("a link names the moment to start at, and the share dialog makes such links", async ({
  member: { page, context },
  newVisitor,
}, info) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const path = await published(page, "From the middle");

  for (const [moment, seconds] of [
    ["7", 7],
    ["0m5s", 5],
    ["99m", 0],
  ] as const) {
    await page.goto(`${path}?t=${moment}`);
    await expect(page.getByText("0:12").first()).toBeVisible();
    await expect.poll(() => position(page)).toBeCloseTo(seconds, 0);
  }

  await page.goto(`${path}?t=7`);
  await expect.poll(() => position(page)).toBeCloseTo(7, 0);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Share this video" });
  await expect(dialog.getByText("everybody can watch it")).toBeVisible();
  await expect(dialog.getByLabel("Link")).toHaveValue(new RegExp(`${path}$`));
  await dialog.getByText("Start at a moment").click();
  await expect(dialog.getByLabel("Start at", { exact: true })).toHaveValue("0:07");
  await expectAccessible(page);
  await info.attach("share", { body: await page.screenshot(), contentType: "image/png" });
  await dialog.getByLabel("Start at", { exact: true }).fill("later");
  await expect(dialog.getByRole("button", { name: "Copy link" })).toBeDisabled();
  await dialog.getByLabel("Start at", { exact: true }).fill("0:04");
  await dialog.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("The link is copied.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`${path}\\?t=4$`));

  const stranger = await newVisitor();
  await stranger.page.goto(link);
  await expect.poll(() => position(stranger.page)).toBeCloseTo(4, 0);
});

test("the keyboard does what it does elsewhere, and says so", async ({ member: { page } }, info) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await published(page, "All the keys");
  const video = page.locator("video");
  await press(page, "k");
  await isPlaying(page);
  await press(page, "k");
  await expect(video).toHaveJSProperty("paused", true);
  for (const [key, at] of [
    ["5", 6],
    ["ArrowLeft", 1],
    ["ArrowRight", 6],
    ["j", 0],
    ["l", 10],
    ["0", 0],
    ["9", 10.8],
  ] as const) {
    await press(page, key);
    await expect.poll(() => position(page), key).toBeCloseTo(at, 0);
  }
  await press(page, "m");
  await expect(video).toHaveJSProperty("muted", true);
  await press(page, ">");
  await expect(video).toHaveJSProperty("playbackRate", 1.25);
  await press(page, "<");
  await expect(video).toHaveJSProperty("playbackRate", 1);
  await press(page, "f");
  await expect(page.getByRole("button", { name: "Exit full screen" })).toBeVisible();
  await press(page, "f");
  await expect(page.getByRole("button", { name: "Full screen", exact: true })).toBeVisible();

  await test.step("theatre mode fills the width, is remembered, and goes on playing", async () => {
    const player = page.getByRole("region", { name: /^Player/ });
    const desk = page.viewportSize() ?? { width: 1280, height: 720 };
    const tablet = { ...desk, width: 820 };
    await page.setViewportSize(tablet);
    await expect.poll(async () => (await player.boundingBox())?.width).toBeLessThan(800);
    const usual = await player.boundingBox();
    await page.setViewportSize(desk);
    await expect(page.getByRole("button", { name: "Theatre mode", exact: true })).toBeAttached();
    await press(page, "t");
    await expect.poll(async () => (await player.boundingBox())?.x).toBe(0);
    expect((await player.boundingBox())?.width).toBeGreaterThan(1200);
    await expectAccessible(page);
    await info.attach("theatre", { body: await page.screenshot(), contentType: "image/png" });
    expect(await position(page), "the player is still the same one").toBeGreaterThan(10);
    await page.reload();
    await expect(page.getByRole("button", { name: "Leave theatre mode" })).toBeAttached();
    await page.setViewportSize(tablet);
    await expect.poll(() => player.boundingBox(), "a tablet has no width to win").toEqual(usual);
    await page.setViewportSize(desk);
    await expect(page.getByRole("button", { name: "Leave theatre mode" })).toBeAttached();
    await press(page, "t");
    await expect(page.getByRole("button", { name: "Theatre mode", exact: true })).toBeAttached();
  });

  await test.step("the help names them, and can keep them to the player", async () => {
    await press(page, "?");
    const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(help.getByText("Play or pause")).toBeVisible();
    await expectAccessible(page);
    await info.attach("keys", { body: await page.screenshot(), contentType: "image/png" });
    await press(page, "m");
    await expect(video, "keys rest while a dialog is open").toHaveJSProperty("muted", false);
    await help.getByText("Only while the player has the focus").click();
    await press(page, "Escape");
    await expect(help).toBeHidden();
    await page.getByRole("link", { name: "Explore" }).first().focus();
    await press(page, "m");
    await expect(video).toHaveJSProperty("muted", false);
    await page.getByRole("region", { name: /^Player/ }).focus();
    await press(page, "m");
    await expect(video).toHaveJSProperty("muted", true);
  });
});

test("captions are offered where the stream carries them", async ({ member: { page } }) => {
  const title = await uploadSample(page);
  const group = 'TYPE=SUBTITLES,GROUP-ID="words",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES';
  await page.route("**/master.m3u8", async (route) => {
    const text = (await (await route.fetch()).text()).replaceAll(
      /^(#EXT-X-STREAM-INF:.*)$/gm,
      '$1,SUBTITLES="words"',
    );
    await route.fulfill({
      contentType: "application/vnd.apple.mpegurl",
      body: text.replace("#EXTM3U\n", `#EXTM3U\n#EXT-X-MEDIA:${group},URI="words.m3u8"\n`),
    });
  });
  const list =
    "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\nwords.vtt\n#EXT-X-ENDLIST\n";
  await page.route("**/words.m3u8", (route) =>
    route.fulfill({ contentType: "application/vnd.apple.mpegurl", body: list }),
  );
  await page.route("**/words.vtt", (route) =>
    route.fulfill({
      contentType: "text/vtt",
      body: "WEBVTT\n\n00:00:00.000 --> 00:00:12.000\nWaves and wind.\n",
    }),
  );
  await openActions(page, title, "Watch");
  await page.getByRole("button", { name: "Show captions" }).click();
  await expect(page.getByRole("button", { name: "Hide captions" })).toBeVisible();
  // Browsers look for the words of a moment as it passes.
  await press(page, "k");
  const words = () =>
    page.locator("video").evaluate((video: HTMLVideoElement) => {
      const cue = [...video.textTracks].find(({ mode }) => mode === "showing")?.activeCues?.[0];
      return cue instanceof VTTCue ? cue.text : null;
    });
  await expect.poll(words).toBe("Waves and wind.");
  await press(page, "c");
  await expect(page.getByRole("button", { name: "Show captions" })).toBeVisible();
  expect(await words()).toBeNull();
});

test("a long playback outlives its grants, and no byte is refused", async ({ member: { page } }, info) => {
  test.slow();
  const path = info.outputPath("Long one.mp4");
  makeVideo(path, { seconds: 60, size: "640x360" });
  await choose(page, "Upload my first video!", path);
  await expect(row(page, "Long one").getByText("Draft")).toBeVisible(PROCESSING);
  // As a drive does, but eight seconds at a time: the browser itself forgets each grant then.
  let grants = 0;
  await page.route("**/grant", async (route) => {
    const answer = await route.fetch();
    grants += 1;
    const cookies = answer
      .headersArray()
      .filter(({ name }) => name.toLowerCase() === "set-cookie")
      .map(({ value }) => value.replace(/Max-Age=\d+/, "Max-Age=8"));
    expect(cookies.every((cookie) => cookie.includes("Max-Age=8"))).toBe(true);
    const headers = { ...answer.headers(), "set-cookie": cookies.join("\n") };
    await route.fulfill({ response: answer, headers, json: { expires_in: 8 } });
  });
  const answered: { status: number; grants: number }[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith(".mp4")) answered.push({ status: response.status(), grants });
  });
  await page.getByRole("link", { name: "Watch Long one" }).click();
  await page.getByRole("button", { name: "Play video" }).click();
  for (const _faster of [1.25, 1.5, 2]) await press(page, ">");
  await expect.poll(() => position(page), { timeout: 90_000 }).toBeGreaterThan(28);
  expect(grants, "the first and two renewals").toBeGreaterThanOrEqual(3);
  expect(answered.filter(({ status }) => status !== 206)).toEqual([]);
  expect(
    answered.some((answer) => answer.grants >= 3),
    "media came by the third",
  ).toBe(true);
});

test("beside a video are others of the same person, and without captions there is no button for them", async ({
  member: { page },
}, info) => {
  const first = await published(page, "The first one");
  await expect(page.getByText("Nothing else is published yet.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Show captions" })).toHaveCount(0);
  await page.goto("/workspace");
  const other = info.outputPath("Another.mp4");
  makeVideo(other, { seconds: 5, size: "640x360" });
  await published(page, "The second one", other);
  const others = page.getByRole("list", { name: /^More from/ });
  await expect(others.getByRole("listitem")).toHaveCount(1);
  await expectAccessible(page);
  await info.attach("watch", { body: await page.screenshot({ fullPage: true }), contentType: "image/png" });
  await others.getByRole("link", { name: "The first one" }).click();
  await expect(page).toHaveURL(new RegExp(`${first}$`));
  await expect(page.getByRole("heading", { name: "The first one", level: 1 })).toBeVisible();
  await expect(others.getByRole("link", { name: "The second one" })).toBeVisible();
});

test("what can't be watched says why to its owner, and nothing to others", async ({
  member: { page, expectRefusal },
  newVisitor,
}) => {
  expectRefusal(/404|410/);
  const path = await published(page, "Here and gone");
  const stranger = await newVisitor();
  stranger.expectRefusal(/404/);
  await stranger.page.goto(path);
  await expect(stranger.page.getByRole("heading", { name: "Here and gone" })).toBeVisible();

  const device = await page.context().newPage();
  await device.goto(path);
  await expect(device.getByRole("heading", { name: "Here and gone" })).toBeVisible();
  await test.step("trashed: an open page of the owner follows, a new one says where it is", async () => {
    await page.goto("/workspace");
    await openActions(page, "Here and gone", "Move to trash");
    await expect(device.getByText("This video is in your trash")).toBeVisible();
    await expectAccessible(device);
    await device.reload();
    await expect(device.getByText("This video is in your trash")).toBeVisible();
    await stranger.page.reload();
    await expect(stranger.page.getByText("This video isn't here")).toBeVisible();
    await expect(stranger.page.getByText("If it is yours, sign in to watch it.")).toBeVisible();
  });
  await test.step("restored: it is back", async () => {
    await device.getByRole("link", { name: "Open the trash" }).click();
    await row(device, "Here and gone").getByRole("button", { name: "Restore" }).click();
    await stranger.page.reload();
    await expect(stranger.page.getByRole("heading", { name: "Here and gone" })).toBeVisible();
  });
  await test.step("deleted for good: gone, also where it was open", async () => {
    await device.goto(path);
    await expect(device.getByRole("heading", { name: "Here and gone" })).toBeVisible();
    await openActions(page, "Here and gone", "Move to trash");
    await page.getByRole("link", { name: "Trash" }).first().click();
    await row(page, "Here and gone").getByRole("button", { name: "Delete forever" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete forever" }).click();
    await expect(device.getByText(/This video (is no longer|isn't) here/)).toBeVisible();
  });
});

test("what a page begins with is asked for once, and drawn where the app will draw it, before the app is", async ({
  member: { page },
  newVisitor,
}) => {
  const path = await published(page, "First of all");
  for (const [address, data, place] of [
    ["/explore", "/api/explore", "li img"],
    [path, `/api/videos${path.replace("/watch", "")}/watch`, "video"],
  ] as const) {
    const visitor = await newVisitor();
    const asked: string[] = [];
    let letIn = () => {};
    const waiting = new Promise<void>((resolve) => {
      letIn = resolve;
    });
    await visitor.page.route(/\/assets\/index-.*\.js$/, async (route) => {
      await waiting;
      await route.continue();
    });
    visitor.page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname === data || pathname.includes("/posters/")) asked.push(pathname);
    });
    await visitor.page.goto(address, { waitUntil: "commit" });
    await expect.poll(() => asked).toEqual([data, expect.stringContaining("/posters/")]);
    const early = visitor.page.locator("#frame img");
    await expect(early).toHaveJSProperty("complete", true);
    await expect(visitor.page.locator("#frame [dir]")).not.toBeEmpty();
    const drawn = await early.boundingBox();
    letIn();
    await expect(visitor.page.getByRole("heading", { name: "First of all" }).first()).toBeVisible();
    await expect(early).toHaveCount(0);
    const picture = visitor.page.getByRole("main").locator(place).first();
    await expect.poll(() => picture.boundingBox()).toEqual(drawn);
    expect(asked.filter((each) => each === data)).toHaveLength(1);
    expect(asked.filter((each) => each === asked[1])).toHaveLength(1);
    await visitor.context.close();
  }
});

test("a video that can't be watched yet says why to its owner, and is not there for others", async ({
  member: { page, expectRefusal },
  newVisitor,
}) => {
  test.slow();
  expectRefusal(/Failed to load resource.*partNumber/);
  const stranger = await newVisitor();
  stranger.expectRefusal(/404/);
  const watch = await page.context().newPage();

  /** What both are told at that address. */
  async function expectWords(id: string, title: string, text: string | RegExp) {
    await watch.goto(`/watch/${id}`);
    await expect(watch.getByRole("heading", { name: title })).toBeVisible();
    await expect(watch.getByRole("main").getByText(text)).toBeVisible();
    await expect(watch.getByRole("link", { name: "Open my workspace" })).toBeVisible();
    await expectAccessible(watch);
    await stranger.page.goto(`/watch/${id}`);
    await expect(stranger.page.getByRole("heading", { name: "This video isn't here" })).toBeVisible();
    await expect(stranger.page.getByText("It may be private, deleted")).toBeVisible();
  }
  const idOf = (title: string) =>
    page.evaluate(async (wanted) => {
      const { items } = await (await fetch("/api/videos")).json();
      return items.find((video: { title: string }) => video.title === wanted)?.id as string;
    }, title);

  await test.step("while it is uploaded", async () => {
    await page.route(
      (url) => url.searchParams.has("partNumber"),
      () => undefined,
    );
    await choose(page, "Upload", { name: "slow.mp4", mimeType: "video/mp4", buffer: Buffer.from("slow") });
    await expect(row(page, "slow")).toBeVisible();
    await expectWords(await idOf("slow"), "Still on its way", "The video is being uploaded.");
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });
  const broken = { name: "notes.mp4", mimeType: "video/mp4", buffer: Buffer.from("notes ".repeat(999)) };
  await choose(page, "Upload", broken);
  await expect(row(page, "notes").getByText("Failed")).toBeVisible(PROCESSING);
  const id = await idOf("notes");
  await test.step("when it failed, with what to do", async () => {
    await expectWords(id, "This video couldn't be processed", /not a video/i);
  });
  // States that pass too quickly to be met: the server's own answer, a moment earlier.
  for (const [state, title, text] of [
    ["uploaded", "Next in line", "The video waits for its turn to be processed."],
    ["processing", "Almost there", "40 % are done. About 2 minutes left."],
  ] as const)
    await test.step(`while it is ${state}`, async () => {
      await watch.route(`**/api/videos/${id}/watch`, async (route) => {
        const answer = await route.fetch();
        const earlier = { state, failure: null, progress: 40, eta_seconds: 110 };
        await route.fulfill({ response: answer, json: { ...(await answer.json()), ...earlier } });
      });
      await expectWords(id, title, text);
      await watch.unrouteAll();
    });
});
