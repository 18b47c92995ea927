/** Takes a code of the authenticator app, or a recovery code where that is lost. */
import { t } from "@lingui/core/macro";
import { useState } from "react";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";

interface Props {
  value: string;
  onChange: (value: string) => void;
  autoFocus?: boolean;
}

export function SecondFactorField({ value, onChange, autoFocus = false }: Props) {
  const [isLost, setLost] = useState(false);
  return (
    <div className="flex flex-col items-start gap-2 *:first:w-full">
      {isLost ? (
        <TextField
          key="recovery"
          label={t`Recovery code`}
          name="code"
          autoComplete="off"
          spellCheck="false"
          help={t`One of the ten you kept when you set up the app. Each works once.`}
          value={value}
          onChange={onChange}
          autoFocus
          isRequired
        />
      ) : (
        <TextField
          key="app"
          label={t`Code from your authenticator app`}
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          value={value}
          onChange={onChange}
          autoFocus={autoFocus}
          isRequired
        />
      )}
      <Button
        look="quiet"
        size="small"
        onPress={() => {
          onChange("");
          setLost(!isLost);
        }}
      >
        {isLost ? t`Use the authenticator app` : t`Use a recovery code instead`}
      </Button>
    </div>
  );
}
