/** When addresses are signed: in small batches, before a part waits for one. */
import { expect, it, vi } from "vitest";
import { FakeStage } from "@/testing/fake-stage";
import { SignedAddresses } from "./parts";

async function setUp(count = 20) {
  const stage = new FakeStage();
  const details = { title: "", description: "", visibility: "private" } as const;
  const file = { file_name: "a", size: 4 * count, fingerprint: "a", again: false };
  const { video_id } = await stage.create({ ...file, ...details });
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  return { stage, addresses: new SignedAddresses(stage, video_id, numbers) };
}

const FIRST = [1, 2, 3, 4, 5, 6, 7, 8];
const NEXT = [9, 10, 11, 12, 13, 14, 15, 16];

it("asks for the next batch while the last addresses of this one are used", async () => {
  const { stage, addresses } = await setUp();
  for (const number of [1, 2, 3, 4]) await addresses.of(number);
  expect(stage.signed).toEqual([FIRST]);
  const asked = vi.spyOn(stage, "sign");
  await addresses.of(5);
  expect(stage.signed).toEqual([FIRST, NEXT]);
  await asked.mock.results[0]?.value;
  for (const number of NEXT.slice(0, 4)) await addresses.of(number);
  expect(stage.signed).toEqual([FIRST, NEXT]);
});

it("asks once for several parts that need addresses at once", async () => {
  const { stage, addresses } = await setUp();
  const urls = await Promise.all([1, 2, 3, 4].map((number) => addresses.of(number)));
  expect(stage.signed).toEqual([FIRST]);
  expect(new Set(urls).size).toBe(4);
});

it("tells a failure to the part that needs the address, not to one that has its own", async () => {
  const { stage, addresses } = await setUp();
  await addresses.of(1);
  stage.answer = () => Promise.reject(new Error("asleep"));
  await expect(addresses.of(5)).resolves.toContain("part=5");
  await expect(addresses.of(9)).rejects.toThrow("asleep");
});

it("signs anew what the storage refused", async () => {
  const { stage, addresses } = await setUp(3);
  const first = await addresses.of(2);
  addresses.drop(2);
  expect(await addresses.of(2)).not.toBe(first);
  expect(stage.signed).toEqual([[2, 3], [2]]);
});
