/** The drive: every video of the signed-in person, found, filtered and sorted as the address says. */
import { t } from "@lingui/core/macro";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { Collection } from "react-aria-components/Collection";
import { GridList, GridListLoadMoreItem, type Selection } from "react-aria-components/GridList";
import { GridLayout, Size, Virtualizer } from "react-aria-components/Virtualizer";
import type { Page, Video } from "@/lib/models";
import { Button } from "@/ui/button";
import { FilmingBear } from "@/ui/characters";
import { EmptyState } from "@/ui/page";
import { DetailsDialog } from "./details-dialog";
import { EditDialog } from "./edit-dialog";
import { useListing } from "./listing";
import { libraryQueries } from "./queries";
import { DriveSelection, selectedOf } from "./selection";
import { Toolbar } from "./toolbar";
import { VideoRow, VideoRowSkeleton } from "./video-row";
import { VideoTable } from "./video-table";

interface Props {
  /** What stands in the empty drive to begin with. */
  firstUpload: ReactNode;
  /** The progress and the buttons of a video that is still being uploaded. */
  renderUpload: (video: Video) => ReactNode;
  /** How much of it has been sent, in a word. */
  renderPercent: (video: Video) => ReactNode;
  /** A picture of what this device is sending, until there is one of the video. */
  localPicture: (video: Video) => string | null;
  /** A video's share links, in a dialog. */
  renderLinks: (video: Video, onClose: () => void) => ReactNode;
}

export function Drive({ firstUpload, renderUpload, renderPercent, localPicture, renderLinks }: Props) {
  const { listing, look, narrowed, change } = useListing();
  const videos = useInfiniteQuery({ ...libraryQueries.mine(listing), placeholderData: keepPreviousData });
  const [open, setOpen] = useState<{ id: string; dialog: "edit" | "details" | "links" } | null>(null);
  const [selection, setSelection] = useState<Selection>(new Set());
  const all = useUnique(videos.data?.pages);
  const opened = all.find((video) => video.id === open?.id);

  // What is selected must be in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another listing is the reason
  useEffect(() => setSelection(new Set()), [listing]);

  const list = {
    videos: all,
    selection,
    onSelectionChange: setSelection,
    onEdit: (video: Video) => setOpen({ id: video.id, dialog: "edit" }),
    onDetails: (video: Video) => setOpen({ id: video.id, dialog: "details" }),
    onLinks: (video: Video) => setOpen({ id: video.id, dialog: "links" }),
    onPosterBroken: () => videos.isStale && void videos.refetch(),
    isLoadingMore: videos.isFetchingNextPage,
    onMore: () => {
      if (videos.hasNextPage && !videos.isFetching) void videos.fetchNextPage();
    },
  };

  if (videos.isSuccess && all.length === 0 && !narrowed && !videos.isPlaceholderData) {
    return (
      <EmptyState
        picture={<FilmingBear />}
        title={t`Every great workspace starts with a great video!`}
        action={firstUpload}
      >
        {t`Drop a file anywhere on this page, or choose one. It stays private until you publish it.`}
      </EmptyState>
    );
  }
  return (
    <>
      <Toolbar />
      {videos.isPending && <Loading />}
      {videos.isError && all.length === 0 && (
        <EmptyState
          picture={<FilmingBear />}
          title={t`Your drive can't be shown right now`}
          action={<Button onPress={() => void videos.refetch()}>{t`Try again`}</Button>}
        >
          {videos.error.message}
        </EmptyState>
      )}
      {videos.isSuccess && all.length === 0 && (
        <EmptyState
          picture={<FilmingBear />}
          title={t`Nothing found`}
          action={
            <Button onPress={() => change({ q: null, state: null, visibility: null })}>
              {t`Show all my videos`}
            </Button>
          }
        >
          {t`Every word you search for has to be in the title, the description or the file name.`}
        </EmptyState>
      )}
      {all.length > 0 && (
        <div className={videos.isPlaceholderData ? "opacity-60 transition-opacity" : ""}>
          {look === "table" ? (
            <VideoTable {...list} renderPercent={renderPercent} />
          ) : (
            <Cards {...list} renderUpload={renderUpload} localPicture={localPicture} />
          )}
        </div>
      )}
      {videos.isFetchNextPageError && (
        <div className="flex justify-center pt-6">
          <Button onPress={() => void videos.fetchNextPage()}>{t`Couldn't load more. Try again`}</Button>
        </div>
      )}
      <DriveSelection videos={selectedOf(all, selection)} onClear={() => setSelection(new Set())} />
      {opened && open?.dialog === "edit" && (
        <EditDialog key={opened.id} video={opened} onClose={() => setOpen(null)} />
      )}
      {opened && open?.dialog === "details" && (
        <DetailsDialog key={opened.id} video={opened} onClose={() => setOpen(null)} />
      )}
      {opened && open?.dialog === "links" && renderLinks(opened, () => setOpen(null))}
    </>
  );
}

export interface ListProps {
  videos: readonly Video[];
  selection: Selection;
  onSelectionChange: (selection: Selection) => void;
  onEdit: (video: Video) => void;
  onDetails: (video: Video) => void;
  onLinks: (video: Video) => void;
  onPosterBroken: () => void;
  isLoadingMore: boolean;
  onMore: () => void;
}

const CARDS = { minItemSize: new Size(300, 140), minSpace: new Size(12, 12), maxColumns: 2 };

function Cards({
  videos,
  selection,
  onSelectionChange,
  isLoadingMore,
  onMore,
  renderUpload,
  localPicture,
  ...actions
}: ListProps & Pick<Props, "renderUpload" | "localPicture">) {
  return (
    <Virtualizer layout={GridLayout} layoutOptions={CARDS} shouldObserveItemSize>
      <GridList
        aria-label={t`My videos`}
        layout="grid"
        selectionMode="multiple"
        selectedKeys={selection}
        onSelectionChange={onSelectionChange}
        keyboardNavigationBehavior="tab"
        className="-mx-3 outline-none"
      >
        <Collection items={videos} dependencies={[localPicture]}>
          {(video) => (
            <VideoRow
              video={video}
              upload={video.state === "uploading" ? renderUpload(video) : null}
              localPicture={localPicture(video)}
              {...actions}
            />
          )}
        </Collection>
        <GridListLoadMoreItem isLoading={isLoadingMore} onLoadMore={onMore} scrollOffset={2}>
          <p className="py-3 text-center text-muted text-sm">{t`Loading more…`}</p>
        </GridListLoadMoreItem>
      </GridList>
    </Virtualizer>
  );
}

function Loading() {
  return (
    <ul aria-busy="true" aria-label={t`Loading your videos`} className="grid gap-3 sm:grid-cols-2">
      {Array.from({ length: 6 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <VideoRowSkeleton key={index} />
      ))}
    </ul>
  );
}

/** A video that moved between two page loads would otherwise stand there twice. */
function useUnique(pages: readonly Page<Video>[] | undefined): readonly Video[] {
  return useMemo(() => {
    const videos = pages?.flatMap((page) => page.items) ?? [];
    return [...new Map(videos.map((video) => [video.id, video])).values()];
  }, [pages]);
}
