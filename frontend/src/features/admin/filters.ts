/** What of a list is looked at, kept in the address alone. */
import { useCallback } from "react";
import { useSearchParams } from "react-router";

export function useFilters() {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (name: string, value: string | null) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (value) after.set(name, value);
          else after.delete(name);
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  return { params, change };
}

/** One of the values that are known, whatever somebody typed into the address. */
export function known<Value extends string>(
  text: string | null,
  choices: readonly { value: Value | "" }[],
): Value | null {
  const found = choices.find(({ value }) => value === text)?.value;
  return found || null;
}
