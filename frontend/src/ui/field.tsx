/** Labelled inputs with their help and their errors. */
import { t } from "@lingui/core/macro";
import { Search, X } from "lucide-react";
import type { ReactNode } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Form as AriaForm, type FormProps } from "react-aria-components/Form";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Radio, RadioGroup, type RadioGroupProps } from "react-aria-components/RadioGroup";
import { SearchField as AriaSearchField, type SearchFieldProps } from "react-aria-components/SearchField";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps } from "react-aria-components/TextField";
import { IconButton } from "./button";

const box =
  "w-full rounded-xl border border-edge bg-surface px-3.5 text-ink placeholder:text-muted " +
  "transition-colors hover:border-muted data-invalid:border-bad data-focused:border-link";

type Props = Omit<TextFieldProps, "className" | "style" | "children"> & {
  label: string;
  help?: ReactNode;
  placeholder?: string;
  /** The first and the last day that a date may be. */
  days?: { min: string; max: string };
};

export function TextField({ label, help, placeholder, rows, days, ...props }: Props & { rows?: number }) {
  return (
    <AriaTextField {...props} className="flex flex-col gap-1.5">
      <Label className="font-semibold text-sm">{label}</Label>
      {rows ? (
        <TextArea rows={rows} placeholder={placeholder ?? ""} className={`${box} resize-y py-2.5`} />
      ) : (
        <Input placeholder={placeholder ?? ""} {...days} className={`${box} h-11`} />
      )}
      {help && (
        <Text slot="description" className="text-muted text-sm">
          {help}
        </Text>
      )}
      <FieldError className="font-medium text-sm text-warn" />
    </AriaTextField>
  );
}

/** Escape, or the cross, empties it. */
export function SearchField({
  label,
  placeholder,
  ...props
}: Omit<SearchFieldProps, "className" | "style" | "children"> & { label: string; placeholder?: string }) {
  return (
    <AriaSearchField {...props} aria-label={label} className="group relative min-w-0">
      <Search
        aria-hidden
        className="pointer-events-none absolute top-0 start-3 h-full w-4.5 text-muted"
        strokeWidth={2}
      />
      <Input
        placeholder={placeholder ?? ""}
        className={`${box} h-10 ps-10! pe-10! [&::-webkit-search-cancel-button]:hidden`}
      />
      <IconButton
        icon={X}
        label={t`Clear the search`}
        size="small"
        className="absolute! top-0.75 end-1 group-data-empty:invisible"
      />
    </AriaSearchField>
  );
}

export function Form({ className = "flex flex-col gap-5", ...props }: FormProps) {
  return <AriaForm {...props} className={className} />;
}

/** What went wrong with the form as a whole, announced at once. */
export function FormProblem({ children }: { children: ReactNode }) {
  if (!children) return null;
  return (
    <p role="alert" className="animate-rise rounded-xl bg-bad-soft px-4 py-3 font-medium text-sm">
      {children}
    </p>
  );
}

export interface Choice<Value extends string> {
  value: Value;
  label: string;
  help: string;
  icon: ReactNode;
}

export function ChoiceGroup<Value extends string>({
  label,
  choices,
  value,
  onChange,
  ...props
}: Omit<RadioGroupProps, "className" | "style" | "children" | "value" | "onChange"> & {
  label: string;
  choices: readonly Choice<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  return (
    <RadioGroup
      {...props}
      value={value}
      onChange={(chosen) => onChange(chosen as Value)}
      className="flex flex-col gap-1.5"
    >
      <Label className="font-semibold text-sm">{label}</Label>
      <div className="grid gap-2 sm:grid-cols-3">
        {choices.map((choice) => (
          <Radio
            key={choice.value}
            value={choice.value}
            className="group flex cursor-pointer items-center gap-3 rounded-xl border border-line bg-surface p-3 transition-colors hover:border-edge data-selected:border-link data-selected:bg-brand-soft sm:flex-col sm:items-start sm:gap-1.5"
          >
            <span aria-hidden className="text-muted group-data-selected:text-link">
              {choice.icon}
            </span>
            <span>
              <span className="block font-semibold text-sm">{choice.label}</span>
              <span className="block text-muted text-xs group-data-selected:text-ink">{choice.help}</span>
            </span>
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
