/** A bar that says how far something is. */
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
          <div
            className={`h-full rounded-full transition-[width] duration-300 ease-out ${tone === "brand" ? "bg-link" : "bg-accent"} ${isIndeterminate ? "w-1/4 animate-slide" : ""}`}
            style={isIndeterminate ? {} : { width: `${percentage ?? 0}%` }}
          />
        </div>
      )}
    </ProgressBar>
  );
}
