/** The drive's lists and what can be done with a video. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, done, unwrap } from "@/lib/api";
import { sentenceOf } from "@/lib/api-error";
import type { Video, Visibility } from "@/lib/models";
import { keys } from "@/lib/query";
import { applyVideo, forgetVideo } from "@/lib/video-cache";
import { toast } from "@/ui/toast";

const PAGE = 30;

function page(cursor: string | null) {
  return { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
}

export const libraryQueries = {
  mine: () =>
    infiniteQueryOptions({
      queryKey: keys.videos,
      queryFn: ({ pageParam, signal }) =>
        unwrap(api.GET("/api/videos", { params: { query: page(pageParam) }, signal })),
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next_cursor ?? null,
    }),
  trash: () =>
    infiniteQueryOptions({
      queryKey: keys.trash,
      queryFn: ({ pageParam, signal }) =>
        unwrap(api.GET("/api/trash", { params: { query: page(pageParam) }, signal })),
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next_cursor ?? null,
    }),
  posters: (id: string, picture: string | null) =>
    queryOptions({
      // A new picture is one more to choose from.
      queryKey: [...keys.posters(id), picture],
      queryFn: ({ signal }) =>
        unwrap(api.GET("/api/videos/{video_id}/posters", { params: { path: { video_id: id } }, signal })),
      staleTime: 60_000, // their addresses live for 150 s at least
    }),
  usage: () =>
    queryOptions({
      queryKey: keys.usage,
      queryFn: ({ signal }) => unwrap(api.GET("/api/usage", { signal })),
    }),
};

export type VideoEdit = Partial<Pick<Video, "title" | "description" | "visibility">>;

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
        toast(`“${video.title}” is a draft again.`, {
          action: { label: "Undo", onPress: () => publish.mutate({ video, change: { visibility } }) },
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
    { onDone: (video) => toast(`“${video.title}” is back in your workspace.`, { tone: "good" }) },
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
        toast(`“${video.title}” is in the trash.`, {
          action: { label: "Undo", onPress: () => restore.mutate({ video, change: null }) },
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
    onSuccess: (_nothing, video) => toast(`“${video.title}” is gone for good.`),
    onError: async (error) => {
      toast(sentenceOf(error), { tone: "bad" });
      await client.invalidateQueries({ queryKey: keys.trash });
    },
    meta: { quiet: true },
  });
}
