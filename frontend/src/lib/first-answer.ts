/** What public/first-data.js asked for before the app was there. */

declare global {
  interface Window {
    firstAnswer?: { url: string; answer: Promise<Response> } | undefined;
  }
}

/** The answer to that very request, once; a request that failed is worth another. */
export async function firstAnswer(request: Request): Promise<Response | null> {
  const first = window.firstAnswer;
  if (!first || request.method !== "GET" || request.url !== first.url) return null;
  window.firstAnswer = undefined;
  return first.answer.catch(() => null);
}
