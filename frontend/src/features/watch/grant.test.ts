import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api-error";
import { Grant } from "./grant";

const SECONDS = 60;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const lost = vi.fn();
  const answers: number[] = [];
  const ask = vi.fn(async () => {
    const status = answers.shift() ?? 200;
    if (status !== 200) throw new ApiError(status, "refused", "No.");
    return { expires_in: SECONDS };
  });
  return { grant: new Grant(ask, lost), lost, answers, ask };
}

it("is renewed before it is over, as long as somebody watches", async () => {
  const { grant, ask } = setUp();
  await grant.renew();
  for (let renewals = 1; renewals <= 5; renewals += 1) {
    await vi.advanceTimersByTimeAsync(SECONDS * 1000 * 0.6);
    expect(ask).toHaveBeenCalledTimes(1 + renewals);
  }
  grant.end();
  await vi.advanceTimersByTimeAsync(10 * SECONDS * 1000);
  expect(ask).toHaveBeenCalledTimes(6);
});

it("asks again soon after a failure that passes, in time before the old one is over", async () => {
  const { grant, lost, answers, ask } = setUp();
  await grant.renew();
  answers.push(503, 429);
  await vi.advanceTimersByTimeAsync(SECONDS * 1000 * 0.95);
  expect(ask).toHaveBeenCalledTimes(4);
  expect(lost).not.toHaveBeenCalled();
});

it("says once that it is lost, and asks no more", async () => {
  const { grant, lost, answers, ask } = setUp();
  await grant.renew();
  answers.push(404);
  await vi.advanceTimersByTimeAsync(10 * SECONDS * 1000);
  expect(lost).toHaveBeenCalledTimes(1);
  expect(ask).toHaveBeenCalledTimes(2);
});

it("asks once for all who ask at the same time, and at once after a sleep", async () => {
  const { grant, ask } = setUp();
  await Promise.all([grant.renew(), grant.renew()]);
  expect(ask).toHaveBeenCalledTimes(1);
  grant.renewIfOver();
  expect(ask).toHaveBeenCalledTimes(1);
  vi.setSystemTime(Date.now() + 3_600_000);
  grant.renewIfOver();
  await vi.advanceTimersByTimeAsync(0);
  expect(ask).toHaveBeenCalledTimes(2);
});
