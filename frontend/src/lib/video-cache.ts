/** How a changed video reaches every list and detail that shows it. */
import { type InfiniteData, notifyManager, type QueryClient, type QueryKey } from "@tanstack/react-query";
import type { Listing, Me, Page, PublicVideo, Upload, Video, WatchVideo } from "./models";
import { keys } from "./query";
import { refresh } from "./refresh";

type Pages = InfiniteData<Page<Video>, string | null>;
type Cards = InfiniteData<Page<PublicVideo>, string | null>;
const SHELF = keys.userVideos("")[2];

/** A newer record replaces what is cached; an older one is a late echo and changes nothing. */
export function applyVideo(client: QueryClient, video: Video): void {
  for (const [key, pages] of driveLists(client)) {
    client.setQueryData<Pages>(key, fits(video, key) ? placed(pages, video, key) : without(pages, video.id));
  }
  client.setQueryData<Pages>(keys.trash, (pages) =>
    video.trashed_at ? placed(pages, video) : without(pages, video.id),
  );
  client.setQueryData<Video>(keys.video(video.id), (cached) => (cached ? newer(cached, video) : undefined));
  void client.invalidateQueries({ queryKey: keys.details(video.id) });
  refreshWatch(client, video);
  refreshCards(client, video);
  refreshUploads(client, video);
  if (settled(video)) refresh(client, { queryKey: keys.usage });
  else void client.invalidateQueries({ queryKey: keys.usage, refetchType: "none" });
}

/** Changes many at once; what shows them is drawn once. */
export function applyVideos(client: QueryClient, videos: readonly Video[]): void {
  notifyManager.batch(() => {
    for (const video of videos) applyVideo(client, video);
  });
}

function driveLists(client: QueryClient) {
  return client.getQueriesData<Pages>({ queryKey: keys.videos });
}

/** Whether the video belongs into the list, as the server would tell. */
function fits(video: Video, key: QueryKey): boolean {
  const listing = listingOf(key);
  if (video.trashed_at) return false;
  if (!listing) return true;
  if (listing.state && listing.state !== video.state) return false;
  if (listing.visibility && listing.visibility !== video.visibility) return false;
  const text = folded([video.title, video.file_name, video.description].join("\n"));
  return listing.q.split(/\s+/).every((word) => text.includes(folded(word)));
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function listingOf(key: QueryKey): Listing | undefined {
  return key[1] as Listing | undefined;
}

/** Whether a list shows this video without the picture it has, as after an event. */
export function lacksPicture(client: QueryClient, id: string): boolean {
  return driveLists(client).some(([, list]) =>
    list?.pages.some(({ items }) =>
      items.some((item) => item.id === id && item.picture != null && item.poster_url === null),
    ),
  );
}

/** Whether a change says that the picture its owner waits for could not be made. */
export function lostPicture(client: QueryClient, video: Video): boolean {
  const before = client.getQueryData<Video>(keys.video(video.id));
  return before?.picture_pending === true && !video.picture_pending && video.picture === before.picture;
}

export function forgetVideo(client: QueryClient, id: string): void {
  client.setQueriesData<Pages>({ queryKey: keys.videos }, (pages) => without(pages, id));
  client.setQueryData<Pages>(keys.trash, (pages) => without(pages, id));
  for (const [key, cards] of shelves(client)) client.setQueryData<Cards>(key, without(cards, id));
  client.setQueryData<Upload[]>(keys.uploads, (uploads) =>
    uploads?.filter(({ video_id }) => video_id !== id),
  );
  client.removeQueries({ queryKey: keys.upload(id) });
  client.removeQueries({ queryKey: keys.video(id), exact: true });
  refresh(client, { queryKey: keys.uploads, exact: true });
  refresh(client, { queryKey: keys.usage });
  refresh(client, { queryKey: keys.receipts });
  void client.invalidateQueries({ queryKey: keys.watch(id) });
}

/** After missed changes nothing cached can be trusted, except who is signed in. */
export function refetchEverything(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
}

function placed(pages: Pages | undefined, video: Video, key?: QueryKey): Pages | undefined {
  if (!pages) return undefined;
  const known = pages.pages.some((page) => page.items.some((item) => item.id === video.id));
  if (known) return mapItems(pages, video.id, (item) => newer(item, video));
  return added(pages, video, orderOf(video.trashed_at ? undefined : key && listingOf(key)));
}

/** What belongs behind the last loaded page comes with its own page. */
function added(pages: Pages, video: Video, order: (a: Video, b: Video) => number): Pages {
  const index = pages.pages.findIndex((page) => page.items.some((item) => order(video, item) < 0));
  const target = index >= 0 ? index : pages.pages.length - 1;
  const page = pages.pages[target];
  if (!page || (index < 0 && page.next_cursor)) return pages;
  const items = [...page.items, video].sort(order);
  return { ...pages, pages: pages.pages.with(target, { ...page, items }) };
}

const SORTED_BY: Record<string, (video: Video) => number | string> = {
  created: (video) => Date.parse(video.trashed_at ?? video.created_at),
  title: (video) => video.title.toLowerCase(),
  size: (video) => video.size_bytes + video.stored_bytes,
  duration: (video) => video.duration_ms ?? 0,
};

/** Newest first, unless the list says otherwise. */
function orderOf(listing: Listing | undefined): (a: Video, b: Video) => number {
  const sort = listing?.sort ?? "-created";
  const key = SORTED_BY[sort.replace("-", "")] ?? (() => 0);
  const turned = sort.startsWith("-") ? -1 : 1;
  return (a, b) => {
    const [one, other] = key(a) === key(b) ? [a.id, b.id] : [key(a), key(b)];
    return one === other ? 0 : one < other ? -turned : turned;
  };
}

function without<Item extends { id: string }>(
  pages: InfiniteData<Page<Item>, string | null> | undefined,
  id: string,
): InfiniteData<Page<Item>, string | null> | undefined {
  if (!pages?.pages.some((page) => page.items.some((item) => item.id === id))) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== id) })),
  };
}

