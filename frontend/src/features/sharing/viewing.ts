/** What this tab has opened by a link, so that a reload goes on with it instead of being another view. */
import type { SharedVideo } from "@/lib/models";

const KEY = "streamtime.shared.";

/** Its picture goes by the cookies that play the video: a signature of its own would end before the viewing does. */
export function keepViewing(token: string, video: SharedVideo): SharedVideo {
  const kept = { ...video, poster_url: video.poster_url?.split("?")[0] ?? null };
  try {
    sessionStorage.setItem(KEY + token, JSON.stringify(kept));
  } catch {
    // Storage may be forbidden: then a reload is another view.
  }
  return kept;
}

export function keptViewing(token: string): SharedVideo | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY + token) ?? "null");
    return typeof kept?.viewing === "string" && typeof kept.playback?.url === "string" ? kept : null;
  } catch {
    return null;
  }
}

export function forgetViewing(token: string): void {
  try {
    sessionStorage.removeItem(KEY + token);
  } catch {
    // Nothing is kept where storage is forbidden.
  }
}
