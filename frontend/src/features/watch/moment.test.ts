import { describe, expect, it } from "vitest";
import { beginning, parseMoment } from "./moment";

describe("a moment in a link", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["1m30s", 90],
    ["1M30S", 90],
    ["2m", 120],
    ["1h2m3s", 3723],
    ["1h3", 3603],
    ["1:30", 90],
    ["1:02:03", 3723],
    ["0", 0],
  ])("%s is %d seconds", (text, seconds) => expect(parseMoment(text)).toBe(seconds));

  it.each([null, "", "soon", "-5", "1.5", "m", "s", "1s2m", ":", "1:2", "9 0"])("%s is none", (text) =>
    expect(parseMoment(text)).toBeNull(),
  );
});

describe("a video begins", () => {
  it("where the link says, whatever was watched before", () => {
    expect(beginning("1m30s", 20_000, 600_000)).toEqual({ seconds: 90, resumed: false });
    expect(beginning("0", 20_000, 600_000)).toEqual({ seconds: 0, resumed: false });
  });

  it("at its start when the link points behind its end", () => {
    expect(beginning("99999", null, 12_000)).toEqual({ seconds: 0, resumed: false });
  });

  it("where its viewer stopped", () => {
    expect(beginning(null, 6_500, 12_000)).toEqual({ seconds: 6.5, resumed: true });
    expect(beginning("nonsense", 6_500, null)).toEqual({ seconds: 6.5, resumed: true });
  });

  it.each([
    ["nobody is signed in", null, 600_000],
    ["it was hardly begun", 2_900, 600_000],
    ["it was watched to its end", 600_000, 600_000],
    ["only the credits were left", 7_000_000, 7_200_000],
  ])("at its start when %s", (_why, position, duration) =>
    expect(beginning(null, position, duration)).toEqual({ seconds: 0, resumed: false }),
  );
});
