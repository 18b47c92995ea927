/** Which messages the code has, in which languages, and the files that translators get. */
import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";

/** What a visitor of Explore loads at once and that says something: the build holds this list against it. */
export const FIRST = [
  "src/app/**",
  "src/ui/**",
  "src/lib/api-error.ts",
  "src/lib/format.ts",
  "src/lib/language.ts",
  "src/lib/problem.ts",
  "src/lib/upload/engine.ts",
  "src/features/watch/explore-page.tsx",
  "src/features/watch/queries.ts",
  "src/features/watch/video-grid.tsx",
  "src/features/watch/visibility-badge.tsx",
];

export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "ar"],
  catalogs: [
    { path: "src/locales/{locale}/first", include: FIRST },
    { path: "src/locales/{locale}/pages", include: ["src/**"], exclude: FIRST },
  ],
  format: formatter({ lineNumbers: false }),
});
