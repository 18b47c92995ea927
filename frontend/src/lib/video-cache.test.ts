/** How changed videos reach the lists. */
import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import type { Listing, PublicVideo, Video } from "./models";
import { keys } from "./query";
import { applyVideo, forgetVideo, lostPicture } from "./video-cache";

function video(id: string, change: Partial<Video> = {}): Video {
  return {
    id,
    title: id,
    created_at: `2026-01-0${id.length}T00:00:00Z`,
    trashed_at: null,
    picture: "one",
    poster_url: null,
    revision: 1,
    version: 1,
    ...change,
  } as Video;
}

function cache(videos: Video[], trash: Video[] = [], next: string | null = null): QueryClient {
  const client = new QueryClient();
  const pages = (items: Video[], next_cursor: string | null) => ({
    pages: [{ items, next_cursor }],
    pageParams: [null],
  });
  client.setQueryData(keys.videos, pages(videos, next));
  client.setQueryData(keys.trash, pages(trash, null));
  return client;
}

function list(client: QueryClient, key: readonly string[]): Video[] {
  const data = client.getQueryData<{ pages: { items: Video[] }[] }>(key);
  return data?.pages.flatMap(({ items }) => items) ?? [];
}

const ids = (client: QueryClient, key: readonly string[]) => list(client, key).map(({ id }) => id);

it("replaces an older record and ignores a late echo", () => {
  const client = cache([video("a", { version: 3 })]);
  applyVideo(client, video("a", { version: 4, title: "new" }));
  applyVideo(client, video("a", { version: 2, title: "late" }));
  expect(list(client, keys.videos)[0]?.title).toBe("new");
});

it("puts a new video where it belongs", () => {
  const client = cache([video("ccc"), video("a")]);
  applyVideo(client, video("bb"));
  applyVideo(client, video("dddd"));
  expect(ids(client, keys.videos)).toEqual(["dddd", "ccc", "bb", "a"]);
});

it("leaves a video out that belongs on a page not loaded yet", () => {
  const client = cache([video("ccc"), video("bb")], [], "more");
  applyVideo(client, video("a"));
  expect(ids(client, keys.videos)).toEqual(["ccc", "bb"]);
});

it("knows when a picture that is waited for does not come", () => {
  const client = cache([]);
  client.setQueryData(keys.video("a"), video("a", { picture_pending: true }));
  const waited = [
    video("a", { version: 2, picture_pending: true }),
    video("a", { version: 2, picture_pending: false, picture: "other" }),
    video("a", { version: 2, picture_pending: false }),
  ];
  expect(waited.map((change) => lostPicture(client, change))).toEqual([false, false, true]);
});

it("moves a video to the trash and back", () => {
  const client = cache([video("a")]);
  applyVideo(client, video("a", { version: 2, trashed_at: "2026-02-01T00:00:00Z" }));
  expect([ids(client, keys.videos), ids(client, keys.trash)]).toEqual([[], ["a"]]);
  applyVideo(client, video("a", { version: 3 }));
  expect([ids(client, keys.videos), ids(client, keys.trash)]).toEqual([["a"], []]);
});

it("keeps the picture on screen while it is the same", () => {
  const client = cache([video("a", { poster_url: "/one" })]);
  applyVideo(client, video("a", { version: 2, poster_url: "/two" }));
  expect(list(client, keys.videos)[0]?.poster_url).toBe("/one");
  applyVideo(client, video("a", { version: 3, poster_url: "/three", picture: "other" }));
  expect(list(client, keys.videos)[0]?.poster_url).toBe("/three");
});

it("forgets a removed video everywhere", () => {
  const client = cache([video("a")], [video("bb", { trashed_at: "2026-02-01T00:00:00Z" })]);
  client.setQueryData(keys.uploads, [{ video_id: "a" }, { video_id: "ccc" }]);
  client.setQueryData(keys.upload("a"), { video_id: "a" });
  forgetVideo(client, "a");
  forgetVideo(client, "bb");
  expect([ids(client, keys.videos), ids(client, keys.trash)]).toEqual([[], []]);
  expect(client.getQueryData(keys.uploads)).toEqual([{ video_id: "ccc" }]);
  expect(client.getQueryData(keys.upload("a"))).toBeUndefined();
});

