import { describe, expect, it } from "vitest";
import { parseStoryboard, tileAt } from "./storyboard";

const TEXT = `WEBVTT

00:00:00.000 --> 00:00:04.000
storyboard.jpg#xywh=0,0,160,90

00:00:04.000 --> 01:00:08.500
storyboard.jpg#xywh=160,90,160,90
`;
const tiles = parseStoryboard(TEXT, "https://drive.test/media/1/2/storyboard.vtt");

describe("a storyboard", () => {
  it("says which part of the sheet shows each span of time", () => {
    expect(tiles).toEqual([
      { start: 0, end: 4, url: "/media/1/2/storyboard.jpg", x: 0, y: 0, width: 160, height: 90 },
      { start: 4, end: 3608.5, url: "/media/1/2/storyboard.jpg", x: 160, y: 90, width: 160, height: 90 },
    ]);
  });

  it("has a picture for each time, also beyond its end", () => {
    expect([0, 3.9, 4, 9999].map((time) => tileAt(tiles, time)?.x)).toEqual([0, 0, 160, 160]);
    expect(tileAt([], 1)).toBeUndefined();
  });

  it("never leaves the drive, whatever it says", () => {
    const [tile] = parseStoryboard(
      "00:00.000 --> 00:01.000\nhttps://elsewhere.test/a.jpg#xywh=0,0,1,1",
      "https://drive.test/media/1/2/storyboard.vtt",
    );
    expect(tile?.url).toBe("/a.jpg");
  });
});
