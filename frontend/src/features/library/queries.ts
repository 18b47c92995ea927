/** The drive's lists and what can be done with a video. */
import { plural, t } from "@lingui/core/macro";
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, done, unwrap } from "@/lib/api";
import { problemSentence, sentenceOf } from "@/lib/api-error";
import type { BulkAction, Change, Listing, Video, Visibility } from "@/lib/models";
import { keys, paged } from "@/lib/query";
import { applyVideo, applyVideos, forgetVideo } from "@/lib/video-cache";
import { toast } from "@/ui/toast";

/** What fills a large screen; the following ones are longer, since whoever scrolls wants many. */
const PAGE = 30;
const NEXT_PAGE = 100;
/** So many the server changes with one request. */
const AT_ONCE = 100;

function page(cursor: string | null) {
  return cursor === null ? { limit: PAGE } : { limit: NEXT_PAGE, cursor };
}

/** Only what is asked for: a plain list has a plain address. */
function asked({ q, state, visibility, sort }: Listing) {
  return {
    ...(q && { q }),
    ...(state && { state }),
    ...(visibility && { visibility }),
    ...(sort !== "-created" && { sort }),
  };
}

export const libraryQueries = {
  mine: (listing: Listing) =>
    infiniteQueryOptions({
      queryKey: [...keys.videos, listing],
      queryFn: ({ pageParam, signal }) =>
        unwrap(
          api.GET("/api/videos", { params: { query: { ...asked(listing), ...page(pageParam) } }, signal }),
        ),
      ...paged,
    }),
  trash: () =>
    infiniteQueryOptions({
      queryKey: keys.trash,
      queryFn: ({ pageParam, signal }) =>
        unwrap(api.GET("/api/trash", { params: { query: page(pageParam) }, signal })),
      ...paged,
    }),
  receipts: () =>
    infiniteQueryOptions({
      queryKey: keys.receipts,
      queryFn: ({ pageParam, signal }) =>
        unwrap(api.GET("/api/trash/receipts", { params: { query: page(pageParam) }, signal })),
      ...paged,
      staleTime: 0,
    }),
  posters: (id: string, picture: string | null) =>
    queryOptions({
      // A new picture is one more to choose from.
      queryKey: [...keys.posters(id), picture],
      queryFn: ({ signal }) =>
        unwrap(api.GET("/api/videos/{video_id}/posters", { params: { path: { video_id: id } }, signal })),
      staleTime: 60_000, // their addresses live for 150 s at least
    }),
  details: (id: string) =>
    queryOptions({
      queryKey: keys.details(id),
      queryFn: ({ signal }) =>
        unwrap(api.GET("/api/videos/{video_id}/details", { params: { path: { video_id: id } }, signal })),
    }),
  usage: () =>
    queryOptions({
      queryKey: keys.usage,
      queryFn: ({ signal }) => unwrap(api.GET("/api/usage", { signal })),
    }),
};

export type VideoEdit = Partial<Pick<Video, "title" | "description" | "visibility" | "trash_at">>;

function byId(video: Pick<Video, "id">) {
  return { params: { path: { video_id: video.id } } };
}

/** Shows the change at once and takes it back if the server refuses. */
function useVideoMutation<Change>(
  send: (video: Video, change: Change) => Promise<Video>,
  expected: (video: Video, change: Change) => Video,
  { quiet = false, onDone }: { quiet?: boolean; onDone?: (after: Video, before: Video) => void } = {},
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ video, change }: { video: Video; change: Change }) => send(video, change),
    onMutate: ({ video, change }) => applyVideo(client, expected(video, change)),
    onSuccess: (video, { video: before }) => {
      applyVideo(client, video);
      // Here and not at the call: the row that called may be gone by now, and its callbacks with it.
      onDone?.(video, before);
      void client.invalidateQueries({ queryKey: keys.explore });
      void client.invalidateQueries({ queryKey: keys.watch(video.id) });
    },
    onError: async (_error, { video }) => {
      applyVideo(client, video);
      // It may be the server that knows better, not only the network that failed.
      await client.invalidateQueries({ queryKey: video.trashed_at ? keys.trash : keys.videos });
    },
    meta: { quiet },
  });
}

