/** Videos of every kind, as processing makes them, play in the app's own player library to their last picture. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import type Hls from "hls.js";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(tmpdir(), "streamtime-corpus");
const LIBRARY = join(ROOT, "frontend/node_modules/hls.js/dist/hls.min.js");
const SMALLEST_SET = 10;

interface Case {
  name: string;
  playlist: string;
  frames: number;
  frameSeconds: number;
}

interface Played {
  errors: string[];
  frames: number;
  seconds: number;
}

let server: Server;

test.beforeAll(async () => {
  execFileSync(join(ROOT, ".venv/bin/python"), ["-m", "tests.unit.process.packaged", FOLDER], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  server = createServer((request, response) => {
    const path = request.url ?? "/";
    if (path === "/") {
      response.setHeader("Content-Type", "text/html");
      response.end("<!doctype html><title>Corpus</title><link rel='icon' href='data:,'>");
      return;
    }
    const body = readFileSync(join(FOLDER, path.replace("media/x", "cases.json")));
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    if (first === undefined) {
      response.end(body);
      return;
    }
    response.statusCode = 206;
    response.end(body.subarray(Number(first), last ? Number(last) + 1 : undefined));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});

test.afterAll(() => new Promise((closed) => server.close(closed)));

test("videos of every kind play to their last picture", async ({ page }) => {
  const cases = JSON.parse(readFileSync(join(FOLDER, "cases.json"), "utf8")) as Case[];
  expect(cases.length).toBeGreaterThanOrEqual(SMALLEST_SET);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.addScriptTag({ path: LIBRARY });
  for (const together of [0, 1, 2, 3].map((part) => cases.filter((_, index) => index % 4 === part))) {
    const played = await Promise.all(
      together.map(({ playlist, frames }) => page.evaluate(play, { playlist, frames })),
    );
    for (const [index, { name, frames, frameSeconds }] of together.entries()) {
      expect.soft(played[index]?.errors, name).toEqual([]);
      expect.soft(played[index]?.frames, name).toBe(frames);
      const drift = Math.abs((played[index]?.seconds ?? 0) - frames * frameSeconds);
      expect.soft(drift, `${name}: seconds too long or too short`).toBeLessThanOrEqual(frameSeconds);
    }
  }
  expect(problems).toEqual([]);
});

/** In the page: plays the largest rendition from the first to the last picture. */
async function play({ playlist, frames }: { playlist: string; frames: number }): Promise<Played> {
  const Player = (window as unknown as { Hls: typeof Hls }).Hls;
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true; // nobody has clicked here, so nothing may sound
  const hls = new Player({ startLevel: 0, autoStartLoad: false });
  const errors: string[] = [];
  const ended = new Promise<void>((resolve) => {
    video.addEventListener("ended", () => resolve());
    video.addEventListener("error", () => {
      errors.push(video.error?.message ?? "video error");
      resolve();
    });
    hls.on(Player.Events.ERROR, (_event, { details, fatal }) => {
      errors.push(details);
      if (fatal) resolve();
    });
  });
  hls.on(Player.Events.MANIFEST_PARSED, (_event, { levels }) => {
    hls.currentLevel = levels.length - 1;
    hls.startLoad();
    video.play().catch((error: Error) => errors.push(error.message));
  });
  hls.loadSource(playlist);
  hls.attachMedia(video);
  await ended;
  // The figure is told a moment after the picture is shown.
  const counted = () => video.getVideoPlaybackQuality().totalVideoFrames;
  for (let look = 0; look < 60 && counted() < frames; look++) await new Promise(requestAnimationFrame);
  const played = { errors, frames: counted(), seconds: video.duration };
  hls.destroy();
  video.remove();
  return played;
}
