import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api-error";
import { SavedPosition } from "./saved-position";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function told() {
  const save = vi.fn(async (_position: number) => {});
  return { save, saved: new SavedPosition(save), places: () => save.mock.calls.map(([place]) => place) };
}

it("tells at once, then at most every ten seconds while it plays", () => {
  const { saved, places } = told();
  for (let second = 0; second <= 25; second += 1) {
    saved.moved(second);
    vi.advanceTimersByTime(1_000);
  }
  expect(places()).toEqual([0, 10_000, 20_000]);
});

it("tells at once when somebody stops, and the same place only once", () => {
  const { saved, places } = told();
  saved.moved(1);
  saved.stopped(2.3456);
  saved.stopped(2.3456);
  expect(places()).toEqual([1_000, 2_346]);
});

it("goes on after the line broke, and stops where nobody may watch any more", async () => {
  const { save, saved, places } = told();
  save.mockRejectedValueOnce(ApiError.offline(new Error("cut")));
  saved.stopped(1);
  await vi.advanceTimersByTimeAsync(0);
  save.mockRejectedValueOnce(new ApiError(404, "not_found", "Gone."));
  saved.stopped(2);
  await vi.advanceTimersByTimeAsync(0);
  saved.stopped(3);
  expect(places()).toEqual([1_000, 2_000]);
});
