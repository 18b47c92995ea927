/** Give the account up: it can be kept for a week, and then nothing of it is left. */
import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/lib/api";
import * as format from "@/lib/format";
import type { Me } from "@/lib/models";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { useDevicesChanged } from "./queries";
import { Section } from "./section";
import { useKeepAccount } from "./use-keep-account";
import { useProof } from "./use-proof";

export function DeleteAccount({ me }: { me: Me }) {
  const client = useQueryClient();
  const devicesChanged = useDevicesChanged();
  const { askFirst, dialog } = useProof(me);
  const [isAsking, setAsking] = useState(false);
  const keep = useKeepAccount();
  const giveUp = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/me")),
    onSuccess: (changed) => {
      client.setQueryData(keys.me, changed);
      devicesChanged();
    },
    onError: (error) => askFirst(error, () => giveUp.mutate()),
    meta: { quiet: true },
  });
  return (
    <Section
      title={t`Delete the account`}
      intro={
        me.delete_at
          ? t`Everything is deleted for good on ${{ date: format.date(me.delete_at) }}. Until then you can keep your account.`
          : t`With all videos, links and everything else in it. You have seven days to think it over.`
      }
    >
      {/* One button whatever it does: the focus stays on it. */}
      <Button
        look={me.delete_at ? "primary" : "plain"}
        className="self-start"
        onPress={() => (me.delete_at ? keep.mutate() : setAsking(true))}
        isPending={giveUp.isPending || keep.isPending}
      >
        {me.delete_at ? t`Keep my account` : t`Delete my account…`}
      </Button>
      <ConfirmDialog
        title={t`Delete your account?`}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => giveUp.mutate()}
        confirm={t`Delete my account`}
      >
        {t`From now on nobody else sees your videos, and your other devices are signed out. In seven days everything is deleted for good, and nobody can bring it back. Sign in before then to keep it.`}
      </ConfirmDialog>
      {dialog}
    </Section>
  );
}
