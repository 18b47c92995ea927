/** Who one is to others: the name, and the address one signs in with. */
import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/lib/api";
import type { Me } from "@/lib/models";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { editing } from "./editing";
import { EmailDialog } from "./email-dialog";
import { RequestForm } from "./request-form";
import { Section } from "./section";

export function Profile({ me }: { me: Me }) {
  const client = useQueryClient();
  const [isMoving, setMoving] = useState(false);
  const [name, setName] = useState(me.display_name);
  const rename = useMutation({
    mutationFn: () => unwrap(api.PATCH("/api/me", { body: { display_name: name.trim() } })),
    onSuccess: (changed) => {
      client.setQueryData(keys.me, changed);
      toast(t`Your name is changed.`, { tone: "good" });
    },
    meta: { quiet: true },
  });
  const edited = editing(rename);
  return (
    <Section title={t`Profile`}>
      <RequestForm request={rename}>
        <TextField
          label={t`Name`}
          name="display_name"
          autoComplete="name"
          help={t`Shown beside the videos you publish.`}
          value={name}
          onChange={edited(setName)}
          maxLength={80}
          isRequired
        />
        <Button type="submit" className="self-start" isPending={rename.isPending}>
          {t`Save`}
        </Button>
      </RequestForm>
      <div className="flex flex-wrap items-center justify-between gap-3 border-line border-t pt-4">
        <dl className="min-w-0 text-sm">
          <dt className="font-semibold">{t`E-mail`}</dt>
          <dd dir="auto" className="break-words text-muted">
            {me.email}
          </dd>
        </dl>
        <Button onPress={() => setMoving(true)}>{t`Change the address`}</Button>
      </div>
      {isMoving && <EmailDialog me={me} onClose={() => setMoving(false)} />}
    </Section>
  );
}
