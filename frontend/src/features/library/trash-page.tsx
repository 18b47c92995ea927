/** What was deleted, until it is gone for good. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import * as format from "@/lib/format";
import type { Video } from "@/lib/models";
import { Button } from "@/ui/button";
import { EmptyBin } from "@/ui/characters";
import { ConfirmDialog } from "@/ui/dialog";
import { More } from "@/ui/more";
import { EmptyState, Page } from "@/ui/page";
import { Thumbnail } from "@/ui/thumbnail";
import { libraryQueries, useDeleteForever, useRestore } from "./queries";
import { VideoRowSkeleton } from "./video-row";

export function TrashPage() {
  const trash = useInfiniteQuery(libraryQueries.trash());
  const restore = useRestore();
  const deleteForever = useDeleteForever();
  const [doomed, setDoomed] = useState<Video | null>(null);
  const videos = trash.data?.pages.flatMap((page) => page.items) ?? [];

  return (
    <Page title="Trash">
      {trash.isPending && (
        <ul aria-busy="true" aria-label="Loading the trash" className="flex flex-col gap-3">
          <VideoRowSkeleton />
          <VideoRowSkeleton />
        </ul>
      )}
      {trash.isError && videos.length === 0 && (
        <EmptyState
          picture={<EmptyBin />}
          title="The trash can't be shown right now"
          action={<Button onPress={() => void trash.refetch()}>Try again</Button>}
        >
          {trash.error.message}
        </EmptyState>
      )}
      {trash.isSuccess && videos.length === 0 && (
        <EmptyState picture={<EmptyBin />} title="Nothing in here">
          What you delete waits here for a while, so that you can change your mind.
        </EmptyState>
      )}
      {videos.length > 0 && (
        <>
          <ul aria-label="Videos in the trash" className="flex flex-col gap-3">
            {videos.map((video) => (
              <li
                key={video.id}
                aria-label={video.title}
                className="grid grid-cols-[7.5rem_minmax(0,1fr)] items-center gap-x-4 gap-y-3 rounded-3xl border border-line bg-surface p-3 shadow-card sm:grid-cols-[10rem_minmax(0,1fr)_auto]"
              >
                <Thumbnail
                  src={video.poster_url}
                  badge={video.duration_ms === null ? null : format.clock(video.duration_ms)}
                  className="opacity-75 grayscale"
                />
                <div className="min-w-0">
                  <h2 className="line-clamp-2 break-words font-semibold">{video.title}</h2>
                  <p className="text-muted text-sm">
                    {format.bytes(video.size_bytes + video.stored_bytes)}
                    {video.purge_at && <> · {daysLeft(video.purge_at)}</>}
                  </p>
                </div>
                <div className="col-span-2 flex flex-wrap justify-end gap-2 sm:col-span-1">
                  <Button
                    size="small"
                    icon={RotateCcw}
                    onPress={() => restore.mutate({ video, change: null })}
                  >
                    Restore
                  </Button>
                  <Button size="small" icon={Trash2} onPress={() => setDoomed(video)}>
                    Delete forever
                  </Button>
                </div>
              </li>
            ))}
          </ul>
          <More
            hasMore={trash.hasNextPage}
            isLoading={trash.isFetchingNextPage}
            failed={trash.isFetchNextPageError}
            onMore={() => void trash.fetchNextPage()}
          />
        </>
      )}
      <ConfirmDialog
        title="Delete forever?"
        isOpen={doomed !== null}
        onClose={() => setDoomed(null)}
        onConfirm={() => doomed && deleteForever.mutate(doomed)}
        confirm="Delete forever"
      >
        <p>
          “{doomed?.title}”, its original and everything made from it will be removed. Nobody can bring them
          back.
        </p>
      </ConfirmDialog>
    </Page>
  );
}

function daysLeft(purgeAt: string): string {
  const days = format.daysUntil(purgeAt);
  return days === 0 ? "deleted today" : `${format.plural(days, "day")} left`;
}