/** Pages without the video stay the very same: nothing of them is drawn again. */
function mapItems<Item extends { id: string }>(
  pages: InfiniteData<Page<Item>, string | null>,
  id: string,
  change: (item: Item) => Item,
): InfiniteData<Page<Item>, string | null> {
  return {
    ...pages,
    pages: pages.pages.map((page) =>
      page.items.some((item) => item.id === id)
        ? { ...page, items: page.items.map((item) => (item.id === id ? change(item) : item)) }
        : page,
    ),
  };
}

function newer(cached: Video, incoming: Video): Video {
  if (incoming.version < cached.version) return cached;
  // Events carry no picture, and answers sign its address anew: keep the one on screen, or it would flicker.
  const samePicture = cached.poster_url !== null && cached.picture === incoming.picture;
  return samePicture ? { ...incoming, poster_url: cached.poster_url } : incoming;
}

function refreshWatch(client: QueryClient, video: Video): void {
  const cached = client.getQueryData<WatchVideo>(keys.watch(video.id));
  if (!cached) return;
  const changed =
    cached.state !== video.state ||
    (cached.early !== null) !== video.early ||
    cached.title !== video.title ||
    cached.description !== video.description ||
    cached.visibility !== video.visibility ||
    cached.published_at !== video.published_at ||
    video.trashed_at !== null;
  if (changed) void client.invalidateQueries({ queryKey: keys.watch(video.id) });
  else if (cached.state === "processing") {
    const { progress, eta_seconds = null } = video;
    client.setQueryData<WatchVideo>(keys.watch(video.id), { ...cached, progress, eta_seconds });
  }
}

function settled(video: Video): boolean {
  return video.state === "ready" || video.state === "failed" || video.state === "uploaded";
}

/** Explore and people's pages, where one's own published videos are seen too. */
function shelves(client: QueryClient): [QueryKey, Cards | undefined][] {
  return client.getQueriesData<Cards>({
    predicate: ({ queryKey: [kind, , part] }) => kind === keys.explore[0] || part === SHELF,
  });
}

function refreshCards(client: QueryClient, video: Video): void {
  const shown = video.published_at !== null && video.state === "ready" && video.trashed_at === null;
  for (const [key, cards] of shelves(client)) {
    if (!cards) continue;
    const known = cards.pages.some((page) => page.items.some(({ id }) => id === video.id));
    if (known && shown)
      client.setQueryData<Cards>(
        key,
        mapItems(cards, video.id, (card) => recent(card, video)),
      );
    else if (known) client.setQueryData<Cards>(key, without(cards, video.id));
    else if (shown && belongs(client, key, cards, video))
      void client.invalidateQueries({ queryKey: key, exact: true });
  }
}

/** Events carry no picture: a card keeps the one it has until somebody has asked for the new one. */
function recent(card: PublicVideo, video: Video): PublicVideo {
  const { title, description, visibility, published_at, duration_ms } = video;
  const samePicture = !video.poster_url || pathOf(video.poster_url) === pathOf(card.poster_url);
  const poster_url = samePicture ? card.poster_url : video.poster_url;
  return { ...card, title, description, visibility, published_at, duration_ms, poster_url };
}

/** Whether a list that does not show the video yet should: it is theirs, and not behind the last page loaded. */
function belongs(client: QueryClient, [, owner]: QueryKey, { pages }: Cards, video: Video): boolean {
  if (owner !== undefined && owner !== client.getQueryData<Me>(keys.me)?.id) return false;
  const last = pages.at(-1);
  const oldest = last?.items.at(-1)?.published_at;
  return !last?.next_cursor || Date.parse(video.published_at ?? "") > Date.parse(oldest ?? "");
}

function pathOf(address: string | null): string | undefined {
  return address?.split("?")[0];
}

/** Uploads that wait to be continued are listed apart from the drive. */
function refreshUploads(client: QueryClient, { state }: Video): void {
  if (state === "uploading" || state === "uploaded") refresh(client, { queryKey: keys.uploads, exact: true });
}
