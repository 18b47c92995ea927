/** Change the password, with the one until now. */
import { t } from "@lingui/core/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, done } from "@/lib/api";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { NewPasswordField, PasswordField } from "./credential-fields";
import { editing } from "./editing";
import { useDevicesChanged } from "./queries";
import { RequestForm } from "./request-form";
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
      <RequestForm request={change}>
        {/* Password managers want to know whose password it is. */}
        <input type="hidden" name="username" autoComplete="username" value={me.email} readOnly />
        <PasswordField label={t`Current password`} value={old} onChange={edited(setOld)} />
        <NewPasswordField
          label={t`New password`}
          name="new_password"
          value={wanted}
          onChange={edited(setWanted)}
        />
        <Button type="submit" className="self-start" isPending={change.isPending}>
          {t`Change the password`}
        </Button>
      </RequestForm>
    </Section>
  );
}
