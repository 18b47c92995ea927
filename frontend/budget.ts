/** Fails the build when a visitor of Explore would load more JavaScript than we allow, or any of the player's. */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const BUDGET_KB = 170;
const PAGE = "/src/features/watch/explore-page.tsx";
const PLAYER = ["/node_modules/hls.js/", "/src/features/watch/player.tsx"];

export function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const wanted = chunks.filter(
        ({ isEntry, facadeModuleId }) => isEntry || facadeModuleId?.endsWith(PAGE),
      );
      // What a page imports comes before it; what it may import later doesn't count.
      for (const { imports } of wanted)
        wanted.push(...chunks.filter((chunk) => imports.includes(chunk.fileName) && !wanted.includes(chunk)));
      const bytes = wanted.reduce((sum, { code }) => sum + gzipSync(code).length, 0);
      const player = wanted.flatMap(({ moduleIds }) =>
        moduleIds.filter((id) => PLAYER.some((part) => id.includes(part))),
      );
      if (!chunks.some(({ facadeModuleId }) => facadeModuleId?.endsWith(PAGE)))
        this.error(`There is no ${PAGE} any more: say in budget.ts which page a visitor sees first.`);
      if (player.length > 0) this.error(`Explore would load the player: ${player.join(", ")}`);
      const told = `Explore needs ${(bytes / 1000).toFixed(1)} KB of JavaScript (gzip), of ${BUDGET_KB}.`;
      if (bytes > BUDGET_KB * 1000) this.error(told);
      this.info(told);
    },
  };
}
