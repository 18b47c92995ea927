/** The pictures over the seek bar. */
import { expect, expectAccessible, openActions, test, uploadSample } from "./fixtures";

test("whoever seeks sees where to: with the mouse and with the keyboard", async ({
  member: { page },
}, info) => {
  const title = await uploadSample(page);
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await openActions(page, title, "Watch");
  const bar = page.getByRole("slider", { name: "Position" });
  const preview = page.getByTestId("preview");
  const picture = preview.locator("div");
  await expect(page.getByText("0:12").first()).toBeVisible();
  await expect(preview).toBeHidden();
  expect(fetched.filter((path) => path.includes("storyboard"))).toEqual([]);

  await bar.hover({ position: { x: 3, y: 8 } });
  await expect(preview).toContainText("0:00");
  await expect(picture).toHaveCSS("background-image", /storyboard\.jpg"\)$/);
  await expect(picture).toHaveCSS("background-position", "0px 0px");
  await expect(picture).toHaveCSS("width", "160px");
  const { width = 0, x = 0, y = 0 } = (await bar.boundingBox()) ?? {};
  await page.mouse.move(x + width / 2, y + 8);
  await expect(preview).toContainText("0:06");
  await expect(picture).toHaveCSS("background-position", "-960px 0px");
  await expectAccessible(page);
  await info.attach("hover", { body: await page.screenshot(), contentType: "image/png" });
  await page.mouse.move(x + width - 1, y + 8);
  const frame = (await page.getByRole("region", { name: /^Player/ }).boundingBox()) ?? { x: 0, width: 0 };
  const shown = (await picture.boundingBox()) ?? { x: 0, width: 0 };
  expect(shown.x + shown.width, "the picture stays inside").toBeLessThanOrEqual(frame.x + frame.width);
  await page.mouse.move(x + width / 2, y - 200);
  await expect(preview).toBeHidden();

  await page.getByRole("region", { name: /^Player/ }).focus();
  await page.keyboard.press("Tab");
  await expect(bar).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(preview).toContainText("0:05");
  await expect(picture).toHaveCSS("background-position", "-800px 0px");
  await page.keyboard.press("Tab");
  await expect(preview).toBeHidden();
});

test.describe("on a phone", () => {
  test.use({ hasTouch: true, viewport: { width: 390, height: 844 } });

  test("a finger on the bar shows where it is, and takes the picture away with it", async ({
    member: { page, context },
  }, info) => {
    const title = await uploadSample(page);
    await openActions(page, title, "Watch");
    const bar = page.getByRole("slider", { name: "Position" });
    const preview = page.getByTestId("preview");
    const picture = preview.locator("div");
    await expect(page.getByText("0:12").first()).toBeVisible();
    const { x, y, width } = (await bar.boundingBox()) ?? { x: 0, y: 0, width: 0 };
    const finger = await context.newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", across?: number) =>
      finger.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: across === undefined ? [] : [{ x: x + width * across, y: y + 8 }],
      });

    await touch("touchStart", 0.5);
    await expect(preview).toContainText("0:06");
    await expect(picture).toHaveCSS("background-image", /storyboard\.jpg"\)$/);
    await expect(picture).toHaveCSS("background-position", "-960px 0px");
    await touch("touchMove", 0.999);
    await expect(preview).toContainText("0:12");
    const shown = (await picture.boundingBox()) ?? { x: 0, width: 0 };
    expect(shown.x, "the picture stays on the screen").toBeGreaterThanOrEqual(0);
    expect(shown.x + shown.width).toBeLessThanOrEqual(390);
    await info.attach("touch", { body: await page.screenshot(), contentType: "image/png" });
    await touch("touchMove", 0.25);
    await expect(preview).toContainText("0:03");
    await touch("touchEnd");
    await expect(preview).toBeHidden();
    const video = page.locator("video");
    const time = () => video.evaluate((element: HTMLVideoElement) => element.currentTime);
    await expect.poll(time, "the video goes on where the finger was").toBeGreaterThan(2);
    expect(await time()).toBeLessThan(6);
  });
});
