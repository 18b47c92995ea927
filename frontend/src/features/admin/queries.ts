/** What administrators see, and what they do: after they have proved who they are, when the server asks for that. */
import {
  infiniteQueryOptions,
  type QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useOutletContext } from "react-router";
import { api, unwrap } from "@/lib/api";
import { ApiError, sentenceOf } from "@/lib/api-error";
import type { AccountSort, AuditAction, JobState } from "@/lib/models";
import { keys, paged } from "@/lib/query";
import { toast } from "@/ui/toast";
import type { Frame } from "./frame";

const LIMIT = 50;

export interface LogFilters {
  action: AuditAction | null;
  userId: string | null;
  /** Days of where the administrator is, such as 2026-12-24. */
  from: string | null;
  to: string | null;
}

function at(cursor: string | null) {
  return cursor === null ? { limit: LIMIT } : { limit: LIMIT, cursor };
}

export const adminQueries = {
  people: (q: string, sort: AccountSort) =>
    infiniteQueryOptions({
      queryKey: [...keys.admin, "people", q, sort],
      queryFn: ({ pageParam, signal }) =>
        unwrap(
          api.GET("/api/admin/users", {
            params: { query: { sort, ...(q && { q }), ...at(pageParam) } },
            signal,
          }),
        ),
      ...paged,
    }),
  usage: () =>
    infiniteQueryOptions({
      queryKey: [...keys.admin, "usage"],
      queryFn: ({ pageParam, signal }) =>
        unwrap(api.GET("/api/admin/usage", { params: { query: at(pageParam) }, signal })),
      ...paged,
    }),
  jobs: (state: JobState | null) =>
    infiniteQueryOptions({
      queryKey: [...keys.admin, "jobs", state],
      queryFn: ({ pageParam, signal }) =>
        unwrap(
          api.GET("/api/admin/jobs", {
            params: { query: { ...(state && { state }), ...at(pageParam) } },
            signal,
          }),
        ),
      ...paged,
    }),
  deadLetters: () =>
    queryOptions({
      queryKey: [...keys.admin, "dead letters"],
      queryFn: async ({ signal }) => (await unwrap(api.GET("/api/admin/dead-letters", { signal }))).items,
    }),
  log: ({ action, userId, from, to }: LogFilters) =>
    infiniteQueryOptions({
      queryKey: [...keys.admin, "log", action, userId, from, to],
      queryFn: ({ pageParam, signal }) =>
        unwrap(
          api.GET("/api/admin/audit", {
            params: {
              query: {
                ...(action && { action }),
                ...(userId && { user_id: userId }),
                ...(from && { from: startOf(from, 0) }),
                ...(to && { to: startOf(to, 1) }),
                ...at(pageParam),
              },
            },
            signal,
          }),
        ),
      ...paged,
    }),
};

/** When a day begins where the administrator is, or one so many days later. */
function startOf(day: string, later: number): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + later);
  return date.toISOString();
}

/** Does something; `told` says that it is done. Everything of administration is asked for anew, as it may show. */
export function useAct<Subject, Answer>(
  act: (subject: Subject) => Promise<Answer>,
  told: (answer: Answer, subject: Subject) => string,
) {
  const client = useQueryClient();
  const { proveFirst } = useOutletContext<Frame>();
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: (answer, subject) => {
      toast(told(answer, subject), { tone: "good" });
      return refresh(client);
    },
    onError: (error, subject) => {
      if (error instanceof ApiError && error.code === "reauthenticate") {
        proveFirst(() => mutation.mutate(subject));
        return;
      }
      toast(sentenceOf(error), { tone: "bad" });
      return refresh(client);
    },
    meta: { quiet: true },
  });
  return mutation;
}

function refresh(client: QueryClient): Promise<unknown> {
  return Promise.all([
    client.invalidateQueries({ queryKey: keys.admin }),
    // It may have been about oneself.
    client.invalidateQueries({ queryKey: keys.me }),
  ]);
}
