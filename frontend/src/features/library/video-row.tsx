/** One video in the drive: picture, state, and what can be done with it. */
import { t } from "@lingui/core/macro";
import {
  CalendarX2,
  CircleAlert,
  CloudUpload,
  Download,
  EllipsisVertical,
  EyeOff,
  Globe,
  Info,
  Link2,
  Pencil,
  Play,
  RotateCcw,
  Trash2,
} from "lucide-react";
import type { ReactNode, SyntheticEvent } from "react";
import { GridListItem } from "react-aria-components/GridList";
import { Link, useNavigate } from "react-router";
import { readyAndComing } from "@/lib/early";
import { failureWords } from "@/lib/failure";
import * as format from "@/lib/format";
import type { Video } from "@/lib/models";
import { Badge } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { RowCheckbox } from "@/ui/checkbox";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { Progress } from "@/ui/progress";
import { Thumbnail } from "@/ui/thumbnail";
import { useDownload, useRetry, useTrash, useUnpublish } from "./queries";
import { visibilityOf } from "./visibility";

export interface VideoActions {
  onEdit: (video: Video) => void;
  onDetails: (video: Video) => void;
  onLinks: (video: Video) => void;
}

interface Props extends VideoActions {
  video: Video;
  upload: ReactNode;
  localPicture?: string | null;
  onPosterBroken: () => void;
}

const row =
  "group relative grid grid-cols-[7.5rem_minmax(0,1fr)] content-start gap-x-3.5 gap-y-3 rounded-3xl border " +
  "border-line bg-surface p-3 shadow-card @xl:grid-cols-[11rem_minmax(0,1fr)] @xl:gap-x-5 @xl:p-3.5";

export function VideoRow({ video, upload, localPicture = null, onPosterBroken, ...actions }: Props) {
  const playable = isPlayable(video);
  const ready = video.state === "ready";
  const picture = (
    <Thumbnail
      src={video.poster_url ?? localPicture}
      badge={video.duration_ms === null ? null : format.clock(video.duration_ms)}
      onBroken={onPosterBroken}
    >
      {playable && (
        <span className="absolute inset-0 grid place-items-center bg-black/45 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
          <Play aria-hidden className="size-9 fill-white text-white" />
        </span>
      )}
    </Thumbnail>
  );
  return (
    <GridListItem
      id={video.id}
      textValue={video.title}
      // As high as a neighbour beside it, and higher where more is told of its upload.
      className="@container grid w-full grid-cols-1 rounded-3xl outline-offset-2 sm:min-h-full"
    >
      {({ isSelected }) => (
        <div className={`${row} ${isSelected ? "border-link! bg-brand-soft!" : ""}`}>
          <div className="relative self-start">
            {playable ? (
              <WatchLink video={video} className="block rounded-2xl">
                <span className="sr-only">{t`Watch ${video.title}`}</span>
                {picture}
              </WatchLink>
            ) : (
              picture
            )}
            <span className="absolute top-1 start-1 rounded-lg bg-surface/85">
              <RowCheckbox />
            </span>
          </div>
          <div className="flex min-w-0 flex-col justify-center gap-1.5">
            <div className="flex items-start gap-1">
              <h2
                dir="auto"
                className="line-clamp-2 min-w-0 grow break-words font-semibold leading-snug @xl:text-lg"
              >
                {video.title}
              </h2>
              <VideoMenu video={video} {...actions} />
            </div>
            <p dir="auto" className="line-clamp-1 text-muted text-sm @max-xl:hidden">
              {video.description || t`No description`}
            </p>
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1.5 text-muted text-sm">
              <StateBadges video={video} />
              {video.trash_at && (
                <Badge icon={CalendarX2}>{t`Deleted on ${{ day: format.shortDate(video.trash_at) }}`}</Badge>
              )}
              <span>{format.bytes(video.size_bytes)}</span>
              <span aria-hidden>·</span>
              <span>{format.timeAgo(video.created_at)}</span>
            </p>
            {ready && !video.published_at && (
              <div className="pt-1">
                <Button size="small" look="primary" icon={Globe} onPress={() => actions.onEdit(video)}>
                  {t`Publish`}
                </Button>
              </div>
            )}
          </div>
          <StateDetails video={video} upload={upload} />
        </div>
      )}
    </GridListItem>
  );
}

/** Pressing it opens the video and leaves the selection alone. */
export function WatchLink({
  video,
  className,
  children,
}: {
  video: Video;
  className: string;
  children: ReactNode;
}) {
  return (
    <Link
      to={`/watch/${video.id}`}
      className={className}
      onPointerDown={stop}
      onMouseDown={stop}
      onClick={stop}
      onKeyDown={(event) => [" ", "Enter"].includes(event.key) && stop(event)}
    >
      {children}
    </Link>
  );
}

function stop(event: SyntheticEvent): void {
  event.stopPropagation();
}

