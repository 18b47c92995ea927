/** Menus that open from a button. */
import { Check, ChevronDown, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  type MenuItemProps,
  type MenuProps,
  MenuTrigger,
} from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Separator } from "react-aria-components/Separator";
import { Button } from "./button";

type Props<Item> = Omit<MenuProps<Item>, "className" | "style"> & {
  trigger: ReactNode;
  header?: ReactNode;
  /** Where the menu is drawn: inside a full-screen element nothing else would be seen. */
  container?: Element | null;
};

export function Menu<Item extends object>({ trigger, header, container, ...props }: Props<Item>) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover
        {...(container ? { UNSTABLE_portalContainer: container } : {})}
        className="z-50 min-w-44 overflow-hidden rounded-2xl border border-line bg-raised text-ink shadow-float outline-none data-entering:animate-rise"
      >
        {header}
        <AriaMenu {...props} className="max-h-80 overflow-y-auto p-1.5 outline-none" />
      </Popover>
    </MenuTrigger>
  );
}

export function MenuItem({
  icon: Icon,
  danger = false,
  children,
  ...props
}: Omit<MenuItemProps, "className" | "style" | "children"> & {
  icon?: LucideIcon;
  danger?: boolean;
  children: string;
}) {
  return (
    <AriaMenuItem
      textValue={children}
      {...props}
      className={`flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2 font-medium text-sm outline-none data-disabled:cursor-default data-focused:bg-sunken data-disabled:opacity-50 ${danger ? "text-bad dark:text-[oklch(0.78_0.13_22)]" : ""}`}
    >
      {({ isSelected, selectionMode }) => (
        <>
          {Icon && <Icon aria-hidden className="size-4.5 shrink-0" />}
          <span className="grow">{children}</span>
          {selectionMode !== "none" && (
            <Check aria-hidden className={`size-4 ${isSelected ? "" : "invisible"}`} />
          )}
        </>
      )}
    </AriaMenuItem>
  );
}

export function MenuSeparator() {
  return <Separator className="mx-2 my-1.5 border-line border-t" />;
}

/** A button that tells what is chosen and opens the choices; the first one stands for no choice made. */
export function ChoiceMenu<Value extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  const chosen = choices.find((choice) => choice.value === value) ?? choices[0];
  const plain = chosen === choices[0];
  return (
    <Menu
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[chosen?.value ?? ""]}
      onSelectionChange={(keys) => {
        const [key] = keys;
        const found = choices.find((choice) => choice.value === key);
        if (found) onChange(found.value);
      }}
      trigger={
        <Button
          aria-label={`${label}: ${chosen?.label}`}
          className={plain ? "" : "border-link! bg-brand-soft! text-link!"}
        >
          {chosen?.label}
          <ChevronDown aria-hidden className="size-4" />
        </Button>
      }
    >
      {choices.map((choice) => (
        <MenuItem key={choice.value} id={choice.value}>
          {choice.label}
        </MenuItem>
      ))}
    </Menu>
  );
}
