/** Numbers, sizes and times as people read them, in English and in Arabic. */
import { i18n } from "@lingui/core";
import { afterEach, describe, expect, it } from "vitest";
import { bytes, date, days, roughTimeLeft, spokenTime, timeAgo } from "./format";
import { speak } from "./language";

afterEach(() => i18n.activate("en", "en-US"));

it.each([
  [1, "less than a minute left"],
  [29, "less than a minute left"],
  [45, "about 1 minute left"],
  [100, "about 2 minutes left"],
  [3_590, "about 1 hour left"],
  [7_300, "about 2 hours left"],
])("says of %d seconds that it is %s", (seconds, words) => {
  expect(roughTimeLeft(seconds)).toBe(words);
});

it.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1_000, "1.0 kB"],
  [50_331_648, "50.3 MB"],
  [200_000_000, "200 MB"],
  [2_500_000_000_000_000, "2,500 TB"],
])("says of %d bytes that it is %s", (count, words) => {
  expect(bytes(count)).toBe(words);
});

it("says times as they are spoken", () => {
  expect(spokenTime(0)).toBe("0 seconds");
  expect(spokenTime(3_661)).toBe("1 hour 1 minute 1 second");
});

describe("in Arabic", () => {
  it("has a form for two and one for few, in Western digits", async () => {
    await speak("ar");
    expect(roughTimeLeft(120)).toContain("دقيقتان");
    expect(roughTimeLeft(180)).toContain("3 دقائق");
    expect(days(2)).toBe("يومان");
    expect(days(11)).toContain("11 يوم");
  });

  it("names sizes, dates and what was a while ago without a Latin letter", async () => {
    await speak("ar");
    const now = Date.parse("2026-11-26T12:00:00Z");
    const said = [bytes(1), bytes(1_500), bytes(50_331_648), date("2026-11-26T12:00:00Z")];
    said.push(timeAgo("2026-11-24T12:00:00Z", now), timeAgo("2026-11-26T12:00:00Z", now), spokenTime(3_661));
    for (const words of said) expect(words).toMatch(/^[^A-Za-z]*[\u0600-\u06ff][^A-Za-z]*$/);
  });
});
