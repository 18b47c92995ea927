/** Lets a bounded number in at a time: whoever has the fewest inside comes next, then first come, first served. */

interface Waiting {
  owner: unknown;
  admit: () => void;
}

export class Gate {
  #free: number;
  readonly #waiting: Waiting[] = [];
  readonly #inside = new Map<unknown, number>();

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves with the function that leaves again; calling it twice does no harm. */
  async enter(signal: AbortSignal, owner: unknown = null): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#take(owner);
    else await this.#turn(signal, owner);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#leave(owner);
    };
  }

  #take(owner: unknown): void {
    this.#free -= 1;
    this.#inside.set(owner, this.#count(owner) + 1);
  }

  #leave(owner: unknown): void {
    this.#free += 1;
    const left = this.#count(owner) - 1;
    if (left > 0) this.#inside.set(owner, left);
    else this.#inside.delete(owner);
    const next = this.#next();
    if (!next) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#take(next.owner);
    next.admit();
  }

  #next(): Waiting | undefined {
    const fewest = Math.min(...this.#waiting.map(({ owner }) => this.#count(owner)));
    return this.#waiting.find(({ owner }) => this.#count(owner) === fewest);
  }

  #count(owner: unknown): number {
    return this.#inside.get(owner) ?? 0;
  }

  #turn(signal: AbortSignal, owner: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = {
        owner,
        admit: () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(waiting);
    });
  }
}
