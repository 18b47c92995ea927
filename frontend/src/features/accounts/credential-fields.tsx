/** What is asked for to prove who one is, named so that password managers know it. */
import { t } from "@lingui/core/macro";
import type { ReactNode } from "react";
import { TextField } from "@/ui/field";

interface Props {
  value: string;
  onChange: (value: string) => void;
}

export function EmailField(props: Props & { help?: ReactNode }) {
  return (
    <TextField {...props} label={t`E-mail`} name="email" type="email" autoComplete="username" isRequired />
  );
}

/** For the code that was sent by e-mail. */
export function CodeField(props: Props & { autoFocus?: boolean }) {
  return (
    <TextField
      {...props}
      label={t`Code`}
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      isRequired
    />
  );
}

export function PasswordField({
  label = t`Password`,
  ...props
}: Props & { label?: string; autoFocus?: boolean }) {
  return (
    <TextField
      {...props}
      label={label}
      name="password"
      type="password"
      autoComplete="current-password"
      isRequired
    />
  );
}

/** Where a password is chosen: what makes a good one, and nothing in the way of a password manager. */
export function NewPasswordField(props: Props & { label: string; name: string }) {
  return (
    <TextField
      {...props}
      type="password"
      autoComplete="new-password"
      help={t`At least 12 characters, with a capital letter, a small one and a digit.`}
      minLength={12}
      isRequired
    />
  );
}
