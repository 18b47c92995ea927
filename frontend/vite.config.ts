/** How the web app is built, served while developing, and unit tested. */
import { fileURLToPath } from "node:url";
import { lingui } from "@lingui/vite-plugin";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { budget } from "./budget.ts";

/** A running stage that `npm run dev` borrows its API, sockets and media from. */
const stage = process.env.STREAMTIME_URL ?? "http://localhost:8000";

/**
 * The frame that index.html draws, and its picture, are painted before the app's scripts take the line. They start
 * when public/begin.js says so, what they share with later pages first.
 */
const frameFirst: Plugin = {
  name: "frame-first",
  transformIndexHtml: {
    order: "post",
    handler: (html) => {
      const app: string[] = [];
      const take = (_: string, address: string) => {
        app.push(`<link rel="preload" as="script" fetchpriority="low" crossorigin href="${address}">\n    `);
        return "";
      };
      return html
        .replaceAll(/\s*<link rel="modulepreload" crossorigin href="(.+?)">/g, take)
        .replace(/\s*<script type="module" crossorigin src="(.+?)"><\/script>/, take)
        .replace('<script src="/begin.js">', (script) => app.join("") + script);
    },
  },
};

export default defineConfig({
  plugins: [
    // Before React's: it reads the words where they stand in the code.
    lingui({ macroTransform: true, failOnMissing: true, failOnCompileError: true }),
    react(),
    tailwind(),
    // React Aria ships its few built-in words in 30 languages; these are ours.
    { ...optimizeLocales.vite({ locales: ["en-US", "ar-AE"] }), enforce: "pre" },
    budget(),
    frameFirst,
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    target: "es2022",
    // The content security policy allows no data: fonts or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What the first page needs comes in few files, of which each runs in a task of its own.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: "libraries", test: /node_modules\//, tags: ["$initial"] },
            { name: "first", tags: ["$initial"] },
          ],
        },
      },
    },
    // hls.js is one library of that size, loaded only when a video is watched.
    chunkSizeWarningLimit: 650,
  },
  server: {
    proxy: {
      "/api": { target: stage, changeOrigin: true },
      "/media": { target: stage, changeOrigin: true },
      "/live": { target: stage, changeOrigin: true, ws: true },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    // Other styles are left out: nothing is drawn.
    css: { include: /base\.css/ },
    restoreMocks: true,
  },
});
