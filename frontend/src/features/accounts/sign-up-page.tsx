/** Make an account. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "@/lib/api";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { AuthCard } from "./auth-card";
import { EmailField, NewPasswordField } from "./credential-fields";
import { hold } from "./handover";
import { linkClass } from "./link-class";
import { accountQueries } from "./queries";
import { RequestForm } from "./request-form";

export function SignUpPage() {
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [displayName, setDisplayName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { data: policy } = useQuery(accountQueries.policy());
  const domains = policy?.domains.join(", ");
  const signUp = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/auth/sign-up", {
          body: { email: email.trim(), password, display_name: displayName.trim() },
        }),
      ),
    onSuccess: (sent) => {
      const next = new URLSearchParams(search);
      next.set("email", sent.email);
      hold(email.trim(), password);
      void navigate(`/confirm?${next}`, { state: { codeHint: sent.code_hint } });
    },
    meta: { quiet: true },
  });

  return (
    <AuthCard
      title={t`Create your drive`}
      intro={t`A home for your videos. They stay private until you publish them.`}
      footer={
        <Trans>
          Already have an account?{" "}
          <Link className={linkClass} to={{ pathname: "/sign-in", search: search.toString() }}>
            Sign in
          </Link>
        </Trans>
      }
    >
      <RequestForm request={signUp}>
        {policy?.sign_up === "closed" && (
          <p className="rounded-xl bg-brand-soft px-4 py-3 text-sm">
            {t`This drive takes no new accounts. Ask the person who runs it.`}
          </p>
        )}
        <TextField
          label={t`Name`}
          name="display_name"
          autoComplete="name"
          help={t`Shown beside the videos you publish.`}
          value={displayName}
          onChange={setDisplayName}
          maxLength={80}
          isRequired
        />
        <EmailField value={email} onChange={setEmail} help={domains && t`An address of ${domains}.`} />
        <NewPasswordField label={t`Password`} name="password" value={password} onChange={setPassword} />
        <Button type="submit" look="primary" isPending={signUp.isPending}>
          {signUp.isPending ? t`Creating…` : t`Create account`}
        </Button>
      </RequestForm>
    </AuthCard>
  );
}
