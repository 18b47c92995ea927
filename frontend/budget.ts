/** Fails the build when a visitor of Explore would load more JavaScript than we allow, or any of the player's. */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const BUDGET_KB = 170;
const FIRST_PAGE = "/src/features/watch/explore-page.tsx";
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
      const bytes = wanted.reduce((sum, { code }) => sum + gzipSync(code).length, 0);
      const player = wanted.flatMap(({ moduleIds }) =>
        moduleIds.filter((id) => PLAYER.some((part) => id.includes(part))),
      );
      if (!wanted.some(({ moduleIds }) => moduleIds.some((id) => id.endsWith(FIRST_PAGE))))
        this.error(
          `${FIRST_PAGE} is not loaded at once any more: count in budget.ts what is loaded instead.`,
        );
      if (player.length > 0) this.error(`Explore would load the player: ${player.join(", ")}`);
      const told = `Explore needs ${(bytes / 1000).toFixed(1)} KB of JavaScript (gzip), of ${BUDGET_KB}.`;
      if (bytes > BUDGET_KB * 1000) this.error(told);
      this.info(told);
    },
  };
}
