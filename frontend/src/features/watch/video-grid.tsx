/** Cards of public videos. */
import { t } from "@lingui/core/macro";
import { Play } from "lucide-react";
import { Link } from "react-router";
import * as format from "@/lib/format";
import type { PublicVideo } from "@/lib/models";
import { Thumbnail } from "@/ui/thumbnail";
import { VisibilityBadge } from "./visibility-badge";

const grid = "grid gap-x-5 gap-y-8 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4";

/** As many cards as a wide screen shows side by side. */
const FIRST_ROW = 4;

interface Props {
  label: string;
  videos: readonly PublicVideo[];
  withOwner?: boolean;
  onPosterBroken: () => void;
}

export function VideoGrid({ label, videos, withOwner = false, onPosterBroken }: Props) {
  return (
    <ul aria-label={label} className={grid}>
      {videos.map((video, index) => (
        <li key={video.id} className="group relative min-w-0">
          <Thumbnail
            src={video.poster_url}
            soon={index < FIRST_ROW}
            first={index === 0}
            badge={video.duration_ms === null ? null : format.clock(video.duration_ms)}
            onBroken={onPosterBroken}
          >
            <span className="absolute inset-0 flex items-center justify-center gap-2 bg-black/50 font-bold text-sm text-white opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
              <Play aria-hidden className="size-5 fill-white" /> {t`Watch`}
            </span>
          </Thumbnail>
          <div className="flex flex-col gap-0.5 px-1 pt-2.5">
            <h2 className="break-words font-semibold leading-snug">
              {/* The link covers the card; the owner's link lies above it. */}
              <Link
                to={`/watch/${video.id}`}
                className="block min-h-6 after:absolute after:inset-0 after:rounded-2xl"
              >
                <span dir="auto" className="line-clamp-2">
                  {video.title}
                </span>
              </Link>
            </h2>
            <p className="flex flex-wrap items-center gap-x-1.5 text-muted text-sm">
              {withOwner && (
                <>
                  <Link
                    to={`/users/${video.owner.id}`}
                    dir="auto"
                    className="relative z-10 min-w-0 truncate rounded py-0.5 hover:text-ink hover:underline"
                  >
                    {video.owner.display_name}
                  </Link>
                  <span aria-hidden>·</span>
                </>
              )}
              {video.published_at && (
                <time dateTime={video.published_at} title={format.date(video.published_at)}>
                  {format.timeAgo(video.published_at)}
                </time>
              )}
              <VisibilityBadge video={video} />
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}

export function VideoGridSkeleton({ label }: { label: string }) {
  return (
    <ul aria-busy="true" aria-label={label} className={grid}>
      {Array.from({ length: 8 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <li key={index} aria-hidden="true">
          <div className="skeleton aspect-video rounded-2xl" />
          <div className="flex flex-col gap-1.5 px-1 pt-3">
            <div className="skeleton h-5 w-4/5" />
            <div className="skeleton h-4 w-2/5" />
          </div>
        </li>
      ))}
    </ul>
  );
}
