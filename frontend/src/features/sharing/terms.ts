/** What a link's form says, and what of it the server is told. */
import type { ShareLink } from "@/lib/models";

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;
const LONGEST_MS = 365 * DAY_MS;

/** As it stands in the form's fields. */
export interface Draft {
  name: string;
  /** Such as 2026-12-24, as fields for days have it. */
  lastDay: string;
  keepsPasscode: boolean;
  passcode: string;
  maxViews: string;
  mayDownload: boolean;
}

/** What is not given stays as it is; null is none. */
export interface Terms {
  name: string;
  expires_at?: string;
  passcode?: string | null;
  max_views: number | null;
  may_download: boolean;
}

export function draftOf(link: ShareLink | null, now = Date.now()): Draft {
  return {
    name: link?.name ?? "",
    lastDay: dayOf(link?.expires_at ?? now + USUAL_DAYS * DAY_MS),
    keepsPasscode: link?.has_passcode ?? false,
    passcode: "",
    maxViews: link?.max_views?.toString() ?? "",
    mayDownload: link?.may_download ?? false,
  };
}

/** Another passcode ends what is being watched by the one before, so it is told only where it is meant. */
export function termsOf(draft: Draft, link: ShareLink | null): Terms {
  const { name, lastDay, keepsPasscode, passcode, maxViews, mayDownload } = draft;
  const sameDay = link !== null && lastDay === dayOf(link.expires_at);
  const samePasscode = keepsPasscode || (passcode === "" && !link?.has_passcode);
  return {
    name: name.trim(),
    max_views: maxViews.trim() === "" ? null : Number(maxViews),
    may_download: mayDownload,
    ...(sameDay ? {} : { expires_at: new Date(endOf(lastDay)).toISOString() }),
    ...(samePasscode ? {} : { passcode: passcode || null }),
  };
}

/** From today on, for a year. */
export function canEndOn(lastDay: string, now = Date.now()): boolean {
  const end = endOf(lastDay);
  return end > now && end <= now + LONGEST_MS;
}

/** The day where the person is. */
function dayOf(moment: string | number): string {
  const date = new Date(moment);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** When a day is over where the person is, in milliseconds; NaN where there is no such day. */
function endOf(day: string): number {
  return Date.parse(`${day}T23:59:59`);
}
