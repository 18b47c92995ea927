/** Reads parts one after the other, a little at a time, and answers the checksum of each. */
import { Crc64Nvme } from "@aws-sdk/crc64-nvme";

let last = Promise.resolve();

addEventListener("message", ({ data: { id, part } }: MessageEvent<{ id: number; part: Blob }>) => {
  last = last.then(async () => postMessage({ id, checksum: await checksumOf(part).catch(() => null) }));
});

async function checksumOf(part: Blob): Promise<bigint> {
  const crc = new Crc64Nvme();
  const reader = part.stream().getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    if (value) crc.update(value);
  }
  return new DataView((await crc.digest()).buffer).getBigUint64(0);
}
