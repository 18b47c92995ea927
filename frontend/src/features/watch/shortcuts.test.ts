import { beforeEach, expect, it } from "vitest";
import { SHORTCUTS, shortcutFor } from "./shortcuts";

beforeEach(() => {
  document.body.innerHTML = `
    <section id="player"><video id="video"></video><button id="mute"></button><input id="seek" type="range" /></section>
    <main id="page"><a id="link" href="/x">x</a><input id="text" /><div role="menu"><p id="item"></p></div></main>
    <div role="dialog"><button id="close"></button></div>`;
});

function at(id: string, key: string, more: Partial<KeyboardEvent> = {}, onlyInPlayer = false) {
  const [target, player] = [document.getElementById(id), document.getElementById("player")];
  if (!target || !player) throw new Error(`${id} is not on the page`);
  const event = { key, altKey: false, ctrlKey: false, metaKey: false, target, ...more };
  return shortcutFor(event, player, onlyInPlayer)?.does();
}

it("knows the keys people know", () => {
  const keys = ["k", " ", "j", "l", "ArrowLeft", "ArrowRight", "m", "f", "t", "c", "0", "9", "<", ">", "?"];
  for (const key of keys) expect(at("page", key), key).toBeDefined();
  expect(at("page", "K")).toBe("Play or pause");
  expect(at("page", "q")).toBeUndefined();
});

it("leaves the page its own keys, and has them in the player", () => {
  for (const key of ["ArrowUp", "ArrowDown", "Home", "End"]) {
    expect(at("page", key)).toBeUndefined();
    expect(at("video", key)).toBeDefined();
  }
});

it("leaves a control the keys it needs, and takes letters there", () => {
  expect([at("mute", " "), at("seek", "ArrowLeft"), at("link", " ")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([at("mute", "k"), at("seek", "5"), at("link", "f")]).not.toContain(undefined);
});

it("is silent while somebody writes, chooses, or answers a dialog", () => {
  expect([at("text", "k"), at("item", "k"), at("close", "k")]).toEqual([undefined, undefined, undefined]);
});

it("leaves the browser its own shortcuts", () => {
  for (const held of ["altKey", "ctrlKey", "metaKey"])
    expect(at("page", "f", { [held]: true })).toBeUndefined();
});

it("can be kept to the player", () => {
  expect([at("page", "k", {}, true), at("video", "k", {}, true)]).toEqual([undefined, "Play or pause"]);
});

it("gives each key one meaning", () => {
  const all = SHORTCUTS.flatMap(({ page = [], player = [] }) => [...page, ...player]);
  expect(new Set(all).size).toBe(all.length);
});
