/** What else the same person published, beside the video that is watched. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import * as format from "@/lib/format";
import type { PublicVideo, WatchVideo } from "@/lib/models";
import { Thumbnail } from "@/ui/thumbnail";
import { watchQueries } from "./queries";
import { VisibilityBadge } from "./visibility-badge";

const SHOWN = 12;

export function NextVideos({ video: { id, owner } }: { video: WatchVideo }) {
  const shelf = useInfiniteQuery(watchQueries.userVideos(owner.id));
  const others = shelf.data?.pages.flatMap(({ items }) => items).filter((other) => other.id !== id);

  return (
    <>
      <h2 className="mb-3 break-words font-bold text-lg">
        <Trans>
          More from <bdi>{owner.display_name}</bdi>
        </Trans>
      </h2>
      {others && others.length > 0 && (
        <ul aria-label={t`More from ${owner.display_name}`} className="flex flex-col gap-4">
          {others.slice(0, SHOWN).map((other) => (
            <NextVideo
              key={other.id}
              video={other}
              onPosterBroken={() => shelf.isStale && void shelf.refetch()}
            />
          ))}
        </ul>
      )}
      {others?.length === 0 && <p className="text-muted text-sm">{t`Nothing else is published yet.`}</p>}
      {shelf.isError && !others && <p className="text-muted text-sm">{shelf.error.message}</p>}
      {shelf.isPending && <NextVideosSkeleton />}
    </>
  );
}

function NextVideo({ video, onPosterBroken }: { video: PublicVideo; onPosterBroken: () => void }) {
  return (
    <li className="group relative grid grid-cols-[10rem_minmax(0,1fr)] gap-3">
      <Thumbnail
        src={video.poster_url}
        badge={video.duration_ms === null ? null : format.clock(video.duration_ms)}
        onBroken={onPosterBroken}
      />
      <div className="flex min-w-0 flex-col gap-1">
        <h3 className="break-words font-semibold text-sm leading-snug">
          {/* The link covers the card. */}
          <Link to={`/watch/${video.id}`} className="block after:absolute after:inset-0 after:rounded-2xl">
            <span dir="auto" className="line-clamp-2">
              {video.title}
            </span>
          </Link>
        </h3>
        <p className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-muted text-xs">
          {video.published_at && format.timeAgo(video.published_at)}
          <VisibilityBadge video={video} />
        </p>
      </div>
    </li>
  );
}

export function NextVideosSkeleton() {
  return (
    <ul aria-busy="true" aria-label={t`Loading more videos`} className="flex flex-col gap-4">
      {[1, 2, 3].map((number) => (
        <li key={number} aria-hidden="true" className="grid grid-cols-[10rem_minmax(0,1fr)] gap-3">
          <div className="skeleton aspect-video rounded-2xl" />
          <div className="flex flex-col gap-1.5">
            <div className="skeleton h-4 w-4/5" />
            <div className="skeleton h-3 w-2/5" />
          </div>
        </li>
      ))}
    </ul>
  );
}
