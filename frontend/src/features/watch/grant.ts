/** The right to fetch a video's media: cookies that live for a minute or so and are renewed in time. */
import { ApiError } from "@/lib/api-error";

/** Renewed when this share of the lifetime is over. */
const RENEW_AT = 0.6;
const RETRY_MS = 5_000;

/** Asks for the right; answers for how many seconds it was given. */
export type AskGrant = () => Promise<{ expires_in: number }>;

export class Grant {
  readonly #askServer: AskGrant;
  readonly #onLost: (error: ApiError) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: Promise<void> | null = null;
  #until = 0;
  #over = false;

  constructor(askServer: AskGrant, onLost: (error: ApiError) => void) {
    this.#askServer = askServer;
    this.#onLost = onLost;
  }

  /** Asks now, whoever else is asking already; from then on it stays valid until `end`. */
  renew(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** After a sleep of the machine or of the tab, timers are late. */
  renewIfOver(): void {
    if (Date.now() >= this.#until) void this.renew().catch(() => undefined);
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const { expires_in } = await this.#askServer();
      this.#until = Date.now() + expires_in * 1000;
      this.#schedule(expires_in * 1000 * RENEW_AT);
    } catch (error) {
      const final =
        error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
      if (final) this.#onLost(error);
      else this.#schedule(RETRY_MS);
      throw error;
    }
  }

  #schedule(milliseconds: number): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.renew().catch(() => undefined), milliseconds);
  }
}
