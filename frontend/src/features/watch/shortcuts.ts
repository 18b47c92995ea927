/** The keyboard map, as people know it from other players: one table for the player and for the help on it. */
import { t } from "@lingui/core/macro";
import { type RefObject, useEffect, useRef, useState } from "react";

/** What keys can do; the player does it. */
export interface Controls {
  toggle: () => void;
  seekBy: (seconds: number) => void;
  /** 0 is the start, 1 the end. */
  seekTo: (share: number) => void;
  louder: (change: number) => void;
  faster: (steps: 1 | -1) => void;
  mute: () => void;
  captions: () => void;
  theatre: () => void;
  fullscreen: () => void;
  help: () => void;
}

export interface Shortcut {
  does: () => string;
  /** Works wherever on the page, unless one writes or chooses something there. */
  page?: readonly string[];
  /** Works in the player alone: elsewhere the page needs it. */
  player?: readonly string[];
  run: (controls: Controls, key: string) => void;
}

const DIGITS = "0123456789".split("");

export const SHORTCUTS: readonly Shortcut[] = [
  { does: () => t`Play or pause`, page: ["k", " "], run: (player) => player.toggle() },
  { does: () => t`10 seconds back`, page: ["j"], run: (player) => player.seekBy(-10) },
  { does: () => t`10 seconds ahead`, page: ["l"], run: (player) => player.seekBy(10) },
  { does: () => t`5 seconds back`, page: ["ArrowLeft"], run: (player) => player.seekBy(-5) },
  { does: () => t`5 seconds ahead`, page: ["ArrowRight"], run: (player) => player.seekBy(5) },
  { does: () => t`To 0 % … 90 %`, page: DIGITS, run: (player, key) => player.seekTo(Number(key) / 10) },
  { does: () => t`To the start`, player: ["Home"], run: (player) => player.seekTo(0) },
  { does: () => t`To the end`, player: ["End"], run: (player) => player.seekTo(1) },
  { does: () => t`Slower`, page: ["<"], run: (player) => player.faster(-1) },
  { does: () => t`Faster`, page: [">"], run: (player) => player.faster(1) },
  { does: () => t`Mute or unmute`, page: ["m"], run: (player) => player.mute() },
  { does: () => t`Louder`, player: ["ArrowUp"], run: (player) => player.louder(0.1) },
  { does: () => t`Quieter`, player: ["ArrowDown"], run: (player) => player.louder(-0.1) },
  { does: () => t`Captions on or off`, page: ["c"], run: (player) => player.captions() },
  { does: () => t`Theatre mode`, page: ["t"], run: (player) => player.theatre() },
  { does: () => t`Full screen`, page: ["f"], run: (player) => player.fullscreen() },
  { does: () => t`These shortcuts`, page: ["?"], run: (player) => player.help() },
];

const CONTROL = "button, a[href], input, select, textarea, [role=menuitem], [contenteditable]";
/** Keys of these are their own, whatever the player would do. */
const WRITING =
  "textarea, select, [contenteditable], input:not([type=range]), [role=menu], [role=dialog], [role=alertdialog]";
/** Keys that a control needs while it has the focus. */
const NEEDED = new Set([" ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

/** What a key means where it was pressed. */
export function shortcutFor(
  event: Pick<KeyboardEvent, "key" | "altKey" | "ctrlKey" | "metaKey" | "target">,
  player: Element,
  onlyInPlayer: boolean,
): Shortcut | undefined {
  const target = event.target instanceof Element ? event.target : null;
  if (event.altKey || event.ctrlKey || event.metaKey || target?.closest(WRITING)) return;
  if (NEEDED.has(event.key) && target?.closest(CONTROL)) return;
  const inside = target !== null && player.contains(target);
  if (onlyInPlayer && !inside) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return SHORTCUTS.find(({ page, player: own }) => page?.includes(key) || (inside && own?.includes(key)));
}

export function useShortcuts(
  player: RefObject<HTMLElement | null>,
  controls: Controls,
  onlyInPlayer: boolean,
): void {
  const current = useRef({ controls, onlyInPlayer });
  current.current = { controls, onlyInPlayer };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!player.current || event.defaultPrevented) return;
      const shortcut = shortcutFor(event, player.current, current.current.onlyInPlayer);
      if (!shortcut) return;
      event.preventDefault();
      shortcut.run(current.current.controls, event.key);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [player]);
}

const KEY = "streamtime.keys";

/** Whoever speaks to their computer, or brushes keys by chance, may keep single letters to the player. */
export function useOnlyInPlayer(): [boolean, (only: boolean) => void] {
  const [only, setOnly] = useState(() => localStorage.getItem(KEY) === "player");
  return [
    only,
    (chosen) => {
      localStorage.setItem(KEY, chosen ? "player" : "page");
      setOnly(chosen);
    },
  ];
}
