/** Captions, where the stream carries any: hls.js and the browsers themselves keep them as the element's tracks. */
import { type RefObject, useEffect, useState } from "react";

interface Captions {
  available: boolean;
  shown: boolean;
  toggle: () => void;
}

export function useCaptions(video: RefObject<HTMLVideoElement | null>): Captions {
  const [state, setState] = useState({ available: false, shown: false });
  useEffect(() => {
    const list = video.current?.textTracks;
    if (!list) return;
    const read = () => {
      const tracks = captionsOf(list);
      setState({ available: tracks.length > 0, shown: tracks.some(({ mode }) => mode === "showing") });
    };
    const events = ["addtrack", "removetrack", "change"] as const;
    for (const event of events) list.addEventListener(event, read);
    read();
    return () => {
      for (const event of events) list.removeEventListener(event, read);
    };
  }, [video]);

  function toggle() {
    const tracks = captionsOf(video.current?.textTracks ?? []);
    const on = !tracks.some(({ mode }) => mode === "showing");
    for (const [index, track] of tracks.entries()) track.mode = on && index === 0 ? "showing" : "disabled";
  }
  return { ...state, toggle };
}

function captionsOf(list: Iterable<TextTrack> | ArrayLike<TextTrack>): TextTrack[] {
  return Array.from(list).filter(({ kind }) => kind === "subtitles" || kind === "captions");
}
