/** The drive: every video of the signed-in person, whatever its state. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Video } from "@/lib/models";
import { Button } from "@/ui/button";
import { FilmingBear } from "@/ui/characters";
import { More } from "@/ui/more";
import { EmptyState } from "@/ui/page";
import { EditDialog } from "./edit-dialog";
import { libraryQueries } from "./queries";
import { VideoRow, VideoRowSkeleton } from "./video-row";

interface Props {
  /** What stands in the empty drive to begin with. */
  firstUpload: ReactNode;
  /** The progress and the buttons of a video that is still being uploaded. */
  renderUpload: (video: Video) => ReactNode;
  /** A picture of what this device is sending, until there is one of the video. */
  localPicture: (video: Video) => string | null;
}

export function Drive({ firstUpload, renderUpload, localPicture }: Props) {
  const videos = useInfiniteQuery(libraryQueries.mine());
  const [editing, setEditing] = useState<string | null>(null);
  const all = unique(videos.data?.pages.flatMap((page) => page.items) ?? []);
  const edited = all.find((video) => video.id === editing);

  if (videos.isPending) {
    return (
      <ul aria-busy="true" aria-label="Loading your videos" className="flex flex-col gap-3">
        {Array.from({ length: 4 }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
          <VideoRowSkeleton key={index} />
        ))}
      </ul>
    );
  }
  if (videos.isError && all.length === 0) {
    return (
      <EmptyState
        picture={<FilmingBear />}
        title="Your drive can't be shown right now"
        action={<Button onPress={() => void videos.refetch()}>Try again</Button>}
      >
        {videos.error.message}
      </EmptyState>
    );
  }
  if (all.length === 0) {
    return (
      <EmptyState
        picture={<FilmingBear />}
        title="Every great workspace starts with a great video!"
        action={firstUpload}
      >
        Drop a file anywhere on this page, or choose one. It stays private until you publish it.
      </EmptyState>
    );
  }
  return (
    <>
      <ul aria-label="My videos" className="flex flex-col gap-3">
        {all.map((video) => (
          <VideoRow
            key={video.id}
            video={video}
            upload={video.state === "uploading" ? renderUpload(video) : null}
            localPicture={localPicture(video)}
            onEdit={() => setEditing(video.id)}
            onPosterBroken={() => videos.isStale && void videos.refetch()}
          />
        ))}
      </ul>
      <More
        hasMore={videos.hasNextPage}
        isLoading={videos.isFetchingNextPage}
        failed={videos.isFetchNextPageError}
        onMore={() => void videos.fetchNextPage()}
      />
      {edited && <EditDialog key={edited.id} video={edited} onClose={() => setEditing(null)} />}
    </>
  );
}

/** A video that moved between two page loads would otherwise stand there twice. */
function unique(videos: readonly Video[]): Video[] {
  return [...new Map(videos.map((video) => [video.id, video])).values()];
}
