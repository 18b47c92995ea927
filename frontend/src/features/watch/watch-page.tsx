/** One video: the player, and what there is to know about it. */
import { t } from "@lingui/core/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Keyboard, Share2 } from "lucide-react";
import { lazy, type ReactNode, type RefObject, Suspense, useLayoutEffect, useRef, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ApiError } from "@/lib/api-error";
import { readyAndComing } from "@/lib/early";
import { failureWords } from "@/lib/failure";
import * as format from "@/lib/format";
import type { Me, WatchVideo } from "@/lib/models";
import { keys } from "@/lib/query";
import { Badge } from "@/ui/badge";
import { Button, ButtonLink, IconButton } from "@/ui/button";
import { FetchingDog, FilmingBear } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";
import { Unreadable } from "@/ui/unreadable";
import { type Beginning, beginning } from "./moment";
import { NextVideos, NextVideosSkeleton } from "./next-videos";
import { Player } from "./player";
import { grantOf, useTakePicture, watchQueries } from "./queries";
import { useShortcutsHelp } from "./use-shortcuts-help";
import { useTheatre } from "./use-theatre";
import { VisibilityBadge } from "./visibility-badge";

/** Loaded when it is first asked for: the picture goes before it. */
const ShareDialog = lazy(async () => ({ default: (await import("./share-dialog")).ShareDialog }));

interface Props {
  /** The share links of one's own video, in a dialog. */
  renderLinks: (video: WatchVideo, onClose: () => void) => ReactNode;
}

export function WatchPage({ renderLinks }: Props) {
  const { videoId = "" } = useParams();
  const watch = useQuery(watchQueries.video(videoId));
  const video = watch.data;
  usePageTitle(video?.title ?? t`Watch`);

  if (watch.isError && (!video || isFinal(watch.error)))
    return <Missing error={watch.error} wasThere={Boolean(video)} onRetry={() => void watch.refetch()} />;
  return <Screen key={videoId} video={video} renderLinks={renderLinks} />;
}

function Screen({ video, renderLinks }: Props & { video: WatchVideo | undefined }) {
  const client = useQueryClient();
  const takePicture = useTakePicture();
  const [search] = useSearchParams();
  const element = useRef<HTMLVideoElement>(null);
  const [theatre, setTheatre] = useTheatre();
  const help = useShortcutsHelp();
  const link = search.get("t");
  const begin = useBeginning(video, link);
  const source = video?.playback ?? video?.early;
  const early = video?.early && !video.playback ? video : null;

  return (
    <div className={theatre ? THEATRE : "watching"}>
      <div className={theatre ? "col-span-full bg-black" : "lg:col-start-1"}>
        {!video && <div className="skeleton aspect-video w-full sm:rounded-2xl" aria-hidden="true" />}
        {video && source && begin && (
          <Player
            // Another link into the same video begins anew.
            key={`${video.id} ${link}`}
            video={element}
            source={source}
            askGrant={() => grantOf(video.id)}
            begin={begin}
            remembers={video.position_ms === null ? null : video.id}
            theatre={theatre}
            onTheatre={() => setTheatre(!theatre)}
            shortcutsOnlyHere={help.onlyInPlayer}
            onHelp={help.show}
            title={video.title}
            poster={video.poster_url}
            storyboard={video.storyboard}
            durationMs={video.duration_ms}
            width={video.width}
            height={video.height}
            onPicture={
              video.mine && video.playback
                ? (seconds) => takePicture.mutate({ id: video.id, seconds })
                : undefined
            }
            onLost={() => client.invalidateQueries({ queryKey: keys.watch(video.id) })}
          />
        )}
        {video && !source && <NotYet video={video} />}
      </div>
      <div className={`min-w-0 pt-5 ${theatre ? "col-start-2" : "px-4 sm:px-0 lg:col-start-1"}`}>
        {/* There before it speaks: screen readers only tell what changes in it. */}
        <p role="status">{early && <Early video={early} />}</p>
        {video ? (
          <About
            video={video}
            element={element}
            onHelp={source ? help.show : null}
            renderLinks={renderLinks}
          />
        ) : (
          <AboutSkeleton />
        )}
      </div>
      <aside
        aria-label={t`More videos`}
        // Below the video it comes when its place is known.
        className={`min-w-0 ${video ? "" : "max-lg:hidden"} ${theatre ? "col-start-3 pt-5" : "px-4 pt-8 sm:px-0 lg:col-start-2 lg:row-span-2 lg:row-start-1 lg:pt-0"}`}
      >
        {video ? <NextVideos video={video} /> : <NextVideosSkeleton />}
      </aside>
      {help.dialog}
    </div>
  );
}

