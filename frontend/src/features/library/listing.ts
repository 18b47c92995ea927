/** What of the drive is looked at, kept in the address alone: it can be linked, reloaded and gone back from. */
import { t } from "@lingui/core/macro";
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Listing, Sort } from "@/lib/models";

export const SORTS = [
  { value: "-created", label: () => t`Newest first` },
  { value: "created", label: () => t`Oldest first` },
  { value: "title", label: () => t`Title A to Z` },
  { value: "-title", label: () => t`Title Z to A` },
  { value: "-size", label: () => t`Largest first` },
  { value: "size", label: () => t`Smallest first` },
  { value: "-duration", label: () => t`Longest first` },
  { value: "duration", label: () => t`Shortest first` },
] as const satisfies readonly { value: Sort; label: () => string }[];

export const STATES = [
  { value: "ready", label: () => t`Ready` },
  { value: "processing", label: () => t`Processing` },
  { value: "uploaded", label: () => t`Waiting` },
  { value: "uploading", label: () => t`Uploading` },
  { value: "failed", label: () => t`Failed` },
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
  const { q, state, visibility, sort } = listingOf(params);
  // The same as long as it asks for the same: another look at it keeps what is selected.
  const listing = useMemo(() => ({ q, state, visibility, sort }), [q, state, visibility, sort]);
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
