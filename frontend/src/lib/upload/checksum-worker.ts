/** Answers the checksum of each part that it is given. */
import { crc64 } from "./crc64";

addEventListener("message", async ({ data: { id, part } }: MessageEvent<{ id: number; part: Blob }>) => {
  postMessage({ id, checksum: await checksumOf(part).catch(() => null) });
});

async function checksumOf(part: Blob): Promise<bigint> {
  return crc64(new Uint8Array(await part.arrayBuffer()));
}
