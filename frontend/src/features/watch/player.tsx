/** The video player: our own controls on the plain <video> element. */
import { t } from "@lingui/core/macro";
import {
  Captions,
  ImagePlus,
  LoaderCircle,
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  RectangleHorizontal,
  Volume2,
  VolumeX,
} from "lucide-react";
import {
  lazy,
  type PointerEvent,
  type RefObject,
  Suspense,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import * as format from "@/lib/format";
import { IconButton } from "@/ui/button";
import { toast } from "@/ui/toast";
import type { AskGrant } from "./grant";
import { useInterest } from "./interest";
import type { Beginning } from "./moment";
import { useSavedPosition } from "./saved-position";
import { useShortcuts } from "./shortcuts";
import { type Tile, tileAt, useStoryboard } from "./storyboard";
import { useCaptions } from "./use-captions";
import { type Source, usePlayback } from "./use-playback";
import { useVideoState } from "./use-video-state";

const SettingsMenus = lazy(async () => ({ default: (await import("./settings-menus")).SettingsMenus }));

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const HIDE_AFTER_MS = 2_800;
/** How wide the slider's thumb is, in pixels: at the ends its middle stays that much inside. */
const THUMB = 14;

interface Props {
  /** The element itself, for who needs to know where it is. */
  video: RefObject<HTMLVideoElement | null>;
  source: Source;
  askGrant: AskGrant;
  begin: Beginning;
  /** The video of which is remembered where the viewer stops; null for who has no account. */
  remembers: string | null;
  theatre: boolean;
  onTheatre: () => void;
  shortcutsOnlyHere: boolean;
  onHelp: () => void;
  title: string;
  poster: string | null;
  storyboard: string | null;
  durationMs: number | null;
  width: number | null;
  height: number | null;
  onLost: () => Promise<void>;
  /** Takes the moment that is shown, in seconds, as the video's picture; missing where that isn't one's own. */
  onPicture?: ((seconds: number) => void) | undefined;
}

export function Player({
  video,
  source,
  askGrant,
  begin,
  remembers,
  theatre,
  onTheatre,
  shortcutsOnlyHere,
  onHelp,
  title,
  poster,
  storyboard,
  durationMs,
  width,
  height,
  onLost,
  onPicture,
}: Props) {
  const frame = useRef<HTMLDivElement>(null);
  // The poster is the first picture; who begins elsewhere sees that one instead.
  const wanted = useInterest(begin.seconds > 0);
  const playback = usePlayback(askGrant, source, video, wanted, begin.seconds, onLost);
  const captions = useCaptions(video);
  useSavedPosition(video, remembers);
  useSayResumed(video, begin);
  const state = useVideoState(video);
  const duration = state.duration || (durationMs ?? 0) / 1000;
  const [fullscreen, setFullscreen] = useState(false);
  const { shown, stir, hold } = useAutoHide(!state.paused);

  useEffect(() => {
    const changed = () => setFullscreen(document.fullscreenElement === frame.current);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);

  function toggle() {
    const element = video.current;
    if (!element) return;
    // Refused by the browser (no gesture, or the data ended): the button just stays.
    if (element.paused) void element.play().catch(() => undefined);
    else element.pause();
  }

  function seek(seconds: number) {
    const element = video.current;
    if (element && Number.isFinite(element.duration))
      element.currentTime = Math.min(Math.max(0, seconds), element.duration);
  }

  function setVolume(volume: number) {
    if (!video.current) return;
    video.current.volume = Math.min(1, Math.max(0, volume));
    video.current.muted = video.current.volume === 0;
  }

  function setSpeed(speed: number) {
    // The default one outlives a change of source.
    if (video.current) video.current.defaultPlaybackRate = video.current.playbackRate = speed;
  }

  async function toggleFullscreen() {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (frame.current?.requestFullscreen) await frame.current.requestFullscreen();
    // iPhones can only enlarge the video itself.
    else (video.current as { webkitEnterFullscreen?: () => void } | null)?.webkitEnterFullscreen?.();
  }

  function toggleMuted() {
    if (video.current) video.current.muted = !video.current.muted;
  }

  useShortcuts(
    frame,
    {
      toggle,
      seekBy: (seconds) => seek((video.current?.currentTime ?? 0) + seconds),
      seekTo: (share) => seek((video.current?.duration ?? 0) * share),
      louder: (change) => setVolume((video.current?.volume ?? 1) + change),
      faster: (steps) => setSpeed(neighbour(video.current?.playbackRate ?? 1, steps)),
      mute: toggleMuted,
      captions: captions.toggle,
      theatre: onTheatre,
      fullscreen: () => void toggleFullscreen(),
      help: () => {
        // The help would open behind a full screen.
        if (document.fullscreenElement) void document.exitFullscreen();
        onHelp();
      },
    },
    shortcutsOnlyHere,
  );

  const ratio = width && height ? `${width} / ${height}` : "16 / 9";
  return (
    <section
      ref={frame}
      aria-label={t`Player: ${title}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: shortcuts need a place to be pressed
      tabIndex={0}
      onKeyDown={stir}
      onPointerMove={stir}
      onPointerDown={stir}
      onFocus={stir}
      className={`group/player relative isolate mx-auto flex w-full items-center justify-center overflow-hidden bg-black text-white ${shape(fullscreen, theatre)} ${shown ? "" : "cursor-none"}`}
      style={fullscreen ? {} : { aspectRatio: ratio }}
    >
      <video
        ref={video}
        playsInline
        preload="metadata"
        {...(poster ? { poster } : {})}
        aria-label={title}
        className="size-full object-contain"
        onClick={toggle}
        onDoubleClick={() => void toggleFullscreen()}
      />
      {playback.problem ? (
        <p
          role="alert"
          className="absolute inset-0 grid place-items-center bg-black/80 p-6 text-center font-medium"
        >
          {playback.problem}
        </p>
      ) : (
        <>
          {state.waiting && !state.paused && (
            <LoaderCircle
              aria-hidden
              className="pointer-events-none absolute size-14 animate-spin opacity-80"
            />
          )}
          {state.paused && (
            <AriaButton
              aria-label={t`Play video`}
              excludeFromTabOrder
              onPress={toggle}
              className="absolute grid size-14 cursor-pointer place-items-center rounded-full bg-brand/90 text-white shadow-float transition-transform hover:scale-105 data-pressed:scale-95 sm:size-20"
            >
              <Play aria-hidden className="size-8 translate-x-0.5 fill-white" />
            </AriaButton>
          )}
          <div
            // Time runs from left to right on every player.
            dir="ltr"
            className={`absolute inset-x-0 bottom-0 flex flex-col bg-gradient-to-t from-black/85 via-black/50 to-transparent px-3 pt-10 pb-2 transition-opacity duration-200 focus-within:opacity-100 ${shown ? "opacity-100" : "pointer-events-none opacity-0"}`}
          >
            <Seek state={state} duration={duration} onSeek={seek} storyboard={storyboard} />
            <div className="flex items-center gap-0.5">
              <IconButton
                icon={state.paused ? Play : Pause}
                label={state.paused ? t`Play` : t`Pause`}
                onPress={toggle}
                look="overlay"
                size="small"
              />
              <IconButton
                icon={state.muted ? VolumeX : Volume2}
                label={state.muted ? t`Unmute` : t`Mute`}
                onPress={toggleMuted}
                look="overlay"
                size="small"
              />
              <input
                type="range"
                aria-label={t`Volume`}
                aria-valuetext={`${Math.round((state.muted ? 0 : state.volume) * 100)} %`}
                min={0}
                max={1}
                step={0.05}
                value={state.muted ? 0 : state.volume}
                onChange={(event) => setVolume(event.target.valueAsNumber)}
                className="range mr-2 hidden w-20 sm:block"
                style={{ "--filled": `${(state.muted ? 0 : state.volume) * 100}%` }}
              />
              <p className="grow text-[0.8125rem] tabular-nums">
                {format.clock(state.time * 1000)}
                <span className="opacity-80"> / {format.clock(duration * 1000)}</span>
              </p>
              {/* Its place is kept until it is there. */}
              <Suspense fallback={<span className="size-8.5" />}>
                <SettingsMenus
                  speed={state.speed}
                  speeds={SPEEDS}
                  onSpeed={setSpeed}
                  playback={playback}
                  container={fullscreen ? frame.current : null}
                  onClose={hold}
                />
              </Suspense>
              {onPicture && (
                <IconButton
                  icon={ImagePlus}
                  label={t`Use this moment as the picture`}
                  onPress={() => onPicture(video.current?.currentTime ?? 0)}
                  look="overlay"
                  size="small"
                />
              )}
              {captions.available && (
                <IconButton
                  icon={Captions}
                  label={captions.shown ? t`Hide captions` : t`Show captions`}
                  onPress={captions.toggle}
                  look="overlay"
                  size="small"
                  className={captions.shown ? "shadow-[inset_0_-2px_0_var(--accent)]" : ""}
                />
              )}
              {document.pictureInPictureEnabled && (
                <IconButton
                  icon={PictureInPicture2}
                  label={t`Picture in picture`}
                  onPress={() => void video.current?.requestPictureInPicture().catch(() => undefined)}
                  look="overlay"
                  size="small"
                  className="max-sm:hidden"
                />
              )}
              {!fullscreen && (
                <IconButton
                  icon={RectangleHorizontal}
                  label={theatre ? t`Leave theatre mode` : t`Theatre mode`}
                  onPress={onTheatre}
                  look="overlay"
                  size="small"
                  className="max-lg:hidden"
                />
              )}
              <IconButton
                icon={fullscreen ? Minimize : Maximize}
                label={fullscreen ? t`Exit full screen` : t`Full screen`}
                onPress={() => void toggleFullscreen()}
                look="overlay"
                size="small"
              />
            </div>
          </div>
        </>
      )}
    </section>
  );
}

/** A video that does not begin at its start says so, and how to get there. */
function useSayResumed(video: RefObject<HTMLVideoElement | null>, { seconds, resumed }: Beginning): void {
  useEffect(() => {
    if (!resumed) return;
    const startOver = () => {
      if (video.current) video.current.currentTime = 0;
    };
    return toast(t`Goes on where you stopped, at ${format.clock(seconds * 1000)}.`, {
      action: { label: t`Start over`, onPress: startOver },
    });
  }, [video, seconds, resumed]);
}

function shape(fullscreen: boolean, theatre: boolean): string {
  if (fullscreen) return "h-full";
  // In the theatre it may take the whole window but for the header and a line of the title.
  if (theatre) return "max-h-[calc(100dvh-7.5rem)]";
  return "max-h-[78dvh] sm:rounded-2xl";
}

interface SeekProps {
  state: ReturnType<typeof useVideoState>;
  /** In seconds, known before the video itself says it. */
  duration: number;
  onSeek: (seconds: number) => void;
  storyboard: string | null;
}

function Seek({ state, duration, onSeek, storyboard }: SeekProps) {
  // Where the pointer is; null where the keyboard's place, that of the video, is looked at.
  const [pointed, setPointed] = useState<number | null>(null);
  const [focused, setFocused] = useState(false);
  const share = (seconds: number) => (duration ? seconds / duration : 0);
  const shown = duration > 0 ? (pointed ?? (focused ? state.time : null)) : null;
  // Open to whoever may play the video, and only once they do.
  const tiles = useStoryboard(state.duration > 0 ? storyboard : null, shown !== null);

  function point(event: PointerEvent<HTMLInputElement>) {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const across = (event.clientX - left - THUMB / 2) / Math.max(1, width - THUMB);
    setPointed(Math.min(1, Math.max(0, across)) * duration);
  }

  return (
    <div className="relative">
      {shown !== null && <Preview tile={tileAt(tiles, shown)} time={shown} share={share(shown)} />}
      <input
        type="range"
        aria-label={t`Position`}
        aria-valuetext={t`${format.spokenTime(state.time)} of ${format.spokenTime(duration)}`}
        min={0}
        max={duration || 1}
        step="any"
        value={state.time}
        onChange={(event) => onSeek(event.target.valueAsNumber)}
        onPointerEnter={point}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setPointed(null)}
        onPointerCancel={() => setPointed(null)}
        onPointerUp={({ pointerType }) => pointerType === "touch" && setPointed(null)}
        onFocus={({ currentTarget }) => setFocused(currentTarget.matches(":focus-visible"))}
        onBlur={() => setFocused(false)}
        onKeyDown={(event) => {
          // "any" steps are as small as a pixel: arrows should move by seconds.
          const step = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          onSeek(state.time + step);
        }}
        className="range w-full touch-none"
        style={{ "--filled": `${share(state.time) * 100}%`, "--buffered": `${share(state.buffered) * 100}%` }}
      />
    </div>
  );
}

/** Only for eyes: the slider itself tells where it is. */
function Preview({ tile, time, share }: { tile: Tile | undefined; time: number; share: number }) {
  const half = `${(tile?.width ?? THUMB * 4) / 2}px`;
  const middle = `${THUMB / 2}px + (100% - ${THUMB}px) * ${share}`;
  return (
    <div
      aria-hidden="true"
      data-testid="preview"
      className="pointer-events-none absolute bottom-full mb-1.5 flex -translate-x-1/2 flex-col items-center gap-1"
      style={{ left: `clamp(${half}, ${middle}, 100% - ${half})` }}
    >
      {tile && (
        <div
          className="overflow-hidden rounded-lg bg-black shadow-float ring-2 ring-white/80"
          style={{
            width: tile.width,
            height: tile.height,
            backgroundImage: `url("${tile.url}")`,
            backgroundPosition: `-${tile.x}px -${tile.y}px`,
          }}
        />
      )}
      <span className="rounded-md bg-black/80 px-1.5 py-0.5 font-semibold text-white text-xs tabular-nums">
        {format.clock(time * 1000)}
      </span>
    </div>
  );
}

/** Controls go away while playing and nobody moves, and come back with the first sign of life. */
function useAutoHide(playing: boolean) {
  const [stirred, setStirred] = useState(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const stir = useCallback(() => {
    setStirred(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setStirred(false), HIDE_AFTER_MS);
  }, []);
  useEffect(() => {
    if (playing) stir();
    return () => clearTimeout(timer.current);
  }, [playing, stir]);
  return { shown: stirred || !playing, stir, hold: stir };
}

function neighbour(speed: number, direction: 1 | -1): number {
  const index = SPEEDS.findIndex((candidate) => candidate >= speed);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + direction))] ?? 1;
}
