import { beforeEach, expect, it, vi } from "vitest";
import type { SharedVideo } from "@/lib/models";
import { forgetViewing, keepViewing, keptViewing } from "./viewing";

const VIDEO: SharedVideo = {
  title: "Holiday",
  description: "",
  owner_name: "Ada",
  duration_ms: 12_000,
  width: 1280,
  height: 720,
  poster_url: "https://drive.example/media/1/2/card.webp?Policy=x&Signature=y",
  playback: { url: "/media/1/2/master.m3u8", type: "application/vnd.apple.mpegurl" },
  storyboard: null,
  may_download: false,
  viewing: "1700000000.abc",
  expires_in: 60,
};

beforeEach(() => sessionStorage.clear());

it("keeps what a link has opened, with a picture that goes by the cookies", () => {
  const kept = keepViewing("one", VIDEO);
  expect(kept).toEqual({ ...VIDEO, poster_url: "https://drive.example/media/1/2/card.webp" });
  expect(keptViewing("one")).toEqual(kept);
  expect(keptViewing("other")).toBeNull();
});

it("forgets what no longer goes on", () => {
  keepViewing("one", VIDEO);
  forgetViewing("one");
  expect(keptViewing("one")).toBeNull();
});

it("opens the link anew where what was kept can't be read", () => {
  for (const broken of ["{", "null", "1", '{"viewing": 1}', '{"viewing": "1.a"}']) {
    sessionStorage.setItem("streamtime.shared.one", broken);
    expect(keptViewing("one")).toBeNull();
  }
});

it("shows the video also where nothing may be kept", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("Forbidden", "SecurityError");
  });
  expect(keepViewing("one", VIDEO).title).toBe("Holiday");
  expect(keptViewing("one")).toBeNull();
});
