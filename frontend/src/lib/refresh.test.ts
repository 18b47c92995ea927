/** How often something is asked for when much changes. */
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { refresh } from "./refresh";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Something that a page shows, asked for once. */
async function shown(key: string) {
  const client = new QueryClient();
  const ask = vi.fn(async () => ask.mock.calls.length);
  const observer = new QueryObserver(client, {
    queryKey: [key],
    queryFn: ask,
    staleTime: Number.POSITIVE_INFINITY,
  });
  observer.subscribe(() => {});
  await vi.runAllTimersAsync();
  expect(ask).toHaveBeenCalledTimes(1);
  return { client, ask };
}

it("asks at once, and once more after a burst", async () => {
  const { client, ask } = await shown("usage");
  for (let change = 0; change < 50; change += 1) {
    refresh(client, { queryKey: ["usage"] });
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(ask).toHaveBeenCalledTimes(2);
  await vi.runAllTimersAsync();
  expect(ask).toHaveBeenCalledTimes(3);
});

it("does not ask again when nothing more has changed", async () => {
  const { client, ask } = await shown("usage");
  refresh(client, { queryKey: ["usage"] });
  await vi.runAllTimersAsync();
  expect(ask).toHaveBeenCalledTimes(2);
});

it("lets what is opened meanwhile ask by itself", async () => {
  const { client, ask } = await shown("usage");
  refresh(client, { queryKey: ["uploads"] });
  client.setQueryData(["uploads"], 0);
  refresh(client, { queryKey: ["uploads"] });
  expect(client.getQueryState(["uploads"])?.isInvalidated).toBe(true);
  expect(ask).toHaveBeenCalledTimes(1);
});
