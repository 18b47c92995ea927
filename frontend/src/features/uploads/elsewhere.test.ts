/** What other devices send: heard, shown, and forgotten when they fall silent. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Elsewhere } from "./elsewhere";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("shows the latest of each upload, and each until its device is silent", () => {
  const elsewhere = new Elsewhere();
  const shown: Record<string, number>[] = [];
  elsewhere.subscribe(() => shown.push(Object.fromEntries(elsewhere.snapshot())));
  elsewhere.heard({ first: 1, second: 10 });
  vi.advanceTimersByTime(10_000);
  elsewhere.heard({ first: 2 });
  vi.advanceTimersByTime(60_000);
  expect(shown).toEqual([{ first: 1, second: 10 }, { first: 2, second: 10 }, { first: 2 }, {}]);
});
