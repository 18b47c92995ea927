/** Who is signed in. */
import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api";
import { ApiError } from "@/lib/api-error";
import type { Me } from "@/lib/models";
import { keys } from "@/lib/query";

/**
 * Says that this browser has a session, without being one. Visitors who never signed in are not asked about,
 * so that looking at Explore does not wake a sleeping database just to learn "nobody".
 */
const HINT = "streamtime.session";

export const accountQueries = {
  me: () =>
    queryOptions({
      queryKey: keys.me,
      queryFn: async (): Promise<Me | null> => {
        if (!localStorage.getItem(HINT)) return null;
        try {
          return await unwrap(api.GET("/api/me"));
        } catch (error) {
          if (!(error instanceof ApiError && error.status === 401)) throw error;
          localStorage.removeItem(HINT);
          return null;
        }
      },
      staleTime: 5 * 60_000,
    }),
  policy: () =>
    queryOptions({
      queryKey: keys.signUpPolicy,
      queryFn: () => unwrap(api.GET("/api/auth/policy")),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  devices: () =>
    queryOptions({
      queryKey: keys.devices,
      queryFn: async () => (await unwrap(api.GET("/api/me/sessions"))).items,
    }),
  export: () =>
    queryOptions({
      queryKey: keys.export,
      queryFn: () => unwrap(api.GET("/api/me/export")),
      refetchInterval: ({ state: { data } }) => (data?.asked_at && !data.ready_at ? 2_000 : false),
    }),
  secondFactor: () =>
    queryOptions({
      queryKey: keys.secondFactor,
      queryFn: () => unwrap(api.GET("/api/me/totp")),
    }),
};

export function useDevicesChanged(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: keys.devices });
}

export function useMe() {
  return useQuery(accountQueries.me());
}

export function signedIn(client: QueryClient, me: Me): void {
  client.clear();
  localStorage.setItem(HINT, "1");
  client.setQueryData(keys.me, me);
}

/** Nothing of the last person stays behind. */
export function signedOut(client: QueryClient): void {
  localStorage.removeItem(HINT);
  client.setQueryData(keys.me, null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
}
