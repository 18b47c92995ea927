/** Moments of a video: as links name them, and the one at which it begins. */

const CLOCK = /^(?:(\d+):)?(\d{1,2}):(\d{2})$/;
const UNITS = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/;

/** Reads 90, 90s, 1m30s, 1h2m3s, 1:30 and 1:02:03, in seconds; null for anything else. */
export function parseMoment(text: string | null): number | null {
  const parts = CLOCK.exec(text ?? "") ?? UNITS.exec(text?.toLowerCase() ?? "");
  if (!parts) return null;
  const [, hours = 0, minutes = 0, seconds = 0] = parts;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Nobody wants back the first or the last few seconds. */
const EDGE_SECONDS = 3;
const CREDITS = 0.03;

export interface Beginning {
  seconds: number;
  /** It is where the viewer themselves stopped, not where a link points. */
  resumed: boolean;
}

export function beginning(
  link: string | null,
  positionMs: number | null,
  durationMs: number | null,
): Beginning {
  const end = durationMs === null ? Number.POSITIVE_INFINITY : durationMs / 1000;
  const named = parseMoment(link);
  if (named !== null) return { seconds: named < end ? named : 0, resumed: false };
  const stopped = (positionMs ?? 0) / 1000;
  const rest = Number.isFinite(end) ? Math.max(EDGE_SECONDS, end * CREDITS) : 0;
  const worthIt = stopped >= EDGE_SECONDS && end - stopped >= rest;
  return worthIt ? { seconds: stopped, resumed: true } : { seconds: 0, resumed: false };
}
