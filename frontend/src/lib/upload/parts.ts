/** Which bytes a part holds, which parts S3 still lacks, and their signed addresses. */
import type { SignedParts, Upload } from "../models";
import type { UploadServer } from "./types";

const BATCH = 8;
/** So many parts before one without an address, the next batch is asked for: no slot waits for it. */
const AHEAD = 4;
/** An address is renewed before its end, so that a slow part does not start with seconds left. */
const USABLE_SHARE = 0.8;

type Shape = Pick<Upload, "size_bytes" | "part_size" | "part_count">;

export function partRange(upload: Shape, number: number): [start: number, end: number] {
  const start = (number - 1) * upload.part_size;
  return [start, Math.min(upload.size_bytes, start + upload.part_size)];
}

export function partBytes(upload: Shape, number: number): number {
  const [start, end] = partRange(upload, number);
  return end - start;
}

/** S3's own list is the truth; a part of another size counts as missing. */
export function missingParts(upload: Upload): number[] {
  const stored = new Map(upload.parts.map((part) => [part.number, part.size]));
  const numbers = Array.from({ length: upload.part_count }, (_, index) => index + 1);
  return numbers.filter((number) => stored.get(number) !== partBytes(upload, number));
}

export function bytesMissing(upload: Upload): number {
  return missingParts(upload).reduce((sum, number) => sum + partBytes(upload, number), 0);
}

/** Signs in small batches, shortly before they are needed. */
export class SignedAddresses {
  readonly #server: UploadServer;
  readonly #videoId: string;
  readonly #numbers: readonly number[];
  readonly #known = new Map<number, { url: string; until: number }>();
  #signing: Promise<void> | null = null;

  /** `first` came with the upload itself. */
  constructor(
    server: UploadServer,
    videoId: string,
    numbers: readonly number[],
    first: SignedParts | null = null,
  ) {
    this.#server = server;
    this.#videoId = videoId;
    this.#numbers = numbers;
    if (first) this.#note(first, Date.now());
  }

  async of(number: number): Promise<string> {
    for (;;) {
      const known = this.#usable(number);
      if (known) {
        this.#signAhead(number);
        return known;
      }
      await this.#signFrom(number);
    }
  }

  /** S3 refused the address: the next try gets a new one. */
  drop(number: number): void {
    this.#known.delete(number);
  }

  #usable(number: number): string | null {
    const known = this.#known.get(number);
    return known && known.until > Date.now() ? known.url : null;
  }

  #signAhead(number: number): void {
    const next = this.#after(number, AHEAD).find((other) => !this.#usable(other));
    // Should it fail, the part that needs it asks again and hears why.
    if (next !== undefined) this.#signFrom(next).catch(() => undefined);
  }

  #after(number: number, count: number): readonly number[] {
    const index = this.#numbers.indexOf(number) + 1;
    return this.#numbers.slice(index, index + count);
  }

  /** Several parts may ask at once: one request serves them all. */
  #signFrom(first: number): Promise<void> {
    this.#signing ??= this.#sign(first).finally(() => {
      this.#signing = null;
    });
    return this.#signing;
  }

  async #sign(first: number): Promise<void> {
    const now = Date.now();
    const rest = this.#after(first, this.#numbers.length).filter((number) => !this.#usable(number));
    const wanted = [first, ...rest.slice(0, BATCH - 1)];
    this.#note(await this.#server.sign(this.#videoId, wanted), now);
  }

  #note({ expires_in, urls }: SignedParts, signedAt: number): void {
    const until = signedAt + expires_in * 1000 * USABLE_SHARE;
    for (const { number, url } of urls) this.#known.set(number, { url, until });
  }
}
