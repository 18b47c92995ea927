/** Which events may be applied, by their numbers alone. */
import type { LiveEvent } from "@/lib/models";

export interface Verdict {
  /** Apply these, in this order. */
  apply: readonly LiveEvent[];
  /** Something was missed: ask for everything after `last`. */
  gap: boolean;
}

/**
 * Keeps the number of the last event that was applied. Numbers of one person grow by one where the server
 * counts per person, and with holes where it counts for all: a hole only costs a question, never an event.
 */
export class Sequence {
  #last: number | null = null;

  get last(): number | null {
    return this.#last;
  }

  startAt(seq: number): void {
    this.#last = seq;
  }

  /** One event from the socket. */
  receive(event: LiveEvent): Verdict {
    if (this.#last === null) return { apply: [], gap: true };
    if (event.seq <= this.#last) return { apply: [], gap: false };
    if (event.seq > this.#last + 1) return { apply: [], gap: true };
    this.#last = event.seq;
    return { apply: [event], gap: false };
  }

  /** The answer to "everything after": complete up to `latest`. */
  catchUp(items: readonly LiveEvent[], latest: number): readonly LiveEvent[] {
    const from = this.#last ?? -1;
    const apply = items.filter((event) => event.seq > from).sort((one, other) => one.seq - other.seq);
    this.#last = Math.max(from, latest, apply.at(-1)?.seq ?? from);
    return apply;
  }
}
