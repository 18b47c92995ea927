/** Numbers and dates as people read them, in their language. */
import { t } from "@lingui/core/macro";
import { languageTag } from "./language";

/** One formatter for as long as the language stays: they are dear to make. */
function inLanguage<Format>(make: (tag: string) => Format): () => Format {
  let made: { tag: string; format: Format } | null = null;
  return () => {
    const tag = languageTag();
    if (made?.tag !== tag) made = { tag, format: make(tag) };
    return made.format;
  };
}

function unitOf(unit: string, unitDisplay: "long" | "short", digits = 0): () => Intl.NumberFormat {
  return inLanguage(
    (tag) =>
      new Intl.NumberFormat(tag, {
        style: "unit",
        unit,
        unitDisplay,
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }),
  );
}

const SIZES = ["kilobyte", "megabyte", "gigabyte", "terabyte"].map((unit) => ({
  whole: unitOf(unit, "short"),
  fine: unitOf(unit, "short", 1),
}));
const oneByOne = unitOf("byte", "long");

export function bytes(count: number): string {
  if (count < 1000) return oneByOne().format(count);
  let value = count / 1000;
  let unit = 0;
  while (value >= 1000 && unit < SIZES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const size = SIZES[unit];
  return size ? size[value >= 100 ? "whole" : "fine"]().format(value) : "";
}

const megabits = unitOf("megabit-per-second", "short", 1);

export function bitRate(bitsPerSecond: number): string {
  return megabits().format(bitsPerSecond / 1_000_000);
}

/** A gigabyte costs a few cents and a bit. */
const dollars = inLanguage(
  (tag) => new Intl.NumberFormat(tag, { style: "currency", currency: "USD", maximumFractionDigits: 3 }),
);

export function usd(amount: number): string {
  return dollars().format(amount);
}

const plainNumber = inLanguage((tag) => new Intl.NumberFormat(tag));

export function number(value: number): string {
  return plainNumber().format(value);
}

/** 4:05 or 1:04:05, as on every video badge. */
export function clock(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

const hour = unitOf("hour", "long");
const minute = unitOf("minute", "long");
const second = unitOf("second", "long");
const day = unitOf("day", "long");
const together = inLanguage((tag) => new Intl.ListFormat(tag, { type: "unit", style: "narrow" }));

/** "4 minutes 5 seconds", for screen readers. */
export function spokenTime(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const parts: [number, () => Intl.NumberFormat][] = [
    [Math.floor(total / 3600), hour],
    [Math.floor((total % 3600) / 60), minute],
    [total % 60, second],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => unit().format(count));
  return together().format(said) || second().format(0);
}

/** "about 3 minutes left". */
export function timeLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 5) return t`a few seconds left`;
  if (seconds < 60) return aboutLeft(second().format(Math.ceil(seconds / 5) * 5));
  if (seconds < 3600) return aboutLeft(minute().format(Math.round(seconds / 60)));
  return aboutLeft(hour().format(Math.round(seconds / 3600)));
}

function aboutLeft(amount: string): string {
  return t`about ${amount} left`;
}

/** "3 minutes", and no finer: what is told from time to time must not seem to jump. Null below one. */
function roughly(seconds: number): string | null {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return null;
  return minutes < 60 ? minute().format(minutes) : hour().format(Math.round(minutes / 60));
}

/** "about 3 minutes" */
export function roughTime(seconds: number): string {
  const amount = roughly(seconds);
  return amount === null ? t`less than a minute` : t`about ${amount}`;
}

/** "about 3 minutes left" */
export function roughTimeLeft(seconds: number): string {
  const amount = roughly(seconds);
  return amount === null ? t`less than a minute left` : aboutLeft(amount);
}

/** "About 3 minutes left." */
export function roughTimeLeftSentence(seconds: number): string {
  const amount = roughly(seconds);
  return amount === null ? t`Less than a minute left.` : t`About ${amount} left.`;
}

export function days(count: number): string {
  return day().format(count);
}

const relative = inLanguage((tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto" }));
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
    if (seconds >= size) return relative().format(-Math.floor(seconds / size), unit);
  }
  return t`just now`;
}

export function daysUntil(iso: string, now = Date.now()): number {
  return Math.max(0, Math.ceil((Date.parse(iso) - now) / 86_400_000));
}

const moment = inLanguage(
  (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium" }),
);

export function dateAndTime(iso: string): string {
  return moment().format(new Date(iso));
}

const mediumDate = inLanguage((tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium" }));

/** A date that finds room in a badge. */
export function shortDate(iso: string): string {
  return mediumDate().format(new Date(iso));
}

const longDate = inLanguage((tag) => new Intl.DateTimeFormat(tag, { dateStyle: "long" }));

export function date(iso: string): string {
  return longDate().format(new Date(iso));
}
