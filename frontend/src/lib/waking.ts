/** Fetch that waits for a sleeping database: 503 `waking` is retried and told to whoever listens. */
import { firstAnswer } from "./first-answer";

const PATIENCE_MS = 90_000;
const DEFAULT_WAIT_SECONDS = 3;

type Listener = () => void;
const listeners = new Set<Listener>();
let waiting = 0;

/** How many requests wait for the drive to wake; shaped for useSyncExternalStore. */
export const waking = {
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isWaking: (): boolean => waiting > 0,
};

function count(change: 1 | -1): void {
  waiting += change;
  for (const listener of listeners) listener();
}

export async function wakingFetch(request: Request): Promise<Response> {
  const deadline = Date.now() + PATIENCE_MS;
  let response = (await firstAnswer(request)) ?? (await fetch(request.clone()));
  if (!isWaking(response)) return response;
  count(1);
  try {
    while (isWaking(response) && Date.now() < deadline) {
      await sleep(waitSeconds(response) * 1000, request.signal);
      response = await fetch(request.clone());
    }
    return response;
  } finally {
    count(-1);
  }
}

function isWaking(response: Response): boolean {
  return response.status === 503 && response.headers.has("Retry-After");
}

function waitSeconds(response: Response): number {
  const told = Number(response.headers.get("Retry-After"));
  return Number.isFinite(told) && told >= 0 ? Math.min(told, 15) : DEFAULT_WAIT_SECONDS;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
