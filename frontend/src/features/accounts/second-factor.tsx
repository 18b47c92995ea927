/** The authenticator app: set it up, keep recovery codes, turn it off. */
import { plural, t } from "@lingui/core/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { api, done, unwrap } from "@/lib/api";
import * as format from "@/lib/format";
import type { Me } from "@/lib/models";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toast";
import { accountQueries, useDevicesChanged } from "./queries";
import { RecoveryCodesDialog } from "./recovery-codes-dialog";
import { Section } from "./section";
import { SetUpAppDialog } from "./set-up-app-dialog";
import { useProof } from "./use-proof";

export function SecondFactor({ me }: { me: Me }) {
  const client = useQueryClient();
  const devicesChanged = useDevicesChanged();
  const { data: factor } = useQuery(accountQueries.secondFactor());
  const [isSettingUp, setSettingUp] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const { askFirst, dialog } = useProof(me);

  const changed = () => {
    void client.invalidateQueries({ queryKey: keys.me });
    void client.invalidateQueries({ queryKey: keys.secondFactor });
    devicesChanged();
  };
  const turnOff = useMutation({
    mutationFn: () => done(api.DELETE("/api/me/totp")),
    onSuccess: () => {
      toast(t`Your password alone signs you in again.`, { tone: "good" });
      changed();
    },
    onError: (error) => askFirst(error, () => turnOff.mutate()),
    meta: { quiet: true },
  });
  const renew = useMutation({
    mutationFn: () => unwrap(api.POST("/api/me/totp/recovery-codes")),
    onSuccess: (made) => {
      setCodes(made.codes);
      changed();
    },
    onError: (error) => askFirst(error, () => renew.mutate()),
    meta: { quiet: true },
  });

  return (
    <Section
      title={t`Two-step sign-in`}
      intro={t`With an authenticator app, nobody gets in with your password alone.`}
    >
      {factor?.since ? (
        <>
          <p className="flex items-start gap-2.5 text-sm">
            <ShieldCheck aria-hidden className="size-5 shrink-0 text-link" />
            <span>
              {t`On since ${{ date: format.date(factor.since) }}.`} {left(factor.recovery_codes_left)}
            </span>
          </p>
          <div className="flex flex-wrap gap-2.5">
            <Button onPress={() => renew.mutate()} isPending={renew.isPending}>
              {t`New recovery codes`}
            </Button>
            <Button look="quiet" onPress={() => turnOff.mutate()} isPending={turnOff.isPending}>
              {t`Turn off`}
            </Button>
          </div>
        </>
      ) : (
        <Button className="self-start" isDisabled={!factor} onPress={() => setSettingUp(true)}>
          {t`Set up an authenticator app`}
        </Button>
      )}
      {isSettingUp && (
        <SetUpAppDialog
          me={me}
          onClose={() => setSettingUp(false)}
          onDone={(made) => {
            setSettingUp(false);
            setCodes(made);
            changed();
          }}
        />
      )}
      {codes && <RecoveryCodesDialog codes={codes} onClose={() => setCodes(null)} />}
      {dialog}
    </Section>
  );
}

function left(count: number): string {
  if (count === 0) return t`You have no recovery code left: make new ones.`;
  return plural(count, { one: "# recovery code is left.", other: "# recovery codes are left." });
}
