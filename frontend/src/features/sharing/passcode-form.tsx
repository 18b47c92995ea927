/** A link's passcode, asked of whoever opens it. */
import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, sentenceOf } from "@/lib/api-error";
import * as format from "@/lib/format";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { Form, FormProblem, TextField } from "@/ui/field";
import { isGone, openLink, sharingQueries } from "./queries";

export function PasscodeForm({ token }: { token: string }) {
  const client = useQueryClient();
  const [passcode, setPasscode] = useState("");
  const open = useMutation({
    mutationFn: () => openLink(token, passcode),
    onSuccess: (video) => client.setQueryData(sharingQueries.shared(token).queryKey, video),
    onError: async (error) => {
      setPasscode("");
      if (isGone(error)) await client.invalidateQueries({ queryKey: keys.shared(token) });
    },
    meta: { quiet: true },
  });

  return (
    <div className="mx-auto w-full max-w-md px-4 py-8 sm:py-14">
      <section className="flex flex-col gap-6 rounded-3xl border border-line bg-surface p-6 shadow-card sm:p-8">
        <div className="flex flex-col gap-1.5">
          <h1 className="font-bold text-2xl">{t`This video has a passcode`}</h1>
          <p className="text-muted">{t`Enter the one you were given for this link.`}</p>
        </div>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            open.mutate();
          }}
        >
          <FormProblem>{open.error && refusal(open.error)}</FormProblem>
          <TextField
            label={t`Passcode`}
            name="passcode"
            type="password"
            autoComplete="off"
            value={passcode}
            onChange={setPasscode}
            maxLength={128}
            isRequired
            autoFocus
          />
          <Button type="submit" look="primary" isPending={open.isPending}>
            {open.isPending ? t`Opening…` : t`Watch`}
          </Button>
        </Form>
      </section>
    </div>
  );
}

function refusal(error: Error): string {
  if (!(error instanceof ApiError && error.status === 429 && error.retryAfterSeconds))
    return sentenceOf(error);
  return t`There were too many tries. The next one is possible in ${{ time: format.spokenTime(error.retryAfterSeconds) }}.`;
}
