/** The people of the drive: who they are, what they may, and what can be done for or against them. */
import { t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import {
  EllipsisVertical,
  HardDrive,
  ScrollText,
  ShieldCheck,
  ShieldUser,
  Trash2,
  Undo2,
  UserCheck,
  UserX,
} from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, unwrap } from "@/lib/api";
import * as format from "@/lib/format";
import type { Account, AccountChange, AccountSort } from "@/lib/models";
import { Badge } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { ChoiceMenu, Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { Search } from "@/ui/search";
import { known, useFilters } from "./filters";
import { AdminFrame, AdminList } from "./frame";
import { adminQueries, useAct } from "./queries";
import { QuotaDialog } from "./quota-dialog";

function sorts(): { value: AccountSort; label: string }[] {
  return [
    { value: "name", label: t`Name A to Z` },
    { value: "-name", label: t`Name Z to A` },
    { value: "email", label: t`By e-mail address` },
    { value: "-used", label: t`Most storage first` },
    { value: "-seen", label: t`Last seen first` },
    { value: "seen", label: t`Longest away first` },
    { value: "-created", label: t`Newest first` },
    { value: "created", label: t`Oldest first` },
  ];
}

interface Doubt {
  account: Account;
  about: "disable" | "second factor" | "delete";
}

export function PeoplePage() {
  const { params, change } = useFilters();
  const q = (params.get("q") ?? "").trim().slice(0, 100);
  const sort = known(params.get("sort"), sorts()) ?? "name";
  const people = useInfiniteQuery(adminQueries.people(q, sort));
  const [quotaOf, setQuotaOf] = useState<Account | null>(null);
  const [doubt, setDoubt] = useState<Doubt | null>(null);
  const changeAccount = useAct(
    ({ account, body }: { account: Account; body: AccountChange }) =>
      unwrap(api.PATCH("/api/admin/users/{user_id}", { params: { path: { user_id: account.id } }, body })),
    ({ display_name }) => t`The account of ${display_name} is changed.`,
  );
  const resetFactor = useAct(
    ({ id }: Account) =>
      unwrap(api.POST("/api/admin/users/{user_id}/reset-totp", { params: { path: { user_id: id } } })),
    ({ display_name }) => t`${display_name} signs in by the password alone now.`,
  );
  const remove = useAct(
    ({ id }: Account) =>
      unwrap(api.DELETE("/api/admin/users/{user_id}", { params: { path: { user_id: id } } })),
    ({ display_name, delete_at }) =>
      t`The account of ${display_name} is deleted on ${{ day: format.date(delete_at ?? "") }}.`,
  );
  const keep = useAct(
    ({ id }: Account) =>
      unwrap(api.POST("/api/admin/users/{user_id}/keep", { params: { path: { user_id: id } } })),
    ({ display_name }) => t`The account of ${display_name} is kept.`,
  );

  return (
    <AdminFrame title={t`People`}>
      <search className="mb-4 flex flex-wrap items-center gap-2">
        <div className="min-w-64 grow basis-72">
          <Search
            label={t`Search people`}
            placeholder={t`Search names and e-mail addresses`}
            q={q}
            onSearch={(text) => change("q", text)}
          />
        </div>
        <ChoiceMenu
          label={t`Sort by`}
          choices={sorts()}
          value={sort}
          onChange={(value) => change("sort", value === "name" ? null : value)}
        />
      </search>
      <AdminList label={t`People`} query={people} keyOf={({ id }) => id} empty={t`Nobody is called that`}>
        {(account) => (
          <Member
            account={account}
            onChange={(body) => changeAccount.mutate({ account, body })}
            onQuota={() => setQuotaOf(account)}
            onKeep={() => keep.mutate(account)}
            onDoubt={(about) => setDoubt({ account, about })}
          />
        )}
      </AdminList>
      {quotaOf && (
        <QuotaDialog
          account={quotaOf}
          onClose={() => setQuotaOf(null)}
          onSave={(quota_bytes) => changeAccount.mutate({ account: quotaOf, body: { quota_bytes } })}
        />
      )}
      <ConfirmDialog
        title={t`Disable the account of ${{ name: doubt?.account.display_name ?? "" }}?`}
        isOpen={doubt?.about === "disable"}
        onClose={() => setDoubt(null)}
        onConfirm={() => doubt && changeAccount.mutate({ account: doubt.account, body: { disabled: true } })}
        confirm={t`Disable`}
      >
        <p>
          {t`They are signed out everywhere at once, and nobody sees their videos, by links neither, until you enable the account again. Nothing is deleted.`}
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        title={t`Delete the account of ${{ name: doubt?.account.display_name ?? "" }}?`}
        isOpen={doubt?.about === "delete"}
        onClose={() => setDoubt(null)}
        onConfirm={() => doubt && remove.mutate(doubt.account)}
        confirm={t`Delete`}
      >
        <p>
          {t`It is disabled at once, and in seven days deleted for good with all its videos. Until then you can keep it, and enable it again.`}
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        title={t`Turn off two-step sign-in of ${{ name: doubt?.account.display_name ?? "" }}?`}
        isOpen={doubt?.about === "second factor"}
        onClose={() => setDoubt(null)}
        onConfirm={() => doubt && resetFactor.mutate(doubt.account)}
        confirm={t`Turn off`}
      >
        <p>
          {t`Do this only for somebody who has lost their app and their recovery codes, and of whom you are sure: the password alone then signs in. They are signed out everywhere.`}
        </p>
      </ConfirmDialog>
    </AdminFrame>
  );
}

function Member({
  account,
  onChange,
  onQuota,
  onKeep,
  onDoubt,
}: {
  account: Account;
  onChange: (body: AccountChange) => void;
  onQuota: () => void;
  onKeep: () => void;
  onDoubt: (about: Doubt["about"]) => void;
}) {
  const navigate = useNavigate();
  const { display_name: name, role, disabled_at, delete_at, totp_since, used_bytes, quota_bytes } = account;
  const share = Math.min(100, (used_bytes / Math.max(1, quota_bytes)) * 100);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 sm:grid-cols-[minmax(0,1fr)_12rem_9rem_auto]">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span dir="auto" className="min-w-0 break-words font-semibold">
            {name}
          </span>
          {role === "admin" && (
            <Badge tone="brand" icon={ShieldUser}>
              {t`Administrator`}
            </Badge>
          )}
          {totp_since && <Badge icon={ShieldCheck}>{t`Two steps`}</Badge>}
          {disabled_at && <Badge tone="warn">{t`Disabled`}</Badge>}
          {delete_at && <Badge tone="warn">{t`Deleted on ${{ day: format.date(delete_at) }}`}</Badge>}
        </p>
        <p dir="auto" className="truncate text-muted">
          {account.email}
        </p>
      </div>
      <div className="col-start-1 row-start-2 flex max-w-64 flex-col gap-1 text-muted text-xs tabular-nums sm:col-start-auto sm:row-start-auto">
        <span>{t`${{ used: format.bytes(used_bytes) }} of ${{ quota: format.bytes(quota_bytes) }}`}</span>
        <span aria-hidden className="block h-1.5 overflow-hidden rounded-full bg-ink/12">
          <span
            className={`block h-full rounded-full ${share > 90 ? "bg-bad" : "bg-link"}`}
            style={{ width: `${share}%` }}
          />
        </span>
      </div>
      <p className="col-start-1 row-start-3 text-muted text-xs sm:col-start-auto sm:row-start-auto">
        {t`Seen ${{ ago: format.timeAgo(account.last_seen_at) }}`}
      </p>
      <div className="col-start-2 row-start-1 sm:col-start-auto sm:row-start-auto">
        <Menu
          aria-label={t`Actions for ${name}`}
          trigger={<IconButton icon={EllipsisVertical} label={t`Actions for ${name}`} />}
        >
          <MenuItem icon={HardDrive} onAction={onQuota}>
            {t`Storage limit…`}
          </MenuItem>
          <MenuItem
            icon={ShieldUser}
            onAction={() => onChange({ role: role === "admin" ? "member" : "admin" })}
          >
            {role === "admin" ? t`Make a member` : t`Make an administrator`}
          </MenuItem>
          <MenuItem icon={ScrollText} onAction={() => void navigate(`/admin/log?user=${account.id}`)}>
            {t`Show in the log`}
          </MenuItem>
          {totp_since && (
            <MenuItem icon={ShieldCheck} onAction={() => onDoubt("second factor")}>
              {t`Turn off two-step sign-in…`}
            </MenuItem>
          )}
          <MenuSeparator />
          {disabled_at ? (
            <MenuItem icon={UserCheck} onAction={() => onChange({ disabled: false })}>
              {t`Enable`}
            </MenuItem>
          ) : (
            <MenuItem icon={UserX} danger onAction={() => onDoubt("disable")}>
              {t`Disable…`}
            </MenuItem>
          )}
          {delete_at ? (
            <MenuItem icon={Undo2} onAction={onKeep}>
              {t`Keep the account`}
            </MenuItem>
          ) : (
            <MenuItem icon={Trash2} danger onAction={() => onDoubt("delete")}>
              {t`Delete…`}
            </MenuItem>
          )}
        </Menu>
      </div>
    </div>
  );
}
