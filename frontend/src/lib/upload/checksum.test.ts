/** The checksum of a whole from those of its parts, held against that of all the bytes. */
import { Crc64Nvme } from "@aws-sdk/crc64-nvme";
import { expect, it } from "vitest";
import { joinedChecksum } from "./checksum";
import { crc64 } from "./crc64";

it("is the published check value for the digits one to nine", async () => {
  const digits = new TextEncoder().encode("123456789");
  const whole = joinedChecksum([{ checksum: await crc64(digits), bytes: 9 }]);
  const bytes = Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
  expect(new DataView(bytes.buffer).getBigUint64(0)).toBe(0xae8b14860a799888n);
});

it("is the same however the bytes were cut", async () => {
  const bytes = Uint8Array.from({ length: 100_003 }, (_, index) => (index * index) % 251);
  const whole = joinedChecksum([{ checksum: await crc64(bytes), bytes: bytes.length }]);
  for (const size of [1_000, 8_192, 50_001, 99_999]) {
    const parts = [];
    for (let start = 0; start < bytes.length; start += size) {
      const part = bytes.subarray(start, start + size);
      parts.push({ checksum: await crc64(part), bytes: part.length });
    }
    expect(joinedChecksum(parts)).toBe(whole);
  }
});

it("is what AWS's own library computes", async () => {
  const bytes = Uint8Array.from({ length: 1_000_003 }, (_, index) => (index * index) % 251);
  const theirs = new Crc64Nvme();
  theirs.update(bytes);
  expect(await crc64(bytes)).toBe(new DataView((await theirs.digest()).buffer).getBigUint64(0));
});