export function StateBadges({ video, percent }: { video: Video; percent?: ReactNode }) {
  if (video.state === "uploading")
    return (
      <Badge tone="brand" icon={CloudUpload}>
        {t`Uploading`}
        {percent}
      </Badge>
    );
  if (video.state === "failed")
    return (
      <Badge tone="warn" icon={CircleAlert}>
        {t`Failed`}
      </Badge>
    );
  if (video.state !== "ready") return <Badge tone="brand">{t`Processing`}</Badge>;
  const { label, Icon } = visibilityOf(video.visibility);
  return (
    <>
      {video.published_at ? <Badge tone="good">{t`Published`}</Badge> : <Badge>{t`Draft`}</Badge>}
      {video.published_at && <Badge icon={Icon}>{label}</Badge>}
    </>
  );
}

function StateDetails({ video, upload }: { video: Video; upload: ReactNode }) {
  const retry = useRetry();
  if (video.state === "uploading") return <div className="col-span-2">{upload}</div>;
  if (video.state === "uploaded" || video.state === "processing") {
    const far = howFar(video);
    return (
      <div className="col-span-2 flex flex-col gap-1.5">
        <p className="text-muted text-sm tabular-nums">
          {video.state === "uploaded" && t`Uploaded. Processing starts in a moment…`}
          {video.state === "processing" && (far ? t`Processing ${far}` : t`Processing…`)}
        </p>
        <Progress
          label={t`Processing ${video.title}`}
          value={video.progress || null}
          text={far}
          tone="accent"
        />
        {video.early && <p className="text-sm">{readyAndComing(video.eta_seconds)}</p>}
      </div>
    );
  }
  if (video.state === "failed") {
    const failure = video.failure && failureWords(video.failure);
    return (
      <div className="col-span-2 flex flex-wrap items-center justify-between gap-3 rounded-2xl bg-warn-soft px-4 py-3">
        <p className="min-w-0 text-sm">
          <strong className="block font-semibold">{failure?.message ?? t`Processing failed.`}</strong>
          {failure?.action}
        </p>
        {video.failure?.retry !== false && (
          <Button
            size="small"
            icon={RotateCcw}
            onPress={() => retry.mutate({ video, change: null })}
            isPending={retry.isPending}
          >
            {t`Try again`}
          </Button>
        )}
      </div>
    );
  }
  return null;
}

/** The whole ladder, or the original until it is there. */
export function isPlayable(video: Video): boolean {
  return video.state === "ready" || video.early;
}

/** "45 % · about 2 minutes left": as much of it as is known. */
function howFar({ progress, eta_seconds }: Video): string | undefined {
  if (!progress) return undefined;
  return eta_seconds == null ? t`${progress} %` : t`${progress} % · ${format.roughTimeLeft(eta_seconds)}`;
}

export function VideoMenu({ video, onEdit, onDetails, onLinks }: VideoActions & { video: Video }) {
  const navigate = useNavigate();
  const unpublish = useUnpublish();
  const trash = useTrash();
  const download = useDownload();

  const arriving = video.state === "uploading";
  return (
    <Menu
      aria-label={t`Actions for ${video.title}`}
      trigger={
        <IconButton icon={EllipsisVertical} label={t`Actions for ${video.title}`} className="-mt-1.5 -me-1" />
      }
    >
      {isPlayable(video) && (
        <MenuItem icon={Play} onAction={() => void navigate(`/watch/${video.id}`)}>
          {t`Watch`}
        </MenuItem>
      )}
      <MenuItem icon={Pencil} onAction={() => onEdit(video)}>
        {t`Edit`}
      </MenuItem>
      {video.state === "ready" && !video.published_at && (
        <MenuItem icon={Globe} onAction={() => onEdit(video)}>
          {t`Publish…`}
        </MenuItem>
      )}
      {video.published_at && (
        <MenuItem icon={EyeOff} onAction={() => unpublish.mutate({ video, change: null })}>
          {t`Unpublish`}
        </MenuItem>
      )}
      {!arriving && video.state !== "failed" && (
        <MenuItem icon={Link2} onAction={() => onLinks(video)}>
          {t`Share with a link…`}
        </MenuItem>
      )}
      <MenuItem icon={Info} onAction={() => onDetails(video)}>
        {t`Details`}
      </MenuItem>
      {!arriving && (
        <MenuItem icon={Download} onAction={() => download.mutate(video)}>
          {t`Download original`}
        </MenuItem>
      )}
      {/* A video that is still arriving is cancelled where its progress is shown. */}
      {!arriving && <MenuSeparator />}
      {!arriving && (
        <MenuItem icon={Trash2} danger onAction={() => trash.mutate({ video, change: null })}>
          {t`Move to trash`}
        </MenuItem>
      )}
    </Menu>
  );
}

export function VideoRowSkeleton() {
  return (
    <li className="@container" aria-hidden="true">
      <div className={row}>
        <div className="skeleton aspect-video rounded-2xl" />
        <div className="flex flex-col justify-center gap-2.5">
          <div className="skeleton h-5 w-3/5" />
          <div className="skeleton hidden h-4 w-4/5 @xl:block" />
          <div className="skeleton h-4 w-2/5" />
        </div>
      </div>
    </li>
  );
}
