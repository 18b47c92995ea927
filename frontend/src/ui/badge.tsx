/** A small word about a thing's state. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

const tones = {
  neutral: "bg-sunken text-muted",
  brand: "bg-brand-soft text-link",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
};

export function Badge({
  tone = "neutral",
  icon: Icon,
  children,
}: {
  tone?: keyof typeof tones;
  icon?: LucideIcon;
  children: ReactNode;
}) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 font-semibold text-xs ${tones[tone]}`}
    >
      {Icon && <Icon aria-hidden className="size-3.5" />}
      {children}
    </span>
  );
}