function shelf(
  client: QueryClient,
  key: readonly string[],
  items: Partial<PublicVideo>[],
  next: string | null,
) {
  client.setQueryData(key, { pages: [{ items, next_cursor: next }], pageParams: [null] });
}

const published = {
  state: "ready",
  published_at: "2026-01-05T00:00:00Z",
  description: "",
  duration_ms: 1,
} as const;

it("changes the cards of Explore and of a person's page", () => {
  const client = cache([]);
  const card = { id: "a", title: "old", poster_url: "/media/a/1/card.jpg?Signature=1" };
  for (const key of [keys.explore, keys.userVideos("me")]) shelf(client, key, [card, { id: "x" }], null);
  applyVideo(client, video("a", { ...published, title: "new", visibility: "unlisted" }));
  for (const key of [keys.explore, keys.userVideos("me")]) {
    expect(list(client, key)[0]).toMatchObject({
      title: "new",
      visibility: "unlisted",
      poster_url: card.poster_url,
    });
    expect(list(client, key)[1]).toEqual({ id: "x" });
  }
  const poster_url = "/media/a/2/card.jpg?Signature=2";
  applyVideo(client, video("a", { ...published, poster_url }));
  expect(list(client, keys.explore)[0]?.poster_url).toBe(poster_url);
});

it.each([
  ["trashed", { ...published, trashed_at: "2026-02-01T00:00:00Z" }],
  ["a draft again", { ...published, published_at: null }],
])("takes a card away when its video is %s", (_why, change) => {
  const client = cache([]);
  shelf(client, keys.explore, [{ id: "a" }, { id: "x" }], null);
  applyVideo(client, video("a", change));
  expect(ids(client, keys.explore)).toEqual(["x"]);
});

it("takes a card away when its video is gone", () => {
  const client = cache([]);
  shelf(client, keys.userVideos("me"), [{ id: "a" }], null);
  forgetVideo(client, "a");
  expect(ids(client, keys.userVideos("me"))).toEqual([]);
});

it("asks for the lists in which a video that is published now belongs, and for no other", () => {
  const client = cache([]);
  client.setQueryData(keys.me, { id: "me" });
  const newer = [{ id: "x", published_at: "2026-01-06T00:00:00Z" }];
  const older = [{ id: "x", published_at: "2026-01-04T00:00:00Z" }];
  shelf(client, keys.explore, older, "more");
  shelf(client, keys.userVideos("me"), newer, "more");
  shelf(client, keys.userVideos("other"), older, null);
  applyVideo(client, video("a", published));
  const asked = (key: readonly string[]) => client.getQueryState(key)?.isInvalidated;
  expect([keys.explore, keys.userVideos("me"), keys.userVideos("other")].map(asked)).toEqual([
    true,
    false,
    false,
  ]);
});

it("keeps each list of the drive to what is looked for in it, and to its order", () => {
  const client = cache([video("a")]);
  const listings: Record<string, Listing> = {
    failed: { q: "", state: "failed", visibility: null, sort: "-created" },
    byTitle: { q: "", state: null, visibility: null, sort: "title" },
    largest: { q: "", state: null, visibility: null, sort: "-size" },
    found: { q: "ОТПУСК 0%", state: null, visibility: null, sort: "-created" },
  };
  const keyOf = (listing: Listing) => [...keys.videos, listing] as unknown as string[];
  const known = video("a", { state: "failed", title: "М", size_bytes: 5, stored_bytes: 0 });
  for (const listing of Object.values(listings)) {
    const page = { items: [known], next_cursor: null };
    client.setQueryData(keyOf(listing), { pages: [page], pageParams: [null] });
  }
  applyVideo(client, { ...known, version: 2, state: "ready" });
  const facts = { description: "Отпуск", file_name: "100%.mp4", size_bytes: 4, stored_bytes: 2 };
  applyVideo(client, video("bb", { state: "failed", title: "a", ...facts }));
  const shown = Object.entries(listings).map(([name, listing]) => [name, ids(client, keyOf(listing))]);
  expect(Object.fromEntries(shown)).toEqual({
    failed: ["bb"],
    byTitle: ["bb", "a"],
    largest: ["bb", "a"],
    found: ["bb"],
  });
});