const THEATRE = "grid w-full grid-cols-[minmax(0,1fr)_minmax(0,50rem)_22rem_minmax(0,1fr)] gap-x-6";

/** Decided once for each link: what is told about the video later does not move it. */
function useBeginning(video: WatchVideo | undefined, link: string | null): Beginning | null {
  const decided = useRef<{ link: string | null; begin: Beginning } | null>(null);
  if (video && decided.current?.link !== link)
    decided.current = { link, begin: beginning(link, video.position_ms, video.duration_ms) };
  return decided.current?.begin ?? null;
}

/** Asking again would answer the same. */
function isFinal(error: Error): boolean {
  return error instanceof ApiError && (error.status === 404 || error.code === "in_trash");
}

function Missing({ error, wasThere, onRetry }: { error: Error; wasThere: boolean; onRetry: () => void }) {
  const me = useQuery<Me | null>({ queryKey: keys.me, enabled: false });
  if (error instanceof ApiError && error.code === "in_trash")
    return (
      <EmptyState
        isPage
        picture={<FetchingDog />}
        title={t`This video is in your trash`}
        action={
          <ButtonLink look="primary" to="/trash">
            {t`Open the trash`}
          </ButtonLink>
        }
      >
        {t`Restore it there to watch it again.`}
      </EmptyState>
    );
  if (!isFinal(error))
    return (
      <Unreadable isPage title={t`This video can't be shown right now`} error={error} onRetry={onRetry} />
    );
  return (
    <EmptyState
      isPage
      picture={<FetchingDog />}
      title={wasThere ? t`This video is no longer here` : t`This video isn't here`}
      action={
        <ButtonLink look="primary" to="/explore">
          {t`Explore other videos`}
        </ButtonLink>
      }
    >
      {wasThere
        ? t`Whoever published it has just made it private or deleted it.`
        : t`It may be private, deleted, or the address is not quite right.`}
      {me.data === null && ` ${t`If it is yours, sign in to watch it.`}`}
    </EmptyState>
  );
}

function NotYet({ video }: { video: WatchVideo }) {
  const { title, text } = notYet(video);
  return (
    <EmptyState
      picture={<FilmingBear />}
      title={title}
      action={
        video.mine && (
          <ButtonLink look={video.failure ? "primary" : "plain"} to="/workspace">
            {t`Open my workspace`}
          </ButtonLink>
        )
      }
    >
      <p role="status">{text}</p>
    </EmptyState>
  );
}

function notYet({ state, failure, progress, eta_seconds }: WatchVideo): { title: string; text: string } {
  switch (state) {
    case "uploading":
      return {
        title: t`Still on its way`,
        text: t`The video is being uploaded. It starts here as soon as it is processed.`,
      };
    case "uploaded":
      return { title: t`Next in line`, text: t`The video waits for its turn to be processed.` };
    case "failed":
      return {
        title: t`This video couldn't be processed`,
        text: failure ? sentences(failure) : t`Your workspace says why.`,
      };
    default: {
      const done = progress ? ` ${t`${progress} % are done.`}` : "";
      const left = eta_seconds ? ` ${format.roughTimeLeftSentence(eta_seconds)}` : "";
      const text = t`The video is being processed, and starts here as soon as it is ready.`;
      return { title: t`Almost there`, text: `${text}${done}${left}` };
    }
  }
}

