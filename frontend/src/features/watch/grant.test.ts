import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { api } from "@/lib/api";
import { Grant } from "./grant";

const SECONDS = 60;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const lost = vi.fn();
  const answers: number[] = [];
  const post = vi.spyOn(api, "POST").mockImplementation(async () => {
    const status = answers.shift() ?? 200;
    const response = new Response(null, { status });
    if (status === 200) return { data: { expires_in: SECONDS }, response } as never;
    return { error: { code: "refused", detail: "No." }, response } as never;
  });
  return { grant: new Grant("video", lost), lost, answers, post };
}

it("is renewed before it is over, as long as somebody watches", async () => {
  const { grant, post } = setUp();
  await grant.renew();
  for (let renewals = 1; renewals <= 5; renewals += 1) {
    await vi.advanceTimersByTimeAsync(SECONDS * 1000 * 0.6);
    expect(post).toHaveBeenCalledTimes(1 + renewals);
  }
  grant.end();
  await vi.advanceTimersByTimeAsync(10 * SECONDS * 1000);
  expect(post).toHaveBeenCalledTimes(6);
});

it("asks again soon after a failure that passes, in time before the old one is over", async () => {
  const { grant, lost, answers, post } = setUp();
  await grant.renew();
  answers.push(503, 429);
  await vi.advanceTimersByTimeAsync(SECONDS * 1000 * 0.95);
  expect(post).toHaveBeenCalledTimes(4);
  expect(lost).not.toHaveBeenCalled();
});

it("says once that it is lost, and asks no more", async () => {
  const { grant, lost, answers, post } = setUp();
  await grant.renew();
  answers.push(404);
  await vi.advanceTimersByTimeAsync(10 * SECONDS * 1000);
  expect(lost).toHaveBeenCalledTimes(1);
  expect(post).toHaveBeenCalledTimes(2);
});

it("asks once for all who ask at the same time, and at once after a sleep", async () => {
  const { grant, post } = setUp();
  await Promise.all([grant.renew(), grant.renew()]);
  expect(post).toHaveBeenCalledTimes(1);
  grant.renewIfOver();
  expect(post).toHaveBeenCalledTimes(1);
  vi.setSystemTime(Date.now() + 3_600_000);
  grant.renewIfOver();
  await vi.advanceTimersByTimeAsync(0);
  expect(post).toHaveBeenCalledTimes(2);
});
