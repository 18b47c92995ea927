/** A list that was asked for before a change, and is answered after it, would undo what an event has told. */
import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@/lib/models";

export class Replay {
  /** What was told while a query was being answered, by the query. */
  readonly #meanwhile = new Map<string, LiveEvent[]>();
  readonly stop: () => void;

  constructor(client: QueryClient, again: (events: readonly LiveEvent[]) => void) {
    this.stop = client.getQueryCache().subscribe((notice) => {
      if (notice.type !== "updated") return;
      const { queryHash } = notice.query;
      const { action } = notice;
      if (action.type === "fetch") this.#meanwhile.set(queryHash, []);
      if (action.type === "error") this.#meanwhile.delete(queryHash);
      if (action.type !== "success" || action.manual) return;
      const events = this.#meanwhile.get(queryHash) ?? [];
      this.#meanwhile.delete(queryHash);
      if (events.length > 0) again(events);
    });
  }

  told(events: readonly LiveEvent[]): void {
    for (const missed of this.#meanwhile.values()) missed.push(...events);
  }
}
