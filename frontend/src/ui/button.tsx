/** Buttons and links that look like them. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Tooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import { Link, type LinkProps } from "react-router";

type Look = "primary" | "plain" | "quiet" | "danger" | "inverse";

const base =
  "inline-flex items-center justify-center gap-2 rounded-xl font-semibold whitespace-nowrap select-none " +
  "cursor-pointer transition-[background-color,transform,opacity] duration-150 " +
  "active:scale-[0.98] data-disabled:opacity-50 data-disabled:cursor-default data-disabled:active:scale-100";
const sizes = { medium: "h-10 px-4 text-sm", small: "h-8 px-3 text-[0.8125rem] rounded-lg" };
const looks: Record<Look, string> = {
  primary: "bg-brand text-white hover:bg-brand-strong data-pressed:bg-brand-strong",
  plain: "bg-surface text-ink border border-line hover:bg-sunken data-pressed:bg-sunken",
  quiet: "text-ink hover:bg-sunken data-pressed:bg-sunken",
  danger: "bg-bad text-white hover:bg-bad-strong data-pressed:bg-bad-strong",
  inverse: "text-canvas underline underline-offset-4 hover:bg-canvas/15 data-pressed:bg-canvas/15",
};

interface Shape {
  look?: Look;
  size?: keyof typeof sizes;
  icon?: LucideIcon;
  children?: ReactNode;
}

type ButtonProps = Omit<AriaButtonProps, "className" | "style" | "children"> & Shape & { className?: string };

export function Button({
  look = "plain",
  size = "medium",
  icon: Icon,
  children,
  className = "",
  ...props
}: ButtonProps) {
  return (
    <AriaButton {...props} className={`${base} ${sizes[size]} ${looks[look]} ${className}`}>
      {Icon && <Icon aria-hidden className="size-4.5 shrink-0" />}
      {children}
    </AriaButton>
  );
}

export function ButtonLink({
  look = "plain",
  size = "medium",
  icon: Icon,
  children,
  ...props
}: Omit<LinkProps, "className" | "style"> & Shape) {
  return (
    <Link {...props} className={`${base} ${sizes[size]} ${looks[look]}`}>
      {Icon && <Icon aria-hidden className="size-4.5 shrink-0" />}
      {children}
    </Link>
  );
}

type IconButtonProps = Omit<AriaButtonProps, "className" | "style" | "children" | "aria-label"> & {
  icon: LucideIcon;
  label: string;
  look?: keyof typeof iconLooks;
  size?: keyof typeof iconSizes;
  /** Only where it stands: its colours and size are its look and size. */
  className?: string;
};

const iconSizes = { medium: "size-10", small: "size-8.5" };
const iconLooks = {
  plain: "text-muted hover:bg-sunken hover:text-ink data-pressed:bg-sunken",
  /** On a message. */
  inverse: "text-canvas hover:bg-canvas/15 data-pressed:bg-canvas/15",
  /** On a picture. */
  overlay: "text-white hover:bg-white/20 data-pressed:bg-white/25 data-focus-visible:outline-white",
};

/** A round button with an icon; its name is also the tooltip. */
export function IconButton({
  icon: Icon,
  label,
  look = "plain",
  size = "medium",
  className = "",
  ...props
}: IconButtonProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={100}>
      <AriaButton
        {...props}
        aria-label={label}
        className={`grid shrink-0 cursor-pointer place-items-center rounded-full transition-colors data-disabled:cursor-default data-disabled:opacity-50 ${iconSizes[size]} ${iconLooks[look]} ${className}`}
      >
        <Icon aria-hidden className="size-5" />
      </AriaButton>
      <Hint>{label}</Hint>
    </TooltipTrigger>
  );
}

export function Hint({ children }: { children: ReactNode }) {
  return (
    <Tooltip
      offset={6}
      className="z-50 rounded-lg bg-ink px-2.5 py-1 font-medium text-canvas text-xs shadow-float data-entering:animate-fade"
    >
      {children}
    </Tooltip>
  );
}
