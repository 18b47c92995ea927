/** The query client, the keys under which server state is cached, and how its pages follow one another. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api-error";
import type { Page } from "./models";

/** What every infinite query shares: pages follow one another by the cursor in each answer. */
export const paged = {
  initialPageParam: null as string | null,
  getNextPageParam: (last: Pick<Page<unknown>, "next_cursor">) => last.next_cursor ?? null,
};

export const keys = {
  me: ["me"],
  signUpPolicy: ["sign-up policy"],
  devices: ["me", "devices"],
  secondFactor: ["me", "second factor"],
  export: ["me", "export"],
  /** The beginning of every list of the drive; what is looked at follows. */
  videos: ["videos"],
  video: (id: string) => ["video", id],
  liveTicket: ["live ticket"],
  posters: (id: string) => ["posters", id],
  details: (id: string) => ["video", id, "details"],
  trash: ["trash"],
  receipts: ["receipts"],
  usage: ["usage"],
  uploads: ["uploads"],
  upload: (id: string) => ["uploads", id],
  explore: ["explore"],
  user: (id: string) => ["user", id],
  userVideos: (id: string) => ["user", id, "videos"],
  watch: (id: string) => ["watch", id],
  admin: ["admin"],
  links: (videoId: string) => ["links", videoId],
  shared: (token: string) => ["shared", token],
} as const;

const MAX_RETRIES = 2;

/** Only what may heal by itself is worth asking again. */
function worthRetrying(failures: number, error: Error): boolean {
  if (failures >= MAX_RETRIES) return false;
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}

export function createQueryClient(onError: (error: Error, quiet: boolean) => void): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: { retry: worthRetrying, staleTime: 30_000, gcTime: 10 * 60_000 },
      mutations: { retry: false },
    },
  });
  client.getQueryCache().config.onError = (error) => onError(error, true);
  client.getMutationCache().config.onError = (error, _variables, _context, mutation) =>
    onError(error, mutation.meta?.quiet === true);
  return client;
}
