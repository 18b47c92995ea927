/** A box to tick, with its words. */
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { Checkbox as AriaCheckbox, type CheckboxProps } from "react-aria-components/Checkbox";

type Props = Omit<CheckboxProps, "className" | "style" | "children"> & { children: ReactNode };

export function Checkbox({ children, ...props }: Props) {
  return (
    <AriaCheckbox
      {...props}
      className="group flex w-fit cursor-pointer items-center gap-3 rounded-lg py-1 text-sm data-disabled:opacity-50"
    >
      <span
        aria-hidden
        className="grid size-5 shrink-0 place-items-center rounded-md border border-edge bg-surface text-white group-data-selected:border-brand group-data-selected:bg-brand"
      >
        <Check className="invisible size-4 group-data-selected:visible" strokeWidth={3} />
      </span>
      {children}
    </AriaCheckbox>
  );
}
