/** What public/begin.js asked for before the app was there. */

declare global {
  interface Window {
    firstAnswer?: { url: string; answer: Promise<Response>; body?: unknown } | undefined;
  }
}

/** The answer to that very request, once; a request that failed is worth another. */
export async function firstAnswer(request: Request): Promise<Response | null> {
  const first = window.firstAnswer;
  if (!first || request.method !== "GET" || request.url !== first.url) return null;
  window.firstAnswer = undefined;
  return first.answer.catch(() => null);
}

/** What it said, when it is there already: the page begins with it, as it was drawn before. */
export function firstBody<Body>(path: string): Body | undefined {
  const first = window.firstAnswer;
  return first?.url === location.origin + path ? (first.body as Body | undefined) : undefined;
}

/** The page has begun: from now on, what it said is old. */
export function forgetFirstBody(): void {
  if (window.firstAnswer?.body !== undefined) window.firstAnswer = undefined;
}
