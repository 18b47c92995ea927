/** The second step of signing in: a code of the authenticator app, or a recovery code. */
import { t } from "@lingui/core/macro";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/lib/api";
import { ApiError, sentenceOf } from "@/lib/api-error";
import type { Me } from "@/lib/models";
import { Button } from "@/ui/button";
import { Form, FormProblem } from "@/ui/field";
import { SecondFactorField } from "./second-factor-field";

interface Props {
  challenge: string;
  onSignedIn: (me: Me) => void;
  /** The challenge is over: the password is wanted again. */
  onOver: (sentence: string) => void;
}

export function ChallengeForm({ challenge, onSignedIn, onOver }: Props) {
  const [code, setCode] = useState("");
  const answer = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/challenge", { body: { challenge, code: code.trim() } })),
    onSuccess: onSignedIn,
    onError: (error) => {
      setCode("");
      if (error instanceof ApiError && error.code === "challenge_over") onOver(error.message);
    },
    meta: { quiet: true },
  });

  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        answer.mutate();
      }}
    >
      <FormProblem>{answer.error && sentenceOf(answer.error)}</FormProblem>
      <SecondFactorField value={code} onChange={setCode} autoFocus />
      <Button type="submit" look="primary" isPending={answer.isPending}>
        {answer.isPending ? t`Signing in…` : t`Sign in`}
      </Button>
    </Form>
  );
}
