/** The browsers that are signed in, and signing them out. */
import { t } from "@lingui/core/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Laptop, LogOut, Smartphone } from "lucide-react";
import { api, done } from "@/lib/api";
import * as format from "@/lib/format";
import type { Device } from "@/lib/models";
import { Button, IconButton } from "@/ui/button";
import { toast } from "@/ui/toast";
import { accountQueries, useDevicesChanged } from "./queries";
import { Section } from "./section";
import { useSignOut } from "./use-sign-out";

const PHONES = ["iPhone", "iPad", "Android"];

export function Devices({ onSignOut }: { onSignOut: () => void }) {
  const devicesChanged = useDevicesChanged();
  const { data: devices } = useQuery(accountQueries.devices());
  const end = useMutation({
    mutationFn: (device: Device) =>
      done(api.DELETE("/api/me/sessions/{session_id}", { params: { path: { session_id: device.id } } })),
    onSuccess: (_done, device) => toast(t`${{ device: nameOf(device) }} is signed out.`, { tone: "good" }),
    onSettled: devicesChanged,
  });
  const endOthers = useMutation({
    mutationFn: () => done(api.DELETE("/api/me/sessions")),
    onSuccess: () => toast(t`All other devices are signed out.`, { tone: "good" }),
    onSettled: devicesChanged,
  });
  const endAll = useSignOut("/api/auth/sign-out-everywhere", onSignOut);
  const others = devices?.filter(({ current }) => !current) ?? [];
  return (
    <Section
      title={t`Devices`}
      intro={t`Where you are signed in. What you don't know, sign out, and change your password.`}
    >
      <ul className="flex flex-col divide-y divide-line">
        {devices?.map((device) => {
          const Icon = PHONES.includes(device.system ?? "") ? Smartphone : Laptop;
          return (
            <li key={device.id} className="flex items-center gap-3.5 py-3">
              <Icon aria-hidden className="size-5 shrink-0 text-muted" />
              <div className="min-w-0 grow text-sm">
                <p dir="auto" className="font-semibold">
                  {nameOf(device)}
                </p>
                <p className="text-muted">
                  {device.current ? t`This device` : t`Seen ${{ ago: format.timeAgo(device.last_seen_at) }}`}
                  {device.network && <bdi> · {device.network}</bdi>}
                </p>
              </div>
              {!device.current && (
                <IconButton
                  icon={LogOut}
                  label={t`Sign out ${{ device: nameOf(device) }}`}
                  onPress={() => end.mutate(device)}
                />
              )}
            </li>
          );
        })}
      </ul>
      <div className="flex flex-wrap gap-2.5">
        {others.length > 0 && (
          <Button onPress={() => endOthers.mutate()} isPending={endOthers.isPending}>
            {t`Sign out all others`}
          </Button>
        )}
        <Button look="quiet" onPress={() => endAll.mutate()} isPending={endAll.isPending}>
          {t`Sign out everywhere`}
        </Button>
      </div>
    </Section>
  );
}

function nameOf({ browser, system }: Device): string {
  if (browser && system) return t`${browser} on ${system}`;
  return browser ?? system ?? t`Unknown device`;
}
