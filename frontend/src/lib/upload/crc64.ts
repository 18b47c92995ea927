/** CRC-64/NVME in WebAssembly, as S3 computes it. Apart from `checksum.ts`: only the worker loads it. */
import { createCRC64 } from "hash-wasm";

const loading = createCRC64("9a6c9329ac4bc9b5"); // its polynomial; the rest of it is as for every CRC-64 there

export async function crc64(bytes: Uint8Array): Promise<bigint> {
  const digest = (await loading).init().update(bytes).digest("binary");
  return new DataView(digest.buffer).getBigUint64(digest.byteOffset);
}
