/** The typed client of the HTTP API. Every failure is an ApiError. */
import createClient from "openapi-fetch";
import { ApiError } from "./api-error";
import type { paths } from "./schema";
import { wakingFetch } from "./waking";

export const api = createClient<paths>({ baseUrl: location.origin, fetch: ask });

const asked = new Set<Promise<Response>>();

function ask(request: Request): Promise<Response> {
  const answer = wakingFetch(request).finally(() => asked.delete(answer));
  asked.add(answer);
  return answer;
}

/** Who asks at the last moment has been let in by then, however long the answer takes. */
const LET_IN_MS = 3_000;

/** Resolves once nothing that is on its way depends on the session any more. */
export async function allLetIn(): Promise<void> {
  const soon = new Promise((resolve) => setTimeout(resolve, LET_IN_MS));
  await Promise.race([Promise.allSettled(asked), soon]);
}

/** The answer's body, or the ApiError that explains why there is none. */
export async function unwrap<Body>(
  request: Promise<{ data?: Body; error?: unknown; response: Response }>,
): Promise<Exclude<Body, undefined>> {
  const { data } = await answered(request);
  return data as Exclude<Body, undefined>;
}

/** The same for answers without a body. */
export async function done(request: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  await answered(request);
}

async function answered<Answer extends { error?: unknown; response: Response }>(
  request: Promise<Answer>,
): Promise<Answer> {
  let answer: Answer;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    throw ApiError.offline(cause);
  }
  if (!answer.response.ok) throw await ApiError.from(withBody(answer.response, answer.error));
  return answer;
}

/** openapi-fetch has read the body already: hand it on as a fresh one. */
function withBody(response: Response, error: unknown): Response {
  const body = typeof error === "string" ? error : JSON.stringify(error ?? {});
  return new Response(body, { status: response.status, headers: response.headers });
}
