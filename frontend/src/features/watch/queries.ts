/** What everyone may see: Explore, a person's page, one video. */
import { t } from "@lingui/core/macro";
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api";
import { firstBody } from "@/lib/first-answer";
import type { Page, PublicVideo, Video, WatchVideo } from "@/lib/models";
import { keys, paged } from "@/lib/query";
import { applyVideo } from "@/lib/video-cache";
import { toast } from "@/ui/toast";

const PAGE = 24;

function page(cursor: string | null) {
  return { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
}

export const watchQueries = {
  explore: () =>
    infiniteQueryOptions({
      queryKey: keys.explore,
      queryFn: ({ pageParam, signal }) =>
        unwrap(api.GET("/api/explore", { params: { query: page(pageParam) }, signal })),
      initialData: () => {
        const first = firstBody<Page<PublicVideo>>(`/api/explore?limit=${PAGE}`);
        return first && { pages: [first], pageParams: [null] };
      },
      ...paged,
    }),
  user: (id: string) =>
    queryOptions({
      queryKey: keys.user(id),
      queryFn: ({ signal }) =>
        unwrap(api.GET("/api/users/{user_id}", { params: { path: { user_id: id } }, signal })),
    }),
  userVideos: (id: string) =>
    infiniteQueryOptions({
      queryKey: keys.userVideos(id),
      queryFn: ({ pageParam, signal }) =>
        unwrap(
          api.GET("/api/users/{user_id}/videos", {
            params: { path: { user_id: id }, query: page(pageParam) },
            signal,
          }),
        ),
      ...paged,
    }),
  video: (id: string) =>
    queryOptions({
      queryKey: keys.watch(id),
      queryFn: ({ signal }) =>
        unwrap(api.GET("/api/videos/{video_id}/watch", { params: { path: { video_id: id } }, signal })),
      initialData: () => firstBody<WatchVideo>(`/api/videos/${id}/watch`),
      // Asked anew each time it is opened: it may have been watched further on another device.
      gcTime: 0,
    }),
};

/** Sets the cookies that open the video's media, for so many seconds. */
export function grantOf(id: string): Promise<{ expires_in: number }> {
  return unwrap(api.POST("/api/videos/{video_id}/grant", { params: { path: { video_id: id } } }));
}

/** Makes a moment of one's own video its picture: one there is at once, another when it has been made. */
export function useTakePicture() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, seconds }: { id: string; seconds: number }) => {
      const path = { video_id: id };
      const before = await unwrap(api.GET("/api/videos/{video_id}", { params: { path } }));
      const last = (before.duration_ms ?? 0) - 1;
      return unwrap(
        api.PUT("/api/videos/{video_id}/poster", {
          params: { path, header: { "if-match": `"${before.version}"` } },
          body: { at_ms: Math.max(0, Math.min(last, Math.round(seconds * 1000))) },
        }),
      );
    },
    onSuccess: (video) => {
      client.setQueryData<Video>(keys.video(video.id), video); // so that it shows whether the picture comes
      applyVideo(client, video);
      toast(
        video.picture_pending
          ? t`The picture is being made. It changes by itself.`
          : t`This moment is the picture now.`,
        { tone: "good" },
      );
    },
  });
}
