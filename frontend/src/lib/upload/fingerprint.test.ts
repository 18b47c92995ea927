/** Recognising files. */
import { expect, it } from "vitest";
import { fingerprint } from "./fingerprint";

const MEBIBYTE = 1024 * 1024;

function blob(change?: number): Blob {
  const bytes = new Uint8Array(3 * MEBIBYTE);
  if (change !== undefined) bytes[change] = 1;
  return new Blob([bytes]);
}

it("is the same for the same bytes and another for a changed start, middle, end or size", async () => {
  const prints = await Promise.all([
    fingerprint(blob()),
    fingerprint(blob(10)),
    fingerprint(blob(1.5 * MEBIBYTE)),
    fingerprint(blob(3 * MEBIBYTE - 1)),
    fingerprint(new Blob([new Uint8Array(3 * MEBIBYTE + 1)])),
  ]);
  expect(await fingerprint(blob())).toBe(prints[0]);
  expect(new Set(prints).size).toBe(prints.length);
  expect(prints[0]).toMatch(/^[0-9a-f]{64}$/);
});

it("works on files smaller than one sample", async () => {
  expect(await fingerprint(new Blob(["a"]))).not.toBe(await fingerprint(new Blob(["b"])));
});
