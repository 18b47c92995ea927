/** What this person's other devices are sending, as they say it themselves: shown, and never relied upon. */
import { useSyncExternalStore } from "react";
import type { UploadEngine } from "@/lib/upload/engine";
import type { SentBytes } from "@/lib/upload/types";

/** A device that is silent for so long is done, paused or offline: then S3 says what has arrived. */
const QUIET_MS = 15_000;

export class Elsewhere {
  #sent: ReadonlyMap<string, number> = new Map();
  readonly #quiet = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Bytes by video. */
  readonly snapshot = (): ReadonlyMap<string, number> => this.#sent;

  readonly heard = (sent: SentBytes): void => {
    const told = Object.entries(sent);
    for (const [videoId] of told) {
      clearTimeout(this.#quiet.get(videoId));
      this.#quiet.set(
        videoId,
        setTimeout(() => this.#forget(videoId), QUIET_MS),
      );
    }
    this.#show(new Map([...this.#sent, ...told]));
  };

  #forget(videoId: string): void {
    this.#quiet.delete(videoId);
    this.#show(new Map([...this.#sent].filter(([id]) => id !== videoId)));
  }

  #show(sent: ReadonlyMap<string, number>): void {
    this.#sent = sent;
    for (const listener of this.#listeners) listener();
  }
}

export const elsewhere = new Elsewhere();

/** Bytes that another device has sent of a video; null while none says so. */
export function useSentElsewhere(videoId: string): number | null {
  const sent = useSyncExternalStore(elsewhere.subscribe, elsewhere.snapshot);
  return sent.get(videoId) ?? null;
}

/** Calls back with what this tab sends, whenever that moves; answers how to stop it. */
export function followSending(engine: UploadEngine, tell: (sent: SentBytes) => void): () => void {
  return engine.subscribe(() => {
    const sending = engine.snapshot().filter(({ phase }) => phase === "uploading");
    const sent = sending.flatMap(({ videoId, sent }) => (videoId ? [[videoId, sent] as const] : []));
    if (sent.length > 0) tell(Object.fromEntries(sent));
  });
}
