/** Set up an authenticator app: the password, the QR code, the first code of the app. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/lib/api";
import { fieldErrors, sentenceOf } from "@/lib/api-error";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Form, FormProblem, TextField } from "@/ui/field";
import { PasswordField } from "./credential-fields";
import { linkClass } from "./link-class";
import { QrCode } from "./qr-code";
import { RequestForm } from "./request-form";

interface Props {
  me: Me;
  onClose: () => void;
  onDone: (recoveryCodes: string[]) => void;
}

export function SetUpAppDialog({ me, onClose, onDone }: Props) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/me/totp", { body: { password } })),
    meta: { quiet: true },
  });
  const verify = useMutation({
    mutationFn: () => unwrap(api.POST("/api/me/totp/verify", { body: { password, code: code.trim() } })),
    onSuccess: (made) => onDone(made.codes),
    onError: () => setCode(""),
    meta: { quiet: true },
  });
  const started = start.data;

  return (
    <Dialog title={t`Set up an authenticator app`} isOpen onClose={onClose}>
      {started ? (
        <Form
          validationErrors={fieldErrors(verify.error)}
          onSubmit={(event) => {
            event.preventDefault();
            verify.mutate();
          }}
        >
          <ol className="flex list-decimal flex-col gap-2 ps-5 text-sm">
            <li>{t`Open an authenticator app or your password manager.`}</li>
            <li>
              <Trans>
                Scan this code with it. On this very device,{" "}
                <a className={linkClass} href={started.uri}>
                  open it
                </a>{" "}
                or type the key.
              </Trans>
            </li>
            <li>{t`Enter the six digits that it shows.`}</li>
          </ol>
          <QrCode rows={started.qr} />
          <p dir="ltr" className="break-all text-center font-mono text-sm">
            <span className="sr-only">{t`Key:`} </span>
            {started.secret.match(/.{1,4}/g)?.join(" ")}
          </p>
          <FormProblem>{verify.error && sentenceOf(verify.error)}</FormProblem>
          <TextField
            label={t`Code from the app`}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={setCode}
            autoFocus
            isRequired
          />
          <DialogActions>
            <Button onPress={onClose}>{t`Cancel`}</Button>
            <Button type="submit" look="primary" isPending={verify.isPending}>
              {t`Turn on`}
            </Button>
          </DialogActions>
        </Form>
      ) : (
        <RequestForm request={start}>
          <input type="hidden" name="username" autoComplete="username" value={me.email} readOnly />
          <PasswordField value={password} onChange={setPassword} autoFocus />
          <DialogActions>
            <Button onPress={onClose}>{t`Cancel`}</Button>
            <Button type="submit" look="primary" isPending={start.isPending}>
              {t`Continue`}
            </Button>
          </DialogActions>
        </RequestForm>
      )}
    </Dialog>
  );
}
