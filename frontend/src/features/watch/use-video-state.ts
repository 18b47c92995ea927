/** A <video> element's state as React state. */
import { type RefObject, useEffect, useState } from "react";

interface VideoState {
  paused: boolean;
  waiting: boolean;
  time: number;
  duration: number;
  buffered: number;
  volume: number;
  muted: boolean;
  speed: number;
}

const INITIAL: VideoState = {
  paused: true,
  waiting: false,
  time: 0,
  duration: 0,
  buffered: 0,
  volume: 1,
  muted: false,
  speed: 1,
};

const EVENTS = [
  "play",
  "pause",
  "playing",
  "waiting",
  "seeking",
  "seeked",
  "timeupdate",
  "durationchange",
  "progress",
  "volumechange",
  "ratechange",
  "ended",
  "emptied",
] as const;

export function useVideoState(video: RefObject<HTMLVideoElement | null>): VideoState {
  const [state, setState] = useState(INITIAL);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const read = () =>
      setState({
        paused: element.paused,
        waiting: element.seeking || element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
        time: element.currentTime,
        duration: Number.isFinite(element.duration) ? element.duration : 0,
        buffered: bufferedUntil(element),
        volume: element.volume,
        muted: element.muted,
        speed: element.playbackRate,
      });
    for (const event of EVENTS) element.addEventListener(event, read);
    read();
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, read);
    };
  }, [video]);
  return state;
}

function bufferedUntil({ buffered, currentTime }: HTMLVideoElement): number {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.1 && buffered.end(index) >= currentTime)
      return buffered.end(index);
  }
  return 0;
}
