/** One video: the player, and what there is to know about it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link2, Lock } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { ApiError } from "@/lib/api-error";
import { readyAndComing } from "@/lib/early";
import * as format from "@/lib/format";
import type { WatchVideo } from "@/lib/models";
import { keys } from "@/lib/query";
import { Badge } from "@/ui/badge";
import { Button, ButtonLink } from "@/ui/button";
import { ExploringFox, FetchingDog, FilmingBear } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";
import { Player } from "./player";
import { useTakePicture, watchQueries } from "./queries";

export function WatchPage() {
  const { videoId = "" } = useParams();
  const client = useQueryClient();
  const takePicture = useTakePicture();
  const watch = useQuery(watchQueries.video(videoId));
  const video = watch.data;
  const source = video?.playback ?? video?.early;
  const early = video?.early && !video.playback ? video : null;
  usePageTitle(video?.title ?? "Watch");

  if (watch.isError && (!video || isMissing(watch.error))) {
    return isMissing(watch.error) ? (
      <EmptyState
        picture={<FetchingDog />}
        title="This video isn't here"
        action={
          <ButtonLink look="primary" to="/explore">
            Explore other videos
          </ButtonLink>
        }
      >
        It may be private, deleted, or the address is not quite right.
      </EmptyState>
    ) : (
      <EmptyState
        picture={<ExploringFox />}
        title="This video can't be shown right now"
        action={<Button onPress={() => void watch.refetch()}>Try again</Button>}
      >
        {watch.error.message}
      </EmptyState>
    );
  }
  return (
    // As wide as a 16:9 picture may be that still leaves its title on the screen.
    <div className="mx-auto w-full max-w-[max(42rem,min(78rem,calc((100dvh-13rem)*16/9+3rem)))] sm:px-6 sm:py-6">
      {!video && <div className="skeleton aspect-video w-full sm:rounded-2xl" aria-hidden="true" />}
      {video && source && (
        <Player
          key={video.id}
          videoId={video.id}
          source={source}
          title={video.title}
          poster={video.poster_url}
          storyboard={video.storyboard}
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
      <div className="px-4 pt-5 sm:px-0">
        {/* There before it speaks: screen readers only tell what changes in it. */}
        <p role="status">{early && <Early video={early} />}</p>
        {video ? <About video={video} /> : <AboutSkeleton />}
      </div>
    </div>
  );
}

function isMissing(error: Error): boolean {
  return error instanceof ApiError && error.status === 404;
}

function NotYet({ video }: { video: WatchVideo }) {
  const failed = video.state === "failed";
  return (
    <EmptyState
      picture={<FilmingBear />}
      title={failed ? "This video couldn't be processed" : "Almost there"}
      action={
        video.mine && (
          <ButtonLink look={failed ? "primary" : "plain"} to="/workspace">
            Open my workspace
          </ButtonLink>
        )
      }
    >
      <p role="status">
        {failed
          ? "Your workspace says why, and lets you try again."
          : "The video is still being processed. It starts here as soon as it is ready."}
      </p>
    </EmptyState>
  );
}

function Early({ video }: { video: WatchVideo }) {
  return (
    <span className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-2xl bg-brand-soft px-4 py-3 text-sm">
      <Badge tone="brand">Original</Badge>
      {readyAndComing(video.eta_seconds)}
    </span>
  );
}

function About({ video }: { video: WatchVideo }) {
  return (
    <>
      <h1 className="break-words font-bold text-xl sm:text-2xl">{video.title}</h1>
      <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-muted text-sm">
        <Link
          to={`/users/${video.owner.id}`}
          className="rounded py-0.5 font-semibold text-ink hover:underline"
        >
          {video.owner.display_name}
        </Link>
        <span aria-hidden>·</span>
        {video.published_at ? (
          <time dateTime={video.published_at}>{format.date(video.published_at)}</time>
        ) : (
          <Badge>Draft</Badge>
        )}
        {video.published_at && video.visibility === "private" && <Badge icon={Lock}>Only you</Badge>}
        {video.published_at && video.visibility === "unlisted" && <Badge icon={Link2}>Unlisted</Badge>}
      </p>
      <Description key={video.id} text={video.description} />
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

  if (!text) return <p className="mt-4 text-muted text-sm">No description</p>;
  return (
    <section className="mt-4 rounded-2xl bg-sunken px-4 py-3.5" aria-label="Description">
      <p ref={paragraph} className={`whitespace-pre-wrap break-words ${open ? "" : "line-clamp-3"}`}>
        {text}
      </p>
      {(long || open) && (
        <Button
          size="small"
          look="quiet"
          className="-mb-1 -ml-3 mt-1"
          aria-expanded={open}
          onPress={() => setOpen(!open)}
        >
          {open ? "Show less" : "Show more"}
        </Button>
      )}
    </section>
  );
}

function AboutSkeleton() {
  return (
    <div aria-busy="true" className="flex flex-col gap-2.5">
      <span className="sr-only">Loading the video</span>
      <div className="skeleton h-7 w-3/5" />
      <div className="skeleton h-4 w-2/5" />
      <div className="skeleton mt-3 h-16 w-full" />
    </div>
  );
}
