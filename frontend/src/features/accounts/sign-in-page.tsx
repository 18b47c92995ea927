/** Sign in with e-mail and password. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "@/lib/api";
import { ApiError } from "@/lib/api-error";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { AuthCard } from "./auth-card";
import { ChallengeForm } from "./challenge-form";
import { EmailField, PasswordField } from "./credential-fields";
import { hold } from "./handover";
import { linkClass } from "./link-class";
import { safeNext } from "./next";
import { signedIn } from "./queries";
import { RequestForm } from "./request-form";

export function SignInPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [email, setEmail] = useState(search.get("email") ?? "");
  const [password, setPassword] = useState("");
  const [challenge, setChallenge] = useState<string | null>(null);
  const [overBecause, setOverBecause] = useState<string | null>(null);
  const enter = (me: Me) => {
    signedIn(client, me);
    void navigate(safeNext(search.get("next")), { replace: true });
  };
  const signIn = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/sign-in", { body: { email: email.trim(), password } })),
    onSuccess: (began) => {
      if ("challenge" in began) setChallenge(began.challenge);
      else enter(began);
    },
    onError: (error) => {
      if (!(error instanceof ApiError && error.code === "not_confirmed")) return;
      hold(email.trim(), password);
      void navigate(`/confirm?${new URLSearchParams({ email: email.trim() })}`);
    },
    meta: { quiet: true },
  });

  if (challenge)
    return (
      <AuthCard
        title={t`One more step`}
        intro={t`Your account wants a code as well.`}
        footer={
          <Button look="quiet" onPress={() => setChallenge(null)}>
            {t`Sign in as somebody else`}
          </Button>
        }
      >
        <ChallengeForm
          challenge={challenge}
          onSignedIn={enter}
          onOver={(sentence) => {
            setOverBecause(sentence);
            setPassword("");
            setChallenge(null);
          }}
        />
      </AuthCard>
    );
  return (
    <AuthCard
      title={t`Sign in`}
      intro={welcome(search)}
      footer={
        <Trans>
          New here?{" "}
          <Link className={linkClass} to={{ pathname: "/sign-up", search: search.toString() }}>
            Create an account
          </Link>
        </Trans>
      }
    >
      <RequestForm request={signIn} problem={overBecause}>
        <EmailField value={email} onChange={setEmail} />
        <PasswordField value={password} onChange={setPassword} />
        <Button type="submit" look="primary" isPending={signIn.isPending}>
          {signIn.isPending ? t`Signing in…` : t`Sign in`}
        </Button>
        <Link
          className={`${linkClass} self-center text-sm`}
          to={`/forgot?${new URLSearchParams(email ? { email: email.trim() } : {})}`}
        >
          {t`Forgot your password?`}
        </Link>
      </RequestForm>
    </AuthCard>
  );
}

function welcome(search: URLSearchParams): string {
  if (search.get("confirmed")) return t`Your address is confirmed. Welcome!`;
  if (search.get("reset")) return t`Your new password is set. Sign in with it.`;
  return t`Good to see you again.`;
}
