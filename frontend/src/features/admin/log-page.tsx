/** The audit log: what happened to accounts, their links and videos, and who did it. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import * as format from "@/lib/format";
import type { AuditAction, AuditEntry, Person } from "@/lib/models";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";
import { ChoiceMenu } from "@/ui/menu";
import { actionWords, detailWords } from "./audit-words";
import { known, useFilters } from "./filters";
import { AdminFrame, AdminList } from "./frame";
import { adminQueries } from "./queries";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ID = /^[\da-f-]{36}$/;

function actions(): { value: AuditAction | ""; label: string }[] {
  const named = Object.entries(actionWords()).map(([value, label]) => ({
    value: value as AuditAction,
    label,
  }));
  return [{ value: "", label: t`Everything` }, ...named];
}

export function LogPage() {
  const { params, change } = useFilters();
  const matching = (name: string, pattern: RegExp) => {
    const text = params.get(name) ?? "";
    return pattern.test(text) ? text : null;
  };
  const action = known<AuditAction>(params.get("action"), actions());
  const [userId, from, to] = [matching("user", ID), matching("from", DAY), matching("to", DAY)];
  const log = useInfiniteQuery(adminQueries.log({ action, userId, from, to }));
  return (
    <AdminFrame title={t`Log`}>
      <search className="mb-4 flex flex-wrap items-end gap-x-3 gap-y-2">
        <TextField label={t`From`} type="date" value={from ?? ""} onChange={(day) => change("from", day)} />
        <TextField label={t`Until`} type="date" value={to ?? ""} onChange={(day) => change("to", day)} />
        <ChoiceMenu
          label={t`What happened`}
          choices={actions()}
          value={action ?? ""}
          onChange={(value) => change("action", value)}
        />
        {userId && (
          <Button icon={X} onPress={() => change("user", null)}>
            {t`Of one person: show everybody`}
          </Button>
        )}
      </search>
      <AdminList label={t`Log`} query={log} keyOf={({ id }) => id} empty={t`Nothing like that happened`}>
        {(entry) => <Entry entry={entry} onPerson={(id) => change("user", id)} />}
      </AdminList>
    </AdminFrame>
  );
}

function Entry({ entry, onPerson }: { entry: AuditEntry; onPerson: (id: string) => void }) {
  const details = detailWords(entry.details);
  const { user, actor } = entry;
  return (
    <div className="grid gap-x-4 gap-y-0.5 sm:grid-cols-[13rem_minmax(0,1fr)]">
      <p className="text-muted tabular-nums">{format.dateAndTime(entry.at)}</p>
      <div className="flex min-w-0 flex-col gap-0.5">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-semibold">{actionWords()[entry.action] ?? entry.action}</span>
          {user && <Name person={user} onPress={onPerson} />}
          {details && <bdi className="break-all text-muted">{details}</bdi>}
        </p>
        <p className="flex flex-wrap gap-x-2 text-muted text-xs">
          {actor && actor.id !== user?.id && (
            <span>
              <Trans>
                by <bdi>{nameOf(actor)}</bdi>
              </Trans>
            </span>
          )}
          {entry.network && <bdi>{entry.network}</bdi>}
          {entry.user_agent && <bdi className="break-words">{entry.user_agent}</bdi>}
        </p>
      </div>
    </div>
  );
}

function Name({ person, onPress }: { person: Person; onPress: (id: string) => void }) {
  return (
    <Button look="quiet" size="small" className="h-auto! px-0! text-link!" onPress={() => onPress(person.id)}>
      <bdi>{nameOf(person)}</bdi>
    </Button>
  );
}

function nameOf({ display_name, email, id }: Person): string {
  return display_name ?? email ?? t`an account that is gone (${{ id: id.slice(0, 8) }})`;
}