export function useEdit() {
  return useVideoMutation<VideoEdit>(
    (video, edit) =>
      unwrap(
        api.PATCH("/api/videos/{video_id}", {
          params: { path: { video_id: video.id }, header: { "if-match": `"${video.version}"` } },
          body: edit,
        }),
      ),
    (video, edit) => ({ ...video, ...edit }),
    { quiet: true },
  );
}

export function useChoosePoster() {
  return useVideoMutation<{ at_ms: number }>(
    (video, body) =>
      unwrap(
        api.PUT("/api/videos/{video_id}/poster", {
          params: { path: { video_id: video.id }, header: { "if-match": `"${video.version}"` } },
          body,
        }),
      ),
    (video) => video,
  );
}

export function usePublish() {
  return useVideoMutation<{ visibility: Visibility }>(
    (video, body) => unwrap(api.POST("/api/videos/{video_id}/publish", { ...byId(video), body })),
    (video, { visibility }) => ({
      ...video,
      visibility,
      published_at: video.published_at ?? new Date().toISOString(),
    }),
    { quiet: true },
  );
}

export function useUnpublish() {
  const publish = usePublish();
  return useVideoMutation<null>(
    (video) => unwrap(api.POST("/api/videos/{video_id}/unpublish", byId(video))),
    (video) => ({ ...video, published_at: null }),
    {
      onDone: (video, { visibility }) =>
        toast(t`“${video.title}” is a draft again.`, {
          action: { label: t`Undo`, onPress: () => publish.mutate({ video, change: { visibility } }) },
        }),
    },
  );
}

export function useRetry() {
  return useVideoMutation<null>(
    (video) => unwrap(api.POST("/api/videos/{video_id}/retry", byId(video))),
    (video) => ({ ...video, state: "uploaded", progress: null, failure: null }),
  );
}

export function useRestore() {
  return useVideoMutation<null>(
    (video) => unwrap(api.POST("/api/videos/{video_id}/restore", byId(video))),
    (video) => ({ ...video, trashed_at: null, purge_at: null }),
    { onDone: (video) => toast(t`“${video.title}” is back in your workspace.`, { tone: "good" }) },
  );
}

/** To the trash, with an undo instead of a question. */
export function useTrash() {
  const restore = useRestore();
  return useVideoMutation<null>(
    (video) => unwrap(api.DELETE("/api/videos/{video_id}", byId(video))),
    (video) => ({ ...video, trashed_at: new Date().toISOString() }),
    {
      onDone: (video) =>
        toast(t`“${video.title}” is in the trash.`, {
          action: { label: t`Undo`, onPress: () => restore.mutate({ video, change: null }) },
        }),
    },
  );
}

/** Out of the trash and out of the world. */
export function useDeleteForever() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (video: Video) => done(api.POST("/api/videos/{video_id}/purge", byId(video))),
    onMutate: (video) => forgetVideo(client, video.id),
    onSuccess: (_nothing, video) => toast(t`“${video.title}” is gone for good.`),
    onError: async (error) => {
      toast(sentenceOf(error), { tone: "bad" });
      await client.invalidateQueries({ queryKey: keys.trash });
    },
    meta: { quiet: true },
  });
}

/** Everything that is in it, loaded or not: the server goes through it by itself. */
export function useEmptyTrash() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => done(api.POST("/api/trash/empty")),
    onSuccess: () => {
      client.setQueryData(libraryQueries.trash().queryKey, (trash) =>
        trash ? { pages: [{ items: [], next_cursor: null }], pageParams: [null] } : undefined,
      );
      toast(t`The trash is being emptied.`);
    },
  });
}

interface Bulk {
  action: BulkAction;
  videos: readonly Video[];
  visibility?: Visibility;
}

