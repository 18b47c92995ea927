/** Which language the app speaks, when it is chosen, and how it counts in it. */
import { i18n } from "@lingui/core";
import { plural } from "@lingui/core/macro";
import { afterEach, describe, expect, it, vi } from "vitest";
import firstPaint from "../../public/theme.js?raw";
import { choose, LANGUAGES, language, speak } from "./language";

const page = document.documentElement;

afterEach(() => {
  localStorage.clear();
  i18n.activate("en", "en-US");
});

/** What public/theme.js decides before the first paint. */
function decided(preferred: readonly string[], chosen: string | null = null): string {
  if (chosen) localStorage.setItem("streamtime.language", chosen);
  vi.spyOn(navigator, "languages", "get").mockReturnValue(preferred);
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  new Function(firstPaint)();
  vi.unstubAllGlobals();
  return `${page.lang} ${page.dir}`;
}

describe("before the first paint", () => {
  it("takes the first of the browser's languages that the app speaks, whatever the country", () => {
    expect(decided(["fr-FR", "AR-eg", "en"])).toBe("ar rtl");
    expect(decided(["en-GB", "ar"])).toBe("en ltr");
  });

  it("speaks English to who understands none of them", () => {
    expect(decided(["fr", "constructor"])).toBe("en ltr");
    expect(decided([])).toBe("en ltr");
  });

  it("goes by what the person chose, as long as there is such a language", () => {
    expect(decided(["en"], "ar")).toBe("ar rtl");
    expect(decided(["ar"], "tlh")).toBe("ar rtl");
  });

  it.each(Object.entries(LANGUAGES))("knows %s and its direction", (code, { dir }) => {
    expect(decided([code])).toBe(`${code} ${dir}`);
  });
});

it("remembers what was chosen, and tells the page", async () => {
  await choose("ar");
  expect(language()).toBe("ar");
  expect([page.lang, page.dir]).toEqual(["ar", "rtl"]);
  expect(localStorage.getItem("streamtime.language")).toBe("ar");
  await choose("en");
  expect([page.lang, page.dir]).toEqual(["en", "ltr"]);
});

it("counts videos in all six forms of Arabic", async () => {
  const published = (count: number) =>
    plural(count, { one: "# video is published.", other: "# videos are published." });
  expect([1, 2].map(published)).toEqual(["1 video is published.", "2 videos are published."]);
  await speak("ar");
  const { messages } = await LANGUAGES.ar.pages();
  i18n.load("ar", messages);
  expect([0, 1, 2, 3, 11, 100].map(published)).toEqual([
    "لم يُنشر أي فيديو.",
    "نُشر فيديو واحد.",
    "نُشر فيديوهان.",
    "نُشرت 3 فيديوهات.",
    "نُشر 11 فيديو.",
    "نُشر 100 فيديو.",
  ]);
});
