/** The files whose uploads run in this tab: a picture of each at once, and the file itself to watch. */
import { useSyncExternalStore } from "react";
import { pictureOf } from "@/lib/upload/picture";

export interface LocalFile {
  file: File;
  /** Address of the picture. */
  picture: string;
}

class LocalFiles {
  #kept: ReadonlyMap<string, LocalFile> = new Map();
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): ReadonlyMap<string, LocalFile> => this.#kept;

  /** Keeps the file if the browser can play it. */
  async keep(videoId: string, file: File): Promise<void> {
    if (this.#kept.has(videoId)) return;
    const picture = await pictureOf(file);
    if (picture) this.#set(new Map([...this.#kept, [videoId, { file, picture }]]));
  }

  clear(): void {
    for (const { picture } of this.#kept.values()) URL.revokeObjectURL(picture);
    this.#set(new Map());
  }

  #set(kept: ReadonlyMap<string, LocalFile>): void {
    this.#kept = kept;
    for (const listener of this.#listeners) listener();
  }
}

export const localFiles = new LocalFiles();

export function useLocalFiles(): ReadonlyMap<string, LocalFile> {
  return useSyncExternalStore(localFiles.subscribe, localFiles.snapshot);
}