/** "3 videos are in the trash." */
function told(action: BulkAction, count: number): string {
  switch (action) {
    case "visibility":
      return plural(count, { one: "# video is changed.", other: "# videos are changed." });
    case "publish":
      return plural(count, { one: "# video is published.", other: "# videos are published." });
    case "unpublish":
      return plural(count, { one: "# video is a draft again.", other: "# videos are drafts again." });
    case "trash":
      return plural(count, { one: "# video is in the trash.", other: "# videos are in the trash." });
    case "restore":
      return plural(count, {
        one: "# video is back in your workspace.",
        other: "# videos are back in your workspace.",
      });
    case "purge":
      return plural(count, { one: "# video is deleted for good.", other: "# videos are deleted for good." });
  }
}

function unchanged(count: number): string {
  return plural(count, { one: "# video couldn't be changed.", other: "# videos couldn't be changed." });
}

async function changeMany({ action, videos, visibility }: Bulk): Promise<Change[]> {
  const results: Change[] = [];
  for (let start = 0; start < videos.length; start += AT_ONCE) {
    const ids = videos.slice(start, start + AT_ONCE).map(({ id }) => id);
    const body = visibility ? { action, ids, visibility } : { action, ids };
    results.push(...(await unwrap(api.POST("/api/videos/bulk", { body: body as never }))).results);
  }
  return results;
}

/** Does one thing with many videos, says of how many it is true, and offers the way back where there is one. */
export function useBulk() {
  const client = useQueryClient();
  const undo = useMutation({
    mutationFn: (steps: readonly Bulk[]) => Promise.all(steps.map(changeMany)),
    onSuccess: (results) => settle(results.flat()),
  });

  function settle(results: readonly Change[]) {
    const gone = results.filter(({ video, problem }) => !video && (!problem || problem.status === 404));
    applyVideos(
      client,
      results.map(({ video }) => video).filter((video) => video !== null),
    );
    for (const { id } of gone) forgetVideo(client, id);
    void client.invalidateQueries({ queryKey: keys.explore });
  }

  return useMutation({
    mutationFn: changeMany,
    onSuccess: (results, bulk) => {
      settle(results);
      const refused = results.filter(({ problem }) => problem);
      const changed = new Set(results.filter(({ problem }) => !problem).map(({ id }) => id));
      const steps = wayBack({ ...bulk, videos: bulk.videos.filter(({ id }) => changed.has(id)) });
      if (changed.size > 0)
        toast(told(bulk.action, changed.size), {
          tone: bulk.action === "trash" ? "info" : "good",
          ...(steps.length > 0 && { action: { label: t`Undo`, onPress: () => undo.mutate(steps) } }),
        });
      const [first] = refused;
      if (first?.problem)
        toast(`${unchanged(refused.length)} ${problemSentence(first.problem)}`, { tone: "bad" });
    },
    // Of several requests the first ones may have been answered.
    onError: () => client.invalidateQueries({ predicate: ({ queryKey }) => LISTS.has(queryKey[0]) }),
  });
}

const LISTS = new Set<unknown>([keys.videos[0], keys.trash[0]]);

/** What brings back how it was, from how the videos looked before. */
function wayBack({ action, videos }: Bulk): Bulk[] {
  const published = videos.filter(({ published_at }) => published_at !== null);
  const drafts = videos.filter(({ published_at }) => published_at === null);
  const shown = (action: BulkAction, among: readonly Video[]): Bulk[] =>
    (["public", "unlisted", "private"] as const).map((visibility) => ({
      action,
      visibility,
      videos: among.filter((video) => video.visibility === visibility),
    }));
  const steps: Record<BulkAction, Bulk[]> = {
    trash: [{ action: "restore", videos }],
    restore: [{ action: "trash", videos }],
    visibility: shown("visibility", videos),
    publish: [{ action: "unpublish", videos: drafts }, ...shown("visibility", published)],
    unpublish: shown("publish", published),
    purge: [],
  };
  return steps[action].filter(({ videos: some }) => some.length > 0);
}

/** Saves the original under the name it came with; the browser shows how far it is. */
export function useDownload() {
  return useMutation({
    mutationFn: (video: Video) => unwrap(api.GET("/api/videos/{video_id}/original", byId(video))),
    onSuccess: ({ url }) => location.assign(url),
  });
}
