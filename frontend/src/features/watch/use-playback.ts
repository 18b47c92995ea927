/** Connects a <video> with its HLS stream: hls.js where it can run, the browser itself elsewhere. */
import type Hls from "hls.js";
import type { ErrorData } from "hls.js";
import { type RefObject, useEffect, useRef, useState } from "react";
import { type ApiError, sentenceOf } from "@/lib/api-error";
import { Grant } from "./grant";

export interface Quality {
  /** -1: the player decides. */
  level: number;
  label: string;
}

interface Playback {
  qualities: readonly Quality[];
  quality: number;
  setQuality: (level: number) => void;
  /** The height that is playing, known where hls.js plays. */
  playingHeight: number | null;
  problem: string | null;
}

const AUTO: Quality = { level: -1, label: "Auto" };
const RECOVERIES = 4;

export function usePlayback(
  videoId: string,
  url: string,
  video: RefObject<HTMLVideoElement | null>,
  onLost: (error: ApiError) => void,
): Playback {
  const [qualities, setQualities] = useState<readonly Quality[]>([]);
  const [quality, setChosen] = useState(AUTO.level);
  const [playingHeight, setPlayingHeight] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const player = useRef<Hls | null>(null);
  const lost = useRef(onLost);
  lost.current = onLost;

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let over = false;
    const grant = new Grant(videoId, (error) => lost.current(error));
    const wake = () => document.visibilityState === "visible" && grant.renewIfOver();
    document.addEventListener("visibilitychange", wake);

    async function start(target: HTMLVideoElement): Promise<void> {
      const [{ default: HlsPlayer }] = await Promise.all([import("hls.js"), grant.renew()]);
      if (over) return;
      if (!HlsPlayer.isSupported()) {
        if (target.canPlayType("application/vnd.apple.mpegurl")) target.src = url;
        else setProblem("This browser can't play videos of this kind.");
        return;
      }
      const hls = new HlsPlayer({
        // fMP4 needs no remuxing worth a worker, and a worker from a blob needs a wider policy.
        enableWorker: false,
        capLevelToPlayerSize: true,
        backBufferLength: 60,
        maxBufferLength: 30,
        // The first guess decides the first picture: a drive on a normal line can take 720p.
        abrEwmaDefaultEstimate: 4_000_000,
      });
      player.current = hls;
      const { Events } = HlsPlayer;
      hls.on(Events.MANIFEST_PARSED, () => setQualities([AUTO, ...levels(hls)]));
      hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => setPlayingHeight(shorterSide(hls.levels[level])));
      let recoveries = 0;
      hls.on(Events.FRAG_BUFFERED, () => {
        recoveries = 0;
      });
      hls.on(Events.ERROR, (_event, error) => {
        if (!error.fatal && !refused(error)) return;
        if (recoveries >= RECOVERIES) {
          if (error.fatal) setProblem("The video stopped: its data can't be loaded right now.");
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

    start(element).catch((error: unknown) => {
      if (!over) setProblem(sentenceOf(error));
    });
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", wake);
      grant.end();
      player.current?.destroy();
      player.current = null;
      setQualities([]);
      setChosen(AUTO.level);
      setPlayingHeight(null);
      setProblem(null);
    };
  }, [videoId, url, video]);

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
