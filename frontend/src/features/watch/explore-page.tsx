/** Explore: what everyone published, newest first. */
import { t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, ButtonLink } from "@/ui/button";
import { ExploringFox } from "@/ui/characters";
import { More } from "@/ui/more";
import { EmptyState, Page } from "@/ui/page";
import { watchQueries } from "./queries";
import { VideoGrid, VideoGridSkeleton } from "./video-grid";

export function ExplorePage() {
  const explore = useInfiniteQuery(watchQueries.explore());
  const videos = explore.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <Page title={t`Explore`}>
      {explore.isPending && <VideoGridSkeleton label={t`Loading videos`} />}
      {explore.isError && videos.length === 0 && (
        <EmptyState
          picture={<ExploringFox />}
          title={t`Scout can't see a thing right now`}
          action={<Button onPress={() => void explore.refetch()}>{t`Look again`}</Button>}
        >
          {explore.error.message}
        </EmptyState>
      )}
      {explore.isSuccess && videos.length === 0 && (
        <EmptyState
          picture={<ExploringFox />}
          title={t`No public videos yet`}
          action={
            <ButtonLink look="primary" to="/workspace">
              {t`Start the trend: upload now!`}
            </ButtonLink>
          }
        >
          {t`Scout, our Explorer in Chief, looked everywhere and found none. Yours could be the first.`}
        </EmptyState>
      )}
      {videos.length > 0 && (
        <>
          <VideoGrid
            label={t`Videos`}
            videos={videos}
            withOwner
            onPosterBroken={() => explore.isStale && void explore.refetch()}
          />
          <More
            hasMore={explore.hasNextPage}
            isLoading={explore.isFetchingNextPage}
            failed={explore.isFetchNextPageError}
            onMore={() => void explore.fetchNextPage()}
          />
        </>
      )}
    </Page>
  );
}
