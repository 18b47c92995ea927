/** Shared files: taken by one tab, left to the next, and dropped when they are old. */
import { beforeEach, expect, it, vi } from "vitest";
import { forgetShared, takeShared } from "./shared";

/** As the service worker keeps it. */
function keep(name: string, at = Date.now()): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.open("streamtime-shared", 1);
    request.onsuccess = () => {
      const transaction = request.result.transaction("files", "readwrite");
      transaction.objectStore("files").add({ file: new File(["video"], name), at });
      transaction.oncomplete = () => {
        request.result.close();
        resolve();
      };
    };
  });
}

beforeEach(async () => {
  const held = new Set<string>();
  vi.stubGlobal("navigator", {
    locks: {
      request: async (name: string, _: unknown, work: (lock: object | null) => Promise<void> | undefined) => {
        if (held.has(name)) return work(null);
        held.add(name);
        await work({});
        held.delete(name);
      },
    },
  });
  await forgetShared();
});

it("is one tab's until it is released, and nobody's once it is forgotten", async () => {
  await keep("one.mp4");
  const [mine] = await takeShared();
  expect(await takeShared()).toEqual([]);
  mine?.release();
  await Promise.resolve();
  const [again] = await takeShared();
  expect(again, "released, it may be taken again").toBeDefined();
  await again?.forget();
  expect(await takeShared()).toEqual([]);
});

it("is dropped after a day", async () => {
  await keep("old.mp4", Date.now() - 25 * 3_600_000);
  await keep("new.mp4");
  expect(await takeShared()).toHaveLength(1);
  expect(await takeShared()).toEqual([]);
});
