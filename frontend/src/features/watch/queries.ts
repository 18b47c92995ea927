/** What everyone may see: Explore, a person's page, one video. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api";
import { keys } from "@/lib/query";

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
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next_cursor ?? null,
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
      initialPageParam: null as string | null,
      getNextPageParam: (last) => last.next_cursor ?? null,
    }),
  video: (id: string) =>
    queryOptions({
      queryKey: keys.watch(id),
      queryFn: ({ signal }) =>
        unwrap(api.GET("/api/videos/{video_id}/watch", { params: { path: { video_id: id } }, signal })),
    }),
};
