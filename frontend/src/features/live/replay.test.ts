import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import type { LiveEvent } from "@/lib/models";
import { Replay } from "./replay";

function pending() {
  let resolve: (list: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((onAnswer, onFailure) => {
    resolve = onAnswer;
    reject = onFailure;
  });
  return { promise, resolve, reject };
}

function event(seq: number): LiveEvent {
  return { seq, kind: "video.changed", video_id: "a", video: null, at: "2026-01-01T00:00:00Z" };
}

it("tells again what a list that was being fetched may have missed, in order, and nothing else", async () => {
  const client = new QueryClient();
  const again: number[] = [];
  const replay = new Replay(client, (events) => again.push(...events.map(({ seq }) => seq)));
  const answer = pending();
  replay.told([event(1)]);
  const fetched = client.fetchQuery({ queryKey: ["videos"], queryFn: () => answer.promise });
  replay.told([event(2)]);
  client.setQueryData(["trash"], "by hand");
  replay.told([event(3)]);
  expect(again).toEqual([]);
  answer.resolve("an old list");
  await fetched;
  expect(again).toEqual([2, 3]);
  await client.fetchQuery({ queryKey: ["videos"], queryFn: async () => "a new list", staleTime: 0 });
  expect(again).toEqual([2, 3]);
});

it("forgets what was told while a fetch failed, and everything once it is stopped", async () => {
  const client = new QueryClient();
  const again: number[] = [];
  const replay = new Replay(client, (events) => again.push(...events.map(({ seq }) => seq)));
  const fetchOnce = (queryFn: () => Promise<string>) =>
    client.fetchQuery({ queryKey: ["videos"], queryFn, retry: false });
  const failure = pending();
  const failed = fetchOnce(() => failure.promise);
  replay.told([event(1)]);
  failure.reject(new Error("cut"));
  await expect(failed).rejects.toThrow("cut");
  await fetchOnce(async () => "a list");
  expect(again).toEqual([]);

  const late = pending();
  const fetched = fetchOnce(() => late.promise);
  replay.told([event(2)]);
  replay.stop();
  late.resolve("a list");
  await fetched;
  expect(again).toEqual([]);
});
