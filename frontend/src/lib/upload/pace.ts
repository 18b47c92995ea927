/** Speed over the last seconds, time left that stays calm, and waiting between tries. */

const WINDOW_MS = 12_000;
/** Less than this says little: the first bytes only fill buffers. */
const SHORTEST_MS = 1_000;
/** Time left is told anew only when it is off by more than this share. */
const TOLERANCE = 0.2;

export class Pace {
  readonly #samples: { at: number; sent: number }[] = [];
  #told: { at: number; seconds: number } | null = null;

  note(sent: number, at: number): void {
    this.#samples.push({ at, sent });
    while (this.#samples.length > 2 && (this.#samples[0]?.at ?? at) < at - WINDOW_MS) this.#samples.shift();
  }

  /** Starts anew, as after a pause: standing still says nothing about the speed to come. */
  restart(): void {
    this.#samples.length = 0;
    this.#told = null;
  }

  bytesPerSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < SHORTEST_MS) return null;
    return Math.max(0, ((last.sent - first.sent) * 1000) / (last.at - first.at));
  }

  /** Counts down from what was told before for as long as that is about right: a figure that jumps is none. */
  secondsLeft(bytesLeft: number, at: number): number | null {
    const speed = this.bytesPerSecond();
    if (!speed) return null;
    const seconds = bytesLeft / speed;
    const counted = this.#told && Math.max(0, this.#told.seconds - (at - this.#told.at) / 1000);
    if (counted !== null && Math.abs(counted - seconds) <= Math.max(2, seconds * TOLERANCE)) return counted;
    this.#told = { at, seconds };
    return seconds;
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
