/** What of the drive is looked at, kept in the address alone: it can be linked, reloaded and gone back from. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Listing, Sort } from "@/lib/models";

export const SORTS = [
  { value: "-created", label: "Newest first" },
  { value: "created", label: "Oldest first" },
  { value: "title", label: "Title A to Z" },
  { value: "-title", label: "Title Z to A" },
  { value: "-size", label: "Largest first" },
  { value: "size", label: "Smallest first" },
  { value: "-duration", label: "Longest first" },
  { value: "duration", label: "Shortest first" },
] as const satisfies readonly { value: Sort; label: string }[];

export const STATES = [
  { value: "ready", label: "Ready" },
  { value: "processing", label: "Processing" },
  { value: "uploaded", label: "Waiting" },
  { value: "uploading", label: "Uploading" },
  { value: "failed", label: "Failed" },
] as const;

const VISIBILITIES = [{ value: "public" }, { value: "unlisted" }, { value: "private" }] as const;

export type Look = "cards" | "table";

/** One of the values that are known, whatever somebody typed into the address. */
function known<Value extends string>(
  text: string | null,
  choices: readonly { value: Value }[],
): Value | undefined {
  return choices.find(({ value }) => value === text)?.value;
}

export function listingOf(params: URLSearchParams): Listing {
  return {
    q: (params.get("q") ?? "").trim().slice(0, 100),
    state: known(params.get("state"), STATES) ?? null,
    visibility: known(params.get("visibility"), VISIBILITIES) ?? null,
    sort: known(params.get("sort"), SORTS) ?? "-created",
  };
}

export function useListing() {
  const [params, setParams] = useSearchParams();
  const listing = useMemo(() => listingOf(params), [params]);
  const change = useCallback(
    (changes: Partial<Record<keyof Listing | "look", string | null>>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value) after.set(name, value);
            else after.delete(name);
          }
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  const look: Look = params.get("look") === "table" ? "table" : "cards";
  const narrowed = listing.q !== "" || listing.state !== null || listing.visibility !== null;
  return { listing, look, narrowed, change };
}
