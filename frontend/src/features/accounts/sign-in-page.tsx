/** Sign in with e-mail and password. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "@/lib/api";
import { ApiError, fieldErrors, sentenceOf } from "@/lib/api-error";
import { Button } from "@/ui/button";
import { Form, FormProblem, TextField } from "@/ui/field";
import { AuthCard } from "./auth-card";
import { hold } from "./handover";
import { linkClass } from "./link-class";
import { safeNext } from "./next";
import { signedIn } from "./queries";

export function SignInPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [email, setEmail] = useState(search.get("email") ?? "");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/sign-in", { body: { email: email.trim(), password } })),
    onSuccess: (me) => {
      signedIn(client, me);
      void navigate(safeNext(search.get("next")), { replace: true });
    },
    onError: (error) => {
      if (!(error instanceof ApiError && error.code === "not_confirmed")) return;
      hold(email.trim(), password);
      void navigate(`/confirm?${new URLSearchParams({ email: email.trim() })}`);
    },
    meta: { quiet: true },
  });

  return (
    <AuthCard
      title={t`Sign in`}
      intro={search.get("confirmed") ? t`Your address is confirmed. Welcome!` : t`Good to see you again.`}
      footer={
        <Trans>
          New here?{" "}
          <Link className={linkClass} to={{ pathname: "/sign-up", search: search.toString() }}>
            Create an account
          </Link>
        </Trans>
      }
    >
      <Form
        validationErrors={fieldErrors(signIn.error)}
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <FormProblem>{signIn.error && sentenceOf(signIn.error)}</FormProblem>
        <TextField
          label={t`E-mail`}
          name="email"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          isRequired
        />
        <TextField
          label={t`Password`}
          name="password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          isRequired
        />
        <Button type="submit" look="primary" isPending={signIn.isPending}>
          {signIn.isPending ? t`Signing in…` : t`Sign in`}
        </Button>
      </Form>
    </AuthCard>
  );
}
