/** Enter the code that was sent by e-mail. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation, useNavigate, useSearchParams } from "react-router";
import { api, done, unwrap } from "@/lib/api";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { AuthCard } from "./auth-card";
import { CodeHint } from "./code-hint";
import { CodeField, EmailField } from "./credential-fields";
import { heldFor, release } from "./handover";
import { linkClass } from "./link-class";
import { safeNext } from "./next";
import { signedIn } from "./queries";
import { RequestForm } from "./request-form";

export function ConfirmPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const location = useLocation();
  const [email, setEmail] = useState(search.get("email") ?? "");
  const [code, setCode] = useState("");
  const [codeHint, setCodeHint] = useState<string | null>(location.state?.codeHint ?? null);

  const confirm = useMutation({
    mutationFn: async (): Promise<Me | null> => {
      await done(api.POST("/api/auth/confirm", { body: { email: email.trim(), code: code.trim() } }));
      const password = heldFor(email.trim());
      if (!password) return null;
      const body = { email: email.trim(), password };
      // Confirmed is confirmed: if signing in right away fails, the sign-in page takes over.
      const began = await unwrap(api.POST("/api/auth/sign-in", { body })).catch(() => null);
      return began && "challenge" in began ? null : began;
    },
    onSuccess: (me) => {
      release();
      if (me) {
        signedIn(client, me);
        void navigate(safeNext(search.get("next")), { replace: true });
      } else {
        void navigate(`/sign-in?${new URLSearchParams({ email: email.trim(), confirmed: "1" })}`);
      }
    },
    meta: { quiet: true },
  });
  const resend = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/resend", { body: { email: email.trim() } })),
    onSuccess: (sent) => {
      setCodeHint(sent.code_hint);
      toast(t`A new code is on its way.`, { tone: "good" });
    },
  });

  return (
    <AuthCard
      title={t`Check your e-mail`}
      intro={t`We sent you a code. Enter it here to confirm that the address is yours.`}
      footer={
        <Trans>
          Confirmed already?{" "}
          <Link className={linkClass} to="/sign-in">
            Sign in
          </Link>
        </Trans>
      }
    >
      <RequestForm request={confirm}>
        <CodeHint code={codeHint} />
        <EmailField value={email} onChange={setEmail} />
        <CodeField value={code} onChange={setCode} />
        <Button type="submit" look="primary" isPending={confirm.isPending}>
          {confirm.isPending ? t`Confirming…` : t`Confirm`}
        </Button>
        <Button look="quiet" onPress={() => resend.mutate()} isPending={resend.isPending} isDisabled={!email}>
          {t`Send a new code`}
        </Button>
      </RequestForm>
    </AuthCard>
  );
}
