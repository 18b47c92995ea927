/** What the tray tells of speed and time. */
import { expect, it } from "vitest";
import { Pace } from "./pace";

const MB = 1_000_000;

/** Sends `total` at the speeds given, one for each second, and answers what was told at each of them. */
function told(total: number, speeds: number[]): (number | null)[] {
  const pace = new Pace();
  let sent = 0;
  pace.note(0, 0);
  return speeds.map((speed, index) => {
    sent += speed;
    const at = (index + 1) * 1000;
    pace.note(sent, at);
    return pace.secondsLeft(total - sent, at);
  });
}

it("counts down without a jump while the speed wavers", () => {
  const speeds = Array.from({ length: 60 }, (_, second) => (second % 2 ? 12 : 8) * MB);
  const times = told(2000 * MB, speeds).slice(5) as number[];
  for (const [index, seconds] of times.entries()) {
    if (index > 0) expect(Math.abs(seconds - (times[index - 1] ?? 0))).toBeLessThanOrEqual(2);
  }
  expect(times.at(-1)).toBeGreaterThan(120);
  expect(times.at(-1)).toBeLessThan(160);
});

it("tells anew within the window when the line becomes another one", () => {
  const speeds = [...Array(20).fill(10 * MB), ...Array(15).fill(2 * MB)];
  const times = told(1000 * MB, speeds);
  expect(times[19]).toBeCloseTo(80, 0);
  expect(times.at(-1)).toBeGreaterThan(0.8 * (770 / 2));
});

it("says nothing before there is something to say, and after a pause", () => {
  const pace = new Pace();
  pace.note(0, 0);
  pace.note(MB, 300);
  expect(pace.bytesPerSecond()).toBeNull();
  pace.note(3 * MB, 1500);
  expect(pace.bytesPerSecond()).toBe(2 * MB);
  pace.restart();
  expect(pace.secondsLeft(MB, 1600)).toBeNull();
});
