/** Where to go after signing in: only ever to a page of our own. */
export function safeNext(wanted: string | null): string {
  if (!wanted?.startsWith("/")) return "/workspace";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin ? `${url.pathname}${url.search}` : "/workspace";
}
