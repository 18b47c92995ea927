/** Sign in with another address: ask for it, then enter the code that was sent there. */
import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/lib/api";
import type { Me } from "@/lib/models";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { CodeHint } from "./code-hint";
import { CodeField } from "./credential-fields";
import { editing } from "./editing";
import { useDevicesChanged } from "./queries";
import { RequestForm } from "./request-form";
import { useProof } from "./use-proof";

export function EmailDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const client = useQueryClient();
  const devicesChanged = useDevicesChanged();
  const proof = useProof(me);
  const [email, setEmail] = useState("");
  const [code, setCode] = useState("");
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/api/me/email", { body: { email: email.trim() } })),
    onError: (error) => proof.isWanted(error) && proof.ask(() => ask.mutate()),
    meta: { quiet: true },
  });
  const change = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/me/email/confirm", { body: { email: email.trim(), code: code.trim() } })),
    onSuccess: (changed) => {
      client.setQueryData(keys.me, changed);
      devicesChanged();
      toast(t`From now on you sign in with ${{ email: changed.email }}.`, { tone: "good" });
      onClose();
    },
    onError: (error) => proof.isWanted(error) && proof.ask(() => change.mutate()),
    meta: { quiet: true },
  });
  return (
    <Dialog title={t`Another e-mail address`} isOpen onClose={onClose}>
      {ask.data ? (
        <RequestForm key="code" request={change}>
          <p className="text-muted text-sm">
            {t`We sent a code to ${{ email: ask.data.email }}. Until you enter it, nothing changes.`}
          </p>
          <CodeHint code={ask.data.code_hint} />
          <CodeField value={code} onChange={editing(change)(setCode)} autoFocus />
          <DialogActions>
            <Button onPress={() => ask.reset()}>{t`Back`}</Button>
            <Button type="submit" look="primary" isPending={change.isPending}>
              {t`Confirm`}
            </Button>
          </DialogActions>
        </RequestForm>
      ) : (
        <RequestForm key="address" request={ask}>
          <p className="text-muted text-sm">
            {t`You sign in with it, and codes are sent there. Your other devices are signed out.`}
          </p>
          <TextField
            label={t`New e-mail address`}
            name="email"
            type="email"
            autoComplete="email"
            value={email}
            onChange={editing(ask)(setEmail)}
            autoFocus
            isRequired
          />
          <DialogActions>
            <Button onPress={onClose}>{t`Cancel`}</Button>
            <Button type="submit" look="primary" isPending={ask.isPending}>
              {t`Send a code`}
            </Button>
          </DialogActions>
        </RequestForm>
      )}
      {proof.dialog}
    </Dialog>
  );
}
