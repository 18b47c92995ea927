/** Numbers and dates as people read them. */

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** 4:05 or 1:04:05, as on every video badge. */
export function clock(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** "4 minutes 5 seconds", for screen readers. */
export function spokenTime(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const parts = [
    plural(Math.floor(total / 3600), "hour"),
    plural(Math.floor((total % 3600) / 60), "minute"),
    plural(total % 60, "second"),
  ].filter((part) => !part.startsWith("0 "));
  return parts.join(" ") || "0 seconds";
}

/** "about 3 minutes left". */
export function timeLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 5) return "a few seconds left";
  if (seconds < 60) return `about ${plural(Math.ceil(seconds / 5) * 5, "second")} left`;
  if (seconds < 3600) return `about ${plural(Math.round(seconds / 60), "minute")} left`;
  return `about ${plural(Math.round(seconds / 3600), "hour")} left`;
}

/** "about 3 minutes", and no finer: what is told from time to time must not seem to jump. */
export function roughTime(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "less than a minute";
  return minutes < 60
    ? `about ${plural(minutes, "minute")}`
    : `about ${plural(Math.round(minutes / 60), "hour")}`;
}

/** "about 3 minutes left" */
export function roughTimeLeft(seconds: number): string {
  return `${roughTime(seconds)} left`;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export function timeAgo(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  for (const [unit, size] of STEPS) {
    if (seconds >= size) return relative.format(-Math.floor(seconds / size), unit);
  }
  return "just now";
}

export function daysUntil(iso: string, now = Date.now()): number {
  return Math.max(0, Math.ceil((Date.parse(iso) - now) / 86_400_000));
}

const longDate = new Intl.DateTimeFormat("en", { dateStyle: "long" });

export function date(iso: string): string {
  return longDate.format(new Date(iso));
}
