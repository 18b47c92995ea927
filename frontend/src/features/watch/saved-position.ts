/** Tells the drive where someone is in a video: now and then while it plays, and whenever they stop. */
import { type RefObject, useEffect } from "react";
import { api, done } from "@/lib/api";
import { ApiError } from "@/lib/api-error";

const EVERY_MS = 10_000;

export class SavedPosition {
  readonly #save: (positionMs: number) => Promise<void>;
  #told: number | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  #over = false;

  constructor(save: (positionMs: number) => Promise<void>) {
    this.#save = save;
  }

  /** Often enough that little is lost, rarely enough that nobody notices. */
  moved(seconds: number): void {
    if (Date.now() - this.#toldAt >= EVERY_MS) this.stopped(seconds);
  }

  stopped(seconds: number): void {
    const position = Math.round(seconds * 1000);
    if (this.#over || position === this.#told) return;
    this.#told = position;
    this.#toldAt = Date.now();
    this.#save(position).catch((error: unknown) => {
      // Whoever may not watch any more is told by the player; a broken line heals before the next time.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) this.#over = true;
    });
  }
}

/** Of that video, or of none. Nothing is told before it has played. */
export function useSavedPosition(video: RefObject<HTMLVideoElement | null>, videoId: string | null): void {
  useEffect(() => {
    const element = video.current;
    if (!element || videoId === null) return;
    let begun = false;
    const saved = new SavedPosition((position_ms) =>
      done(
        api.PUT("/api/videos/{video_id}/progress", {
          params: { path: { video_id: videoId } },
          body: { position_ms },
          // Outlives the page: the last place is told while it goes away.
          keepalive: true,
        }),
      ),
    );
    const begin = () => {
      begun = true;
    };
    const moved = () => begun && !element.paused && !element.seeking && saved.moved(element.currentTime);
    const stopped = () => begun && saved.stopped(element.currentTime);
    const hidden = () => document.visibilityState === "hidden" && stopped();
    element.addEventListener("playing", begin);
    element.addEventListener("timeupdate", moved);
    element.addEventListener("pause", stopped);
    document.addEventListener("visibilitychange", hidden);
    addEventListener("pagehide", stopped);
    return () => {
      element.removeEventListener("playing", begin);
      element.removeEventListener("timeupdate", moved);
      element.removeEventListener("pause", stopped);
      document.removeEventListener("visibilitychange", hidden);
      removeEventListener("pagehide", stopped);
      stopped();
    };
  }, [video, videoId]);
}
