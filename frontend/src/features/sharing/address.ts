/** The address of a share link: its token stands behind "#", which browsers send to nobody. */
const TOKEN = /^#([\w-]{20,200})$/;

export function addressOf(token: string): string {
  return new URL(`/s#${token}`, location.origin).href;
}

/** The token in an address' hash; null where it was cut off on its way. */
export function tokenOf(hash: string): string | null {
  return TOKEN.exec(hash)?.[1] ?? null;
}
