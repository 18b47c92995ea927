/** What was deleted, until it is gone for good. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { RotateCcw, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { Collection } from "react-aria-components/Collection";
import { GridList, GridListItem, GridListLoadMoreItem, type Selection } from "react-aria-components/GridList";
import { ListLayout, Virtualizer } from "react-aria-components/Virtualizer";
import * as format from "@/lib/format";
import type { Video } from "@/lib/models";
import { Button } from "@/ui/button";
import { EmptyBin } from "@/ui/characters";
import { RowCheckbox } from "@/ui/checkbox";
import { ConfirmDialog } from "@/ui/dialog";
import { EmptyState, Page } from "@/ui/page";
import { Thumbnail } from "@/ui/thumbnail";
import { libraryQueries, useDeleteForever, useEmptyTrash, useRestore } from "./queries";
import { Receipts } from "./receipts";
import { selectedOf, TrashSelection } from "./selection";
import { VideoRowSkeleton } from "./video-row";

const LAYOUT = { estimatedRowSize: 116, gap: 12 };

export function TrashPage() {
  const trash = useInfiniteQuery(libraryQueries.trash());
  const restore = useRestore();
  const deleteForever = useDeleteForever();
  const [doomed, setDoomed] = useState<Video | null>(null);
  const [selection, setSelection] = useState<Selection>(new Set());
  const videos = useMemo(() => trash.data?.pages.flatMap((page) => page.items) ?? [], [trash.data]);

  return (
    <Page title={t`Trash`} actions={videos.length > 0 && <EmptyTrash />}>
      {trash.isPending && (
        <ul aria-busy="true" aria-label={t`Loading the trash`} className="flex flex-col gap-3">
          <VideoRowSkeleton />
          <VideoRowSkeleton />
        </ul>
      )}
      {trash.isError && videos.length === 0 && (
        <EmptyState
          picture={<EmptyBin />}
          title={t`The trash can't be shown right now`}
          action={<Button onPress={() => void trash.refetch()}>{t`Try again`}</Button>}
        >
          {trash.error.message}
        </EmptyState>
      )}
      {trash.isSuccess && videos.length === 0 && (
        <EmptyState picture={<EmptyBin />} title={t`Nothing in here`}>
          {t`What you delete waits here for a while, so that you can change your mind.`}
        </EmptyState>
      )}
      {videos.length > 0 && (
        <>
          <Virtualizer layout={ListLayout} layoutOptions={LAYOUT} shouldObserveItemSize>
            <GridList
              aria-label={t`Videos in the trash`}
              selectionMode="multiple"
              selectedKeys={selection}
              onSelectionChange={setSelection}
              keyboardNavigationBehavior="tab"
              className="outline-none"
            >
              <Collection items={videos}>
                {(video) => (
                  <TrashedVideo
                    video={video}
                    onRestore={() => restore.mutate({ video, change: null })}
                    onDelete={() => setDoomed(video)}
                  />
                )}
              </Collection>
              <GridListLoadMoreItem
                isLoading={trash.isFetchingNextPage}
                onLoadMore={() => {
                  if (trash.hasNextPage && !trash.isFetching) void trash.fetchNextPage();
                }}
                scrollOffset={2}
              >
                <p className="py-3 text-center text-muted text-sm">{t`Loading more…`}</p>
              </GridListLoadMoreItem>
            </GridList>
          </Virtualizer>
          {trash.isFetchNextPageError && (
            <div className="flex justify-center pt-6">
              <Button onPress={() => void trash.fetchNextPage()}>{t`Couldn't load more. Try again`}</Button>
            </div>
          )}
          <TrashSelection videos={selectedOf(videos, selection)} onClear={() => setSelection(new Set())} />
        </>
      )}
      {trash.isSuccess && <Receipts />}
      <ConfirmDialog
        title={t`Delete forever?`}
        isOpen={doomed !== null}
        onClose={() => setDoomed(null)}
        onConfirm={() => doomed && deleteForever.mutate(doomed)}
        confirm={t`Delete forever`}
      >
        <p>
          <Trans>
            “<bdi>{doomed?.title}</bdi>”, its original and everything made from it will be removed. Nobody can
            bring them back.
          </Trans>
        </p>
      </ConfirmDialog>
    </Page>
  );
}

function EmptyTrash() {
  const { data: usage } = useQuery(libraryQueries.usage());
  const empty = useEmptyTrash();
  const [asking, setAsking] = useState(false);
  const freed = usage && t`Emptying it frees ${{ bytes: format.bytes(usage.trash_bytes) }}`;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      {freed && <p className="text-muted text-sm tabular-nums">{freed}</p>}
      <Button icon={Trash2} onPress={() => setAsking(true)} isPending={empty.isPending}>
        {t`Empty trash`}
      </Button>
      <ConfirmDialog
        title={t`Empty the trash?`}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => empty.mutate()}
        confirm={t`Delete everything in it`}
      >
        <p>{t`All that is in it, the originals and everything made from them, will be removed. Nobody can bring it back.`}</p>
        {freed && <p className="mt-2 tabular-nums">{freed}</p>}
      </ConfirmDialog>
    </div>
  );
}

function TrashedVideo({
  video,
  onRestore,
  onDelete,
}: {
  video: Video;
  onRestore: () => void;
  onDelete: () => void;
}) {
  return (
    <GridListItem
      id={video.id}
      textValue={video.title}
      className="grid grid-cols-[auto_7.5rem_minmax(0,1fr)] items-center gap-x-3 gap-y-3 rounded-3xl border border-line bg-surface p-3 shadow-card data-selected:border-link data-selected:bg-brand-soft sm:grid-cols-[auto_10rem_minmax(0,1fr)_auto]"
    >
      <RowCheckbox />
      <Thumbnail
        src={video.poster_url}
        badge={video.duration_ms === null ? null : format.clock(video.duration_ms)}
        className="opacity-75 grayscale"
      />
      <div className="min-w-0">
        <h2 dir="auto" className="line-clamp-2 break-words font-semibold">
          {video.title}
        </h2>
        <p className="text-muted text-sm">
          {format.bytes(video.size_bytes + video.stored_bytes)}
          {video.purge_at && <> · {daysLeft(video.purge_at)}</>}
        </p>
      </div>
      <div className="col-span-3 flex flex-wrap justify-end gap-2 sm:col-span-1">
        <Button size="small" icon={RotateCcw} onPress={onRestore}>
          {t`Restore`}
        </Button>
        <Button size="small" icon={Trash2} onPress={onDelete}>
          {t`Delete forever`}
        </Button>
      </div>
    </GridListItem>
  );
}

function daysLeft(purgeAt: string): string {
  const days = format.daysUntil(purgeAt);
  return days === 0 ? t`deleted today` : t`${format.days(days)} left`;
}
