/** A bar that says how far something is. */
import type { CSSProperties } from "react";
import { ProgressBar } from "react-aria-components/ProgressBar";

interface Props {
  label: string;
  /** 0–100; null while nobody knows. */
  value: number | null;
  /** What the bar says beside its number, for screen readers. */
  text?: string | undefined;
  tone?: "brand" | "accent";
}

export function Progress({ label, value, text, tone = "brand" }: Props) {
  return (
    <ProgressBar
      aria-label={label}
      value={value ?? 0}
      valueLabel={text}
      isIndeterminate={value === null}
      className="w-full"
    >
      {({ percentage, isIndeterminate }) => (
        <div className="h-1.5 overflow-hidden rounded-full bg-ink/12">
          {/* Moved, not widened: that costs no layout, however often it happens. */}
          <div
            className={`h-full rounded-full ${tone === "brand" ? "bg-link" : "bg-accent"} ${isIndeterminate ? "w-1/4 animate-slide" : "-translate-x-(--rest) transition-transform duration-300 ease-out rtl:translate-x-(--rest)"}`}
            style={{ "--rest": `${100 - (percentage ?? 0)}%` } as CSSProperties}
          />
        </div>
      )}
    </ProgressBar>
  );
}
