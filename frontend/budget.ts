/** Fails the build when a visitor of Explore would load more JavaScript than we allow, or any of the player's. */
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { FIRST } from "./lingui.config.ts";

const BUDGET_KB = 170;
const FIRST_PAGE = "/src/features/watch/explore-page.tsx";
const FIRST_WORDS = /\/src\/locales\/(\w+)\/first\.po$/;
const PLAYER = ["/node_modules/hls.js/", "/src/features/watch/player.tsx"];

export function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      // Explore is the first page, and as such part of the entry.
      const wanted = chunks.filter(({ isEntry }) => isEntry);
      // What it imports comes with it; what it may import later doesn't count.
      for (const { imports } of wanted)
        wanted.push(...chunks.filter((chunk) => imports.includes(chunk.fileName) && !wanted.includes(chunk)));
      const words = chunks.filter(({ facadeModuleId }) => FIRST_WORDS.test(facadeModuleId ?? ""));
      const size = ({ code }: { code: string }) => gzipSync(code).length;
      // The code, and the words of one language: the longest.
      const bytes = wanted.reduce((sum, chunk) => sum + size(chunk), 0) + Math.max(0, ...words.map(size));
      const modules = wanted.flatMap(({ moduleIds }) => moduleIds);
      const player = modules.filter((id) => PLAYER.some((part) => id.includes(part)));
      const speechless = modules
        .filter((id) => this.getModuleInfo(id)?.importedIds.some((other) => other.includes("/@lingui/")))
        .map((id) => relative(import.meta.dirname, id))
        .filter(
          (id) => id.startsWith("src/") && !FIRST.some((path) => id.startsWith(path.replace("**", ""))),
        );
      if (!modules.some((id) => id.endsWith(FIRST_PAGE)))
        this.error(
          `${FIRST_PAGE} is not loaded at once any more: count in budget.ts what is loaded instead.`,
        );
      if (player.length > 0) this.error(`Explore would load the player: ${player.join(", ")}`);
      if (words.length === 0 || wanted.some((chunk) => words.includes(chunk)))
        this.error("The words of a language are to be a chunk of their own.");
      if (speechless.length > 0)
        this.error(`Loaded at once, but not so their words: name them in lingui.config.ts: ${speechless}`);
      const told = `Explore needs ${(bytes / 1000).toFixed(1)} KB of JavaScript (gzip), of ${BUDGET_KB}.`;
      if (bytes > BUDGET_KB * 1000) this.error(told);
      this.info(told);
    },
    /** Tells public/theme.js where the words are, which it asks for as soon as it knows the language. */
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const places = Object.values(bundle).flatMap((file) => {
          const [, language] = (file.type === "chunk" && FIRST_WORDS.exec(file.facadeModuleId ?? "")) || [];
          return language ? [` data-${language}="/${file.fileName}"`] : [];
        });
        return html.replace('src="/theme.js"', (script) => script + places.join(""));
      },
    },
  };
}
