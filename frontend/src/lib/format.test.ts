/** Numbers as people read them. */
import { expect, it } from "vitest";
import { roughTimeLeft } from "./format";

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
