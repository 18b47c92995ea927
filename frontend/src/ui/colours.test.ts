/** White words on a button can be read in both themes, also while it is pointed at or pressed (WCAG 1.4.3). */
import { describe, expect, it } from "vitest";

import css from "./base.css?raw";

const THEMES = { light: ":root {", dark: ':root[data-theme="dark"] {' };
const UNDER_WHITE = ["brand", "brand-strong", "bad", "bad-strong"];
const ENOUGH = 4.5;

/** The light of a colour of that theme, from 0 to 1. */
function luminance(theme: keyof typeof THEMES, name: string): number {
  const block = css.slice(css.indexOf(THEMES[theme]));
  const [, light, chroma, hue] = block.match(new RegExp(`--${name}: oklch\\((\\S+) (\\S+) (\\S+)\\)`)) ?? [];
  return luminanceOf(Number(light), Number(chroma), (Number(hue) * Math.PI) / 180);
}

/** By the matrices of CSS Color 4, from OKLCH by LMS to linear sRGB. */
function luminanceOf(light: number, chroma: number, hue: number): number {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  const green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  const blue = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
  const shown = (part: number) => Math.min(1, Math.max(0, part));
  return 0.2126 * shown(red) + 0.7152 * shown(green) + 0.0722 * shown(blue);
}

it("measures as everybody does", () => {
  expect(luminanceOf(1, 0, 0)).toBeCloseTo(1, 3);
  expect(luminanceOf(0.62796, 0.25768, (29.234 * Math.PI) / 180)).toBeCloseTo(0.2126, 3);
});

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(UNDER_WHITE)("white can be read on %s", (name) => {
    expect(1.05 / (luminance(theme, name) + 0.05)).toBeGreaterThanOrEqual(ENOUGH);
  });

  it.each(["brand", "bad"])("%s changes under a mouse", (name) => {
    expect(luminance(theme, `${name}-strong`)).toBeLessThan(luminance(theme, name));
  });
});
