import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, it, vi } from "vitest";
import { api } from "@/lib/api";
import { sharingQueries } from "./queries";

const TOKEN = "kQ3-x_9vT0aB2cD4eF6gH8iJ1kL3mN5oP7qR9sT1uV3";
const OPENED = { title: "Holiday", playback: { url: "/media/1/2/master.m3u8" }, viewing: "1700000000.abc" };

beforeEach(() => sessionStorage.clear());

/** A server that answers with these statuses by address, or else gives what is asked for. */
function setUp(statuses: Record<string, number> = {}) {
  const asked: string[] = [];
  vi.spyOn(api, "POST").mockImplementation((async (address: string) => {
    asked.push(address);
    const status = statuses[address] ?? 200;
    const response = new Response(null, { status });
    if (status !== 200) return { error: { code: "refused", detail: "No." }, response };
    return { data: address === "/api/shared" ? OPENED : { expires_in: 60 }, response };
  }) as never);
  /** As a page does that is loaded anew. */
  const load = () => new QueryClient().fetchQuery(sharingQueries.shared(TOKEN));
  return { asked, load, statuses };
}

it("counts a view once, however often the page is loaded", async () => {
  const { asked, load } = setUp();
  const first = await load();
  expect(await load()).toEqual(first);
  expect(asked).toEqual(["/api/shared", "/api/shared/grant"]);
});

it("opens the link anew where the viewing is over, and keeps nothing of it", async () => {
  const { asked, load, statuses } = setUp();
  await load();
  statuses["/api/shared/grant"] = 404;
  statuses["/api/shared"] = 403;
  await expect(load()).rejects.toMatchObject({ status: 403 });
  await expect(load()).rejects.toMatchObject({ status: 403 });
  expect(asked).toEqual(["/api/shared", "/api/shared/grant", "/api/shared", "/api/shared"]);
});

it("takes a failure that passes for no reason to count another view", async () => {
  const { asked, load, statuses } = setUp();
  await load();
  statuses["/api/shared/grant"] = 500;
  await expect(load()).rejects.toMatchObject({ status: 500 });
  delete statuses["/api/shared/grant"];
  expect(await load()).toMatchObject({ viewing: OPENED.viewing });
  expect(asked.filter((address) => address === "/api/shared")).toHaveLength(1);
});
