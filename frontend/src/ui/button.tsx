/** Buttons and links that look like them. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Tooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import { Link, type LinkProps } from "react-router";

type Look = "primary" | "plain" | "quiet" | "danger";

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
  className?: string;
};

/** A round button with an icon; its name is also the tooltip. */
export function IconButton({ icon: Icon, label, className = "", ...props }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={100}>
      <AriaButton
        {...props}
        aria-label={label}
        className={`grid size-10 shrink-0 cursor-pointer place-items-center rounded-full text-muted transition-colors hover:bg-sunken hover:text-ink data-pressed:bg-sunken data-disabled:cursor-default data-disabled:opacity-50 ${className}`}
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
