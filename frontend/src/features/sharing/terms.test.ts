import { expect, it } from "vitest";
import type { ShareLink } from "@/lib/models";
import { canEndOn, draftOf, termsOf } from "./terms";

/** Noon, where the person is. */
const NOW = new Date(2026, 10, 26, 12).getTime();
const LINK = {
  name: "Grandma",
  has_passcode: true,
  max_views: 5,
  may_download: true,
  expires_at: new Date(2026, 11, 24, 18).toISOString(),
} as ShareLink;

it("ends 30 days from now unless said", () => {
  const draft = { ...draftOf(null, NOW), name: " Grandma " };
  expect(draft.lastDay).toBe("2026-12-26");
  expect(termsOf(draft, null)).toEqual({
    name: "Grandma",
    max_views: null,
    may_download: false,
    expires_at: new Date(2026, 11, 26, 23, 59, 59).toISOString(),
  });
});

it("tells neither an end nor a passcode that stay as they are", () => {
  const draft = draftOf(LINK, NOW);
  expect(draft.lastDay).toBe("2026-12-24");
  expect(termsOf({ ...draft, maxViews: "7" }, LINK)).toEqual({
    name: "Grandma",
    max_views: 7,
    may_download: true,
  });
  expect(
    termsOf(draftOf({ ...LINK, has_passcode: false }), { ...LINK, has_passcode: false }),
  ).not.toHaveProperty("passcode");
});

it("sets, changes and removes a passcode", () => {
  const open = { ...draftOf(LINK, NOW), keepsPasscode: false };
  expect(termsOf({ ...open, passcode: "tulips" }, LINK).passcode).toBe("tulips");
  expect(termsOf(open, LINK).passcode).toBeNull();
  expect(termsOf({ ...draftOf(null, NOW), passcode: "tulips" }, null).passcode).toBe("tulips");
});

it("can end from today on, for a year", () => {
  for (const day of ["2026-11-26", "2026-12-24", "2027-11-25"]) expect(canEndOn(day, NOW), day).toBe(true);
  for (const day of ["2026-11-25", "2027-11-26", "", "2026-02-31x"])
    expect(canEndOn(day, NOW), day).toBe(false);
});
