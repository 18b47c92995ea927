/**
 * Connects a <video> with what there is to play: an HLS stream (by hls.js where it can run, by the browser itself
 * elsewhere), or the original until that is there.
 */
import { t } from "@lingui/core/macro";
import type Hls from "hls.js";
import type { ErrorData } from "hls.js";
import { type RefObject, useEffect, useRef, useState } from "react";
import { sentenceOf } from "@/lib/api-error";
import type { WatchVideo } from "@/lib/models";
import { type AskGrant, Grant } from "./grant";

export interface Quality {
  /** -1: the player decides. */
  level: number;
  label: string;
}

export type Source = NonNullable<WatchVideo["playback"]>;

export interface Playback {
  qualities: readonly Quality[];
  quality: number;
  setQuality: (level: number) => void;
  /** The height that is playing, known where hls.js plays. */
  playingHeight: number | null;
  problem: string | null;
}

const HLS = "application/vnd.apple.mpegurl";
const AUTO = -1;
const RECOVERIES = 4;

export function usePlayback(
  askGrant: AskGrant,
  { url, type }: Source,
  video: RefObject<HTMLVideoElement | null>,
  wanted: boolean,
  begin: number,
  onLost: () => Promise<void>,
): Playback {
  const [qualities, setQualities] = useState<readonly Quality[]>([]);
  const [quality, setChosen] = useState(AUTO);
  const [playingHeight, setPlayingHeight] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const player = useRef<Hls | null>(null);
  const asked = useRef(askGrant);
  asked.current = askGrant;
  const lost = useRef(onLost);
  lost.current = onLost;
  /** Where the first source starts; a better one goes on where that was. */
  const first = useRef(begin);

  useEffect(() => {
    const element = video.current;
    if (!element || !wanted) return;
    let over = false;
    let stopResuming = () => {};
    let stopListening = () => {};
    const grant = new Grant(
      () => asked.current(),
      () => void lost.current(),
    );
    const wake = () => document.visibilityState === "visible" && grant.renewIfOver();
    document.addEventListener("visibilitychange", wake);
    const begun = () => {
      first.current = 0;
    };
    element.addEventListener("playing", begun, { once: true });

    /** What played before plays on until here, and this from where that was. */
    function load(target: HTMLVideoElement): void {
      const { paused, ended } = target;
      const from = target.currentTime || first.current;
      const resume = () => {
        if (from > 0) target.currentTime = from;
        // Refused by the browser, it stays paused, as it then looks.
        if (!paused && !ended) void target.play().catch(() => undefined);
      };
      target.addEventListener("loadedmetadata", resume, { once: true });
      stopResuming = () => target.removeEventListener("loadedmetadata", resume);
      target.src = url;
    }

    /** The original is gone once there is something better; else it is an old grant, or a line that broke. */
    async function playOriginal(target: HTMLVideoElement): Promise<void> {
      await grant.renew();
      if (over) return;
      let failures = 0;
      const onError = () => {
        failures += 1;
        if (failures > RECOVERIES)
          return setProblem(t`The video stopped: its data can't be loaded right now.`);
        void Promise.all([grant.renew(), lost.current()])
          .then(() => {
            if (!over) load(target);
          })
          .catch(() => undefined); // onLost has told why.
      };
      target.addEventListener("error", onError);
      stopListening = () => target.removeEventListener("error", onError);
      load(target);
    }

    async function start(target: HTMLVideoElement): Promise<void> {
      const [{ default: HlsPlayer }] = await Promise.all([import("hls.js"), grant.renew()]);
      if (over) return;
      if (!HlsPlayer.isSupported()) {
        if (target.canPlayType(HLS)) load(target);
        else setProblem(t`This browser can't play videos of this kind.`);
        return;
      }
      const { paused, ended } = target;
      const hls = new HlsPlayer({
        // After the original, from where that was; -1 leaves it to hls.js.
        startPosition: target.currentTime || first.current || -1,
        // fMP4 needs no remuxing worth a worker, and a worker from a blob needs a wider policy.
        enableWorker: false,
        capLevelToPlayerSize: true,
        backBufferLength: 60,
        // Without the second, ten minutes of a small picture are fetched ahead, watched or not.
        maxBufferLength: 30,
        maxMaxBufferLength: 30,
        // The first guess decides the first picture: a drive on a normal line can take 720p.
        abrEwmaDefaultEstimate: 4_000_000,
      });
      player.current = hls;
      const { Events } = HlsPlayer;
      hls.on(Events.MANIFEST_PARSED, () => {
        setQualities([{ level: AUTO, label: t`Auto` }, ...levels(hls)]);
        if (!paused && !ended) void target.play().catch(() => undefined);
      });
      hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => setPlayingHeight(shorterSide(hls.levels[level])));
      let recoveries = 0;
      hls.on(Events.FRAG_BUFFERED, () => {
        recoveries = 0;
      });
      hls.on(Events.ERROR, (_event, error) => {
        if (!error.fatal && !refused(error)) return;
        if (recoveries >= RECOVERIES) {
          if (error.fatal) setProblem(t`The video stopped: its data can't be loaded right now.`);
          return;
        }
        recoveries += 1;
        void recover(hls, error);
      });
      hls.loadSource(url);
      hls.attachMedia(target);
    }

    /** Refused media means an old grant; a broken decoder gets a fresh start; anything else is tried again. */
    async function recover(hls: Hls, error: ErrorData): Promise<void> {
      try {
        if (refused(error)) await grant.renew();
      } catch {
        return; // onLost has told why.
      }
      if (over || !error.fatal) return;
      if (error.type === "mediaError") hls.recoverMediaError();
      else hls.startLoad();
    }

    (type === HLS ? start(element) : playOriginal(element)).catch((error: unknown) => {
      if (!over) setProblem(sentenceOf(error));
    });
    return () => {
      over = true;
      stopResuming();
      stopListening();
      element.removeEventListener("playing", begun);
      document.removeEventListener("visibilitychange", wake);
      grant.end();
      player.current?.destroy();
      player.current = null;
      setQualities([]);
      setChosen(AUTO);
      setPlayingHeight(null);
      setProblem(null);
    };
  }, [url, type, video, wanted]);

  return {
    qualities,
    quality,
    setQuality: (level) => {
      setChosen(level);
      if (player.current) player.current.nextLevel = level;
    },
    playingHeight,
    problem,
  };
}

function refused(error: ErrorData): boolean {
  return error.response?.code === 403;
}

function levels(hls: Hls): Quality[] {
  return hls.levels
    .map((level, index) => ({ level: index, height: shorterSide(level) ?? 0 }))
    .sort((one, other) => other.height - one.height)
    .map(({ level, height }) => ({ level, label: `${height}p` }));
}

/** What people call 1080p is 1080 wide when the phone was held upright. */
function shorterSide(level: { width: number; height: number } | undefined): number | null {
  return level ? Math.min(level.width || level.height, level.height) : null;
}
