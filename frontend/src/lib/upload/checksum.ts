/** CRC-64/NVME, which S3 computes of every object: of a part beside the page's thread, of a file from its parts. */

const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const ONE = 1n << 63n;

/** A part's checksum; null where it can't be had, and then nothing is compared. */
export type PartChecksum = (part: Blob) => Promise<bigint | null>;

export interface Checked {
  checksum: bigint;
  bytes: number;
}

/** What S3 says of the whole, from the checksums of its parts in order: base64, most significant byte first. */
export function joinedChecksum(parts: Iterable<Checked>): string {
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { checksum, bytes } of parts) {
    const shift = shifts.get(bytes) ?? powerOfX(8n * BigInt(bytes));
    shifts.set(bytes, shift);
    whole = multiplied(shift, whole) ^ checksum;
  }
  const octets = Array.from({ length: 8 }, (_, index) => Number((whole >> BigInt(56 - 8 * index)) & 0xffn));
  return btoa(String.fromCharCode(...octets));
}

/** Both as polynomials over GF(2) modulo the CRC's, the highest bit the lowest power. */
function multiplied(one: bigint, other: bigint): bigint {
  let product = 0n;
  let shifted = other;
  for (let bit = ONE; bit > 0n; bit >>= 1n) {
    if (one & bit) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ POLYNOMIAL : shifted >> 1n;
  }
  return product;
}

function powerOfX(exponent: bigint): bigint {
  let power = ONE;
  let square = ONE >> 1n;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = multiplied(square, power);
    square = multiplied(square, square);
  }
  return power;
}

let worker: Worker | null = null;
let asked = 0;

export const partChecksum: PartChecksum = (part) =>
  new Promise((resolve) => {
    worker ??= new Worker(new URL("./checksum-worker.ts", import.meta.url), { type: "module" });
    const serving = worker;
    asked += 1;
    const id = asked;
    const settle = (checksum: bigint | null) => {
      serving.removeEventListener("message", hear);
      serving.removeEventListener("error", giveUp);
      resolve(checksum);
    };
    const hear = ({ data }: MessageEvent<{ id: number; checksum: bigint | null }>) => {
      if (data.id === id) settle(data.checksum);
    };
    const giveUp = () => settle(null);
    serving.addEventListener("message", hear);
    serving.addEventListener("error", giveUp);
    serving.postMessage({ id, part });
  });
