/** Speed over the last seconds, and waiting between tries. */

const WINDOW_MS = 8_000;

export class Pace {
  readonly #samples: { at: number; sent: number }[] = [];

  note(sent: number, at: number): void {
    this.#samples.push({ at, sent });
    while (this.#samples.length > 2 && (this.#samples[0]?.at ?? at) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Starts anew, as after a pause: standing still says nothing about the speed to come. */
  restart(): void {
    this.#samples.length = 0;
  }

  bytesPerSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 500) return null;
    return Math.max(0, ((last.sent - first.sent) * 1000) / (last.at - first.at));
  }
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

/** Exponential with full jitter, so that many parts cut at once do not come back at once. */
export function backoff(attempt: number, random = Math.random): number {
  return random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
}

export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", giveUp, { once: true });
  });
}
