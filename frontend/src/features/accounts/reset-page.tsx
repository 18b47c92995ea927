/** Set a new password with the code that was sent. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useNavigate, useSearchParams } from "react-router";
import { api, done } from "@/lib/api";
import { Button } from "@/ui/button";
import { AuthCard } from "./auth-card";
import { CodeHint } from "./code-hint";
import { CodeField, EmailField, NewPasswordField } from "./credential-fields";
import { editing } from "./editing";
import { linkClass } from "./link-class";
import { RequestForm } from "./request-form";

export function ResetPage() {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const location = useLocation();
  const [email, setEmail] = useState(search.get("email") ?? "");
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const reset = useMutation({
    mutationFn: () =>
      done(api.POST("/api/auth/reset", { body: { email: email.trim(), code: code.trim(), password } })),
    onSuccess: () => void navigate(`/sign-in?${new URLSearchParams({ email: email.trim(), reset: "1" })}`),
    meta: { quiet: true },
  });

  const edited = editing(reset);
  return (
    <AuthCard
      title={t`Set a new password`}
      intro={t`Enter the code we sent you. Every device that is signed in will have to sign in again.`}
      footer={
        <Trans>
          No code?{" "}
          <Link className={linkClass} to={`/forgot?${new URLSearchParams({ email })}`}>
            Ask for another one
          </Link>
        </Trans>
      }
    >
      <RequestForm request={reset}>
        <CodeHint code={location.state?.codeHint} />
        <EmailField value={email} onChange={edited(setEmail)} />
        <CodeField value={code} onChange={edited(setCode)} />
        <NewPasswordField
          label={t`New password`}
          name="password"
          value={password}
          onChange={edited(setPassword)}
        />
        <Button type="submit" look="primary" isPending={reset.isPending}>
          {reset.isPending ? t`Saving…` : t`Set the password`}
        </Button>
      </RequestForm>
    </AuthCard>
  );
}
