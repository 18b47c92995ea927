/** What one person published. */
import { t } from "@lingui/core/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { ApiError } from "@/lib/api-error";
import { ExploringFox } from "@/ui/characters";
import { More } from "@/ui/more";
import { EmptyState, Page } from "@/ui/page";
import { Unreadable } from "@/ui/unreadable";
import { watchQueries } from "./queries";
import { VideoGrid, VideoGridSkeleton } from "./video-grid";

export function UserPage() {
  const { userId = "" } = useParams();
  const user = useQuery(watchQueries.user(userId));
  const shelf = useInfiniteQuery(watchQueries.userVideos(userId));
  const videos = shelf.data?.pages.flatMap((page) => page.items) ?? [];
  const error = user.error ?? (videos.length === 0 ? shelf.error : null);

  if (error) {
    if (error instanceof ApiError && error.status === 404)
      return (
        <EmptyState isPage picture={<ExploringFox />} title={t`Nobody goes by this address`}>
          {t`The page may have moved, or it never was.`}
        </EmptyState>
      );
    return (
      <Unreadable
        isPage
        title={t`This page can't be shown right now`}
        error={error}
        onRetry={() => {
          void user.refetch();
          void shelf.refetch();
        }}
      />
    );
  }
  return (
    <Page title={user.data?.display_name ?? "…"}>
      {shelf.isPending ? (
        <VideoGridSkeleton label={t`Loading videos`} />
      ) : videos.length > 0 ? (
        <>
          <VideoGrid
            label={t`Videos of ${user.data?.display_name ?? "…"}`}
            videos={videos}
            onPosterBroken={() => shelf.isStale && void shelf.refetch()}
          />
          <More
            hasMore={shelf.hasNextPage}
            isLoading={shelf.isFetchingNextPage}
            failed={shelf.isFetchNextPageError}
            onMore={() => void shelf.fetchNextPage()}
          />
        </>
      ) : (
        <EmptyState picture={<ExploringFox />} title={t`Nothing published yet`}>
          {t`Come back later: the best ones take time.`}
        </EmptyState>
      )}
    </Page>
  );
}
