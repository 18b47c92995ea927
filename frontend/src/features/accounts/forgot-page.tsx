/** Ask for the code that sets a new password. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "@/lib/api";
import { Button } from "@/ui/button";
import { AuthCard } from "./auth-card";
import { EmailField } from "./credential-fields";
import { linkClass } from "./link-class";
import { RequestForm } from "./request-form";

export function ForgotPage() {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [email, setEmail] = useState(search.get("email") ?? "");
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/forgot", { body: { email: email.trim() } })),
    onSuccess: (sent) =>
      void navigate(`/reset?${new URLSearchParams({ email: sent.email })}`, {
        state: { codeHint: sent.code_hint },
      }),
    meta: { quiet: true },
  });

  return (
    <AuthCard
      title={t`Forgot your password?`}
      intro={t`Tell us your address. If it has an account, we send it a code for a new password.`}
      footer={
        <Trans>
          Remembered it?{" "}
          <Link className={linkClass} to="/sign-in">
            Sign in
          </Link>
        </Trans>
      }
    >
      <RequestForm request={ask}>
        <EmailField value={email} onChange={setEmail} />
        <Button type="submit" look="primary" isPending={ask.isPending}>
          {ask.isPending ? t`Sending…` : t`Send a code`}
        </Button>
      </RequestForm>
    </AuthCard>
  );
}
