/** Change the password, with the one until now. */
import { t } from "@lingui/core/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, done } from "@/lib/api";
import { fieldErrors, sentenceOf } from "@/lib/api-error";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { Form, FormProblem, TextField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { editing } from "./editing";
import { NewPasswordField } from "./new-password-field";
import { useDevicesChanged } from "./queries";
import { Section } from "./section";

export function Password({ me }: { me: Me }) {
  const devicesChanged = useDevicesChanged();
  const [old, setOld] = useState("");
  const [wanted, setWanted] = useState("");
  const change = useMutation({
    mutationFn: () => done(api.POST("/api/me/password", { body: { password: old, new_password: wanted } })),
    onSuccess: () => {
      setOld("");
      setWanted("");
      devicesChanged();
      toast(t`Your password is changed. Other devices have to sign in again.`, { tone: "good" });
    },
    meta: { quiet: true },
  });
  const edited = editing(change);
  return (
    <Section title={t`Password`} intro={t`A new password signs out every other device.`}>
      <Form
        validationErrors={fieldErrors(change.error)}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <FormProblem>{change.error && sentenceOf(change.error)}</FormProblem>
        {/* Password managers want to know whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={me.email} readOnly />
        <TextField
          label={t`Current password`}
          name="password"
          type="password"
          autoComplete="current-password"
          value={old}
          onChange={edited(setOld)}
          isRequired
        />
        <NewPasswordField
          label={t`New password`}
          name="new_password"
          value={wanted}
          onChange={edited(setWanted)}
        />
        <Button type="submit" className="self-start" isPending={change.isPending}>
          {t`Change the password`}
        </Button>
      </Form>
    </Section>
  );
}
