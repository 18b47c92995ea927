/** Asking anew for what changes one after another make old: not after each of them. */
import { hashKey, type InvalidateQueryFilters, type QueryClient } from "@tanstack/react-query";

/** So long what was just asked for is not asked for again. */
const REST_MS = 1_000;

/** What rests, and whether something changed meanwhile. */
const resting = new WeakMap<QueryClient, Map<string, boolean>>();

type Filters = InvalidateQueryFilters & Required<Pick<InvalidateQueryFilters, "queryKey">>;

/** Asks at once after a change, and once more after those that follow it within a second. */
export function refresh(client: QueryClient, filters: Filters): void {
  const name = hashKey([filters]);
  const rests = resting.get(client) ?? new Map<string, boolean>();
  resting.set(client, rests);
  if (rests.has(name)) {
    rests.set(name, true);
    // Old all the same: whoever opens a page that shows it asks by themselves.
    void client.invalidateQueries({ ...filters, refetchType: "none" });
    return;
  }
  rests.set(name, false);
  setTimeout(() => {
    const changed = rests.get(name);
    rests.delete(name);
    if (changed) refresh(client, filters);
  }, REST_MS);
  void client.invalidateQueries(filters);
}
