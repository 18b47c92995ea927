/** A box to tick: with its words, or in a row that it selects. */
import { Check, Minus } from "lucide-react";
import type { ReactNode } from "react";
import { Checkbox as AriaCheckbox, type CheckboxProps } from "react-aria-components/Checkbox";

type Props = Omit<CheckboxProps, "className" | "style" | "children"> & { children: ReactNode };

const box =
  "grid size-5 shrink-0 place-items-center rounded-md border border-edge bg-surface text-white " +
  "group-data-indeterminate/box:border-brand group-data-indeterminate/box:bg-brand " +
  "group-data-selected/box:border-brand group-data-selected/box:bg-brand";

export function Checkbox({ children, ...props }: Props) {
  return (
    <AriaCheckbox
      {...props}
      className="group/box flex w-fit cursor-pointer items-center gap-3 rounded-lg py-1 text-sm data-disabled:opacity-50"
    >
      <span aria-hidden className={box}>
        <Check className="invisible size-4 group-data-selected/box:visible" strokeWidth={3} />
      </span>
      {children}
    </AriaCheckbox>
  );
}

/** Stands in a row of a list or table that can be selected, and over them for all. */
export function RowCheckbox() {
  return (
    <AriaCheckbox
      slot="selection"
      className="group/box grid size-8 shrink-0 cursor-pointer place-items-center rounded-lg"
    >
      {({ isSelected, isIndeterminate }) => (
        <span aria-hidden className={box}>
          {isIndeterminate ? (
            <Minus className="size-4" strokeWidth={3} />
          ) : (
            isSelected && <Check className="size-4" strokeWidth={3} />
          )}
        </span>
      )}
    </AriaCheckbox>
  );
}
