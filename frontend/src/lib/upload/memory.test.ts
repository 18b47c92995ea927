/** What a browser keeps across a reload. */
import { expect, it, vi } from "vitest";
import { browserMemory } from "./memory";

const upload = { video_id: "one", fingerprint: "f", file_name: "a.mp4", size: 3, handle: null };

it("remembers and forgets", async () => {
  await browserMemory.remember(upload);
  expect(await browserMemory.all()).toEqual([upload]);
  await browserMemory.forget("one");
  expect(await browserMemory.all()).toEqual([]);
});

it("does without storage where the browser forbids it", async () => {
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("forbidden", "SecurityError");
  });
  await browserMemory.remember(upload);
  expect(await browserMemory.all()).toEqual([]);
});
