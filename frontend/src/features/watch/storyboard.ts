/** The pictures over the seek bar: parts of one sheet, named by a WebVTT. */
import { useEffect, useRef, useState } from "react";

export interface Tile {
  start: number;
  end: number;
  /** Address of the sheet. */
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const TIME = String.raw`(?:(\d+):)?(\d\d):(\d\d\.\d{3})`;
const CUE = new RegExp(`^${TIME} --> ${TIME}\\n(\\S+)#xywh=(\\d+),(\\d+),(\\d+),(\\d+)$`, "gm");

/** Reads our own WebVTT; addresses in it are relative to `base`. */
export function parseStoryboard(text: string, base: string): Tile[] {
  return [...text.replaceAll("\r\n", "\n").matchAll(CUE)].map(
    ([, h, m, s, h2, m2, s2, name = "", ...place]) => {
      const [x = 0, y = 0, width = 0, height = 0] = place.map(Number);
      const url = new URL(name, base).pathname;
      return { start: seconds(h, m, s), end: seconds(h2, m2, s2), url, x, y, width, height };
    },
  );
}

function seconds(hours = "0", minutes = "0", rest = "0"): number {
  return 3600 * Number(hours) + 60 * Number(minutes) + Number(rest);
}

export function tileAt(tiles: readonly Tile[], time: number): Tile | undefined {
  return tiles.findLast(({ start }) => start <= time) ?? tiles[0];
}

/** Fetched when it is first wanted, under the cookies that play the video; without it, only times are shown. */
export function useStoryboard(address: string | null, wanted: boolean): readonly Tile[] {
  const [tiles, setTiles] = useState<readonly Tile[]>([]);
  const asked = useRef<string | null>(null);
  useEffect(() => {
    if (!address || !wanted || asked.current === address) return;
    asked.current = address;
    const url = new URL(address, location.href);
    fetch(url)
      .then(async (answer) => {
        if (answer.ok) setTiles(parseStoryboard(await answer.text(), url.href));
      })
      .catch(() => {
        asked.current = null;
      });
  }, [address, wanted]);
  return tiles;
}