function sentences(failure: NonNullable<WatchVideo["failure"]>): string {
  const { message, action } = failureWords(failure);
  return `${message} ${action}`;
}

function Early({ video }: { video: WatchVideo }) {
  return (
    <span className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-2xl bg-brand-soft px-4 py-3 text-sm">
      <Badge tone="brand">{t`Original`}</Badge>
      {readyAndComing(video.eta_seconds)}
    </span>
  );
}

interface AboutProps extends Props {
  video: WatchVideo;
  element: RefObject<HTMLVideoElement | null>;
  onHelp: (() => void) | null;
}

function About({ video, element, onHelp, renderLinks }: AboutProps) {
  const [sharing, setSharing] = useState<{ seconds: number; isOpen: boolean }>();
  const [links, setLinks] = useState(false);
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <h1 dir="auto" className="min-w-0 grow basis-60 break-words font-bold text-xl sm:text-2xl">
          {video.title}
        </h1>
        <div className="flex items-center gap-1">
          {onHelp && (
            <IconButton
              icon={Keyboard}
              label={t`Keyboard shortcuts`}
              onPress={onHelp}
              className="pointer-coarse:hidden"
            />
          )}
          <Button
            icon={Share2}
            onPress={() => setSharing({ seconds: element.current?.currentTime ?? 0, isOpen: true })}
          >
            {t`Share`}
          </Button>
        </div>
      </div>
      <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-muted text-sm">
        <Link
          to={`/users/${video.owner.id}`}
          dir="auto"
          className="rounded py-0.5 font-semibold text-ink hover:underline"
        >
          {video.owner.display_name}
        </Link>
        <span aria-hidden>·</span>
        {video.published_at ? (
          <time dateTime={video.published_at} title={format.date(video.published_at)}>
            {format.timeAgo(video.published_at)}
          </time>
        ) : (
          <Badge>{t`Draft`}</Badge>
        )}
        <VisibilityBadge video={video} />
      </p>
      <Description key={video.id} text={video.description} />
      {sharing && (
        <Suspense>
          <ShareDialog
            video={video}
            {...sharing}
            onClose={() => setSharing({ ...sharing, isOpen: false })}
            onLinks={() => setLinks(true)}
          />
        </Suspense>
      )}
      {links && renderLinks(video, () => setLinks(false))}
    </>
  );
}

function Description({ text }: { text: string }) {
  const paragraph = useRef<HTMLParagraphElement>(null);
  const [open, setOpen] = useState(false);
  const [long, setLong] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another text has another height
  useLayoutEffect(() => {
    const element = paragraph.current;
    if (!element || open) return;
    const measure = () => setLong(element.scrollHeight > element.clientHeight + 1);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [text, open]);

  if (!text) return <p className="mt-4 text-muted text-sm">{t`No description`}</p>;
  return (
    <section className="mt-4 rounded-2xl bg-sunken px-4 py-3.5" aria-label={t`Description`}>
      <p
        ref={paragraph}
        dir="auto"
        className={`whitespace-pre-wrap break-words ${open ? "" : "line-clamp-3"}`}
      >
        {text}
      </p>
      {(long || open) && (
        <Button
          size="small"
          look="quiet"
          className="-mb-1 -ms-3 mt-1"
          aria-expanded={open}
          onPress={() => setOpen(!open)}
        >
          {open ? t`Show less` : t`Show more`}
        </Button>
      )}
    </section>
  );
}

function AboutSkeleton() {
  return (
    <div aria-busy="true" className="flex flex-col gap-2.5">
      <span className="sr-only">{t`Loading the video`}</span>
      <div className="skeleton h-7 w-3/5" />
      <div className="skeleton h-4 w-2/5" />
      <div className="skeleton mt-3 h-16 w-full" />
    </div>
  );
}
