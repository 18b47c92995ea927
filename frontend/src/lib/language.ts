/** In which language the app speaks; public/theme.js has decided it at first. */
import { i18n } from "@lingui/core";

/** To add one: here, in public/theme.js, lingui.config.ts and vite.config.ts; see docs/languages.md. */
export const LANGUAGES = {
  en: {
    name: "English",
    /** For numbers and dates, and the words of React Aria. */
    tag: "en-US",
    dir: "ltr",
    first: () => import("@/locales/en/first.po"),
    pages: () => import("@/locales/en/pages.po"),
  },
  ar: {
    name: "العربية",
    tag: "ar-AE",
    dir: "rtl",
    first: () => import("@/locales/ar/first.po"),
    pages: () => import("@/locales/ar/pages.po"),
  },
} as const;

export type Language = keyof typeof LANGUAGES;

const KEY = "streamtime.language";
let pagesWanted = false;

export function isLanguage(code: string): code is Language {
  return Object.hasOwn(LANGUAGES, code);
}

export function language(): Language {
  return isLanguage(i18n.locale) ? i18n.locale : "en";
}

export function languageTag(): string {
  return LANGUAGES[language()].tag;
}

/** Resolves when the first page can be drawn in it. */
export async function speak(code: Language): Promise<void> {
  const { first, pages, dir } = LANGUAGES[code];
  const words = await Promise.all(pagesWanted ? [first(), pages()] : [first()]);
  for (const { messages } of words) i18n.load(code, messages);
  i18n.activate(code, LANGUAGES[code].tag);
  Object.assign(document.documentElement, { lang: code, dir });
}

export async function choose(code: Language): Promise<void> {
  await speak(code);
  localStorage.setItem(KEY, code);
}

/** The code of a later page, with its words. */
export async function withWords<Code>(code: Promise<Code>): Promise<Code> {
  pagesWanted = true;
  const said = language();
  const [loaded, { messages }] = await Promise.all([code, LANGUAGES[said].pages()]);
  i18n.load(said, messages);
  return loaded;
}
