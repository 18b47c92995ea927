/** Asks who it is again, before what must not happen by an open page that somebody left. */
import { t } from "@lingui/core/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, done } from "@/lib/api";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { PasswordField } from "./credential-fields";
import { editing } from "./editing";
import { RequestForm } from "./request-form";
import { SecondFactorField } from "./second-factor-field";

export function ReauthenticateDialog({
  me,
  onClose,
  onDone,
}: {
  me: Me;
  onClose: () => void;
  onDone: () => void;
}) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const prove = useMutation({
    mutationFn: () =>
      done(
        api.POST("/api/auth/reauthenticate", {
          body: { password, code: me.totp_since ? code.trim() : null },
        }),
      ),
    onSuccess: onDone,
    meta: { quiet: true },
  });
  const edited = editing(prove);
  return (
    <Dialog title={t`Confirm that it is you`} isOpen onClose={onClose}>
      <RequestForm request={prove}>
        <PasswordField value={password} onChange={edited(setPassword)} autoFocus />
        {me.totp_since && <SecondFactorField value={code} onChange={edited(setCode)} />}
        <DialogActions>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button type="submit" look="primary" isPending={prove.isPending}>
            {t`Continue`}
          </Button>
        </DialogActions>
      </RequestForm>
    </Dialog>
  );
}
