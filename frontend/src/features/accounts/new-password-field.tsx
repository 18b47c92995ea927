/** Where a password is chosen: what makes a good one, and nothing in the way of a password manager. */
import { t } from "@lingui/core/macro";
import { TextField } from "@/ui/field";

interface Props {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
}

export function NewPasswordField(props: Props) {
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
