/** An owner's share links, and what a link opens. */
import { t } from "@lingui/core/macro";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, done, unwrap } from "@/lib/api";
import { ApiError } from "@/lib/api-error";
import type { SharedVideo, ShareLink } from "@/lib/models";
import { keys } from "@/lib/query";
import { toast } from "@/ui/toast";
import type { Terms } from "./terms";
import { forgetViewing, keepViewing, keptViewing } from "./viewing";

export const sharingQueries = {
  links: (videoId: string) =>
    queryOptions({
      queryKey: keys.links(videoId),
      queryFn: async ({ signal }) => {
        const path = { video_id: videoId };
        return (await unwrap(api.GET("/api/videos/{video_id}/links", { params: { path }, signal }))).items;
      },
      staleTime: 0, // others open them meanwhile
    }),
  shared: (token: string) =>
    queryOptions({
      queryKey: keys.shared(token),
      queryFn: async () => (await goOn(token)) ?? openLink(token),
      // Each opening is a view, and asking anew would empty the field of a passcode.
      staleTime: Number.POSITIVE_INFINITY,
      retry: false,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    }),
};

/** Counts a view. Its answer's cookies open the video's media. */
export async function openLink(token: string, passcode?: string): Promise<SharedVideo> {
  const body = passcode === undefined ? { token } : { token, passcode };
  return keepViewing(token, await unwrap(api.POST("/api/shared", { body })));
}

/** Sets the cookies anew, for so many seconds, without another view. */
export function renewShared(token: string, viewing: string): Promise<{ expires_in: number }> {
  return unwrap(api.POST("/api/shared/grant", { body: { token, viewing } }));
}

/** What this tab has opened before, as long as that lasts. */
async function goOn(token: string): Promise<SharedVideo | null> {
  const kept = keptViewing(token);
  if (!kept) return null;
  try {
    await renewShared(token, kept.viewing);
    return kept;
  } catch (error) {
    if (!isGone(error)) throw error;
    forgetViewing(token);
    return null;
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Saves the original, where the link allows that. */
export function useSharedDownload(token: string) {
  return useMutation({
    mutationFn: (viewing: string) => unwrap(api.POST("/api/shared/original", { body: { token, viewing } })),
    onSuccess: ({ url }) => location.assign(url),
  });
}

export function useGiveLink(videoId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (terms: Terms) =>
      unwrap(
        api.POST("/api/videos/{video_id}/links", { params: { path: { video_id: videoId } }, body: terms }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.links(videoId) }),
    meta: { quiet: true },
  });
}

export function useChangeLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, terms }: { id: string; terms: Terms }) =>
      unwrap(api.PATCH("/api/links/{link_id}", { params: { path: { link_id: id } }, body: terms })),
    onSuccess: async ({ video_id }) => {
      await client.invalidateQueries({ queryKey: keys.links(video_id) });
      toast(t`The link is changed.`, { tone: "good" });
    },
    meta: { quiet: true },
  });
}

export function useRevokeLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (link: ShareLink) =>
      done(api.DELETE("/api/links/{link_id}", { params: { path: { link_id: link.id } } })),
    onSuccess: () => toast(t`The link is revoked.`, { tone: "good" }),
    onSettled: (_done, _error, { video_id }) => client.invalidateQueries({ queryKey: keys.links(video_id) }),
  });
}
