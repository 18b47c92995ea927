/** One share link, as its owner sees it. */
import { plural, t } from "@lingui/core/macro";
import { Ban, Download, KeyRound, Pencil } from "lucide-react";
import * as format from "@/lib/format";
import type { ShareLink } from "@/lib/models";
import { Badge } from "@/ui/badge";
import { IconButton } from "@/ui/button";

interface Props {
  link: ShareLink;
  onChange: () => void;
  onRevoke: () => void;
}

export function LinkItem({ link, onChange, onRevoke }: Props) {
  const over = overBecause(link);
  return (
    <li className="flex items-start gap-2 py-3">
      <div className="flex min-w-0 grow flex-col gap-1 text-sm">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span dir="auto" className="min-w-0 break-words font-semibold">
            {link.name}
          </span>
          {over && <Badge tone="warn">{over}</Badge>}
          {link.has_passcode && <Badge icon={KeyRound}>{t`Passcode`}</Badge>}
          {link.may_download && <Badge icon={Download}>{t`Download`}</Badge>}
        </p>
        <p className="flex flex-wrap gap-x-2 text-muted">
          <span>{endOf(link)}</span>
          <span aria-hidden>·</span>
          <span>{viewsOf(link)}</span>
          {link.last_opened_at && (
            <>
              <span aria-hidden>·</span>
              <span>{t`last opened ${{ ago: format.timeAgo(link.last_opened_at) }}`}</span>
            </>
          )}
        </p>
      </div>
      {!link.revoked_at && (
        <div className="flex">
          <IconButton
            icon={Pencil}
            label={t`Change ${{ name: link.name }}`}
            size="small"
            onPress={onChange}
          />
          <IconButton icon={Ban} label={t`Revoke ${{ name: link.name }}`} size="small" onPress={onRevoke} />
        </div>
      )}
    </li>
  );
}

function overBecause({ revoked_at, expires_at, views, max_views }: ShareLink): string | null {
  if (revoked_at) return t`Revoked`;
  if (Date.parse(expires_at) <= Date.now()) return t`Ended`;
  if (max_views !== null && views >= max_views) return t`All views used`;
  return null;
}

function endOf({ revoked_at, expires_at }: ShareLink): string {
  if (revoked_at) return t`Revoked on ${{ day: format.date(revoked_at) }}`;
  const day = format.date(expires_at);
  return Date.parse(expires_at) <= Date.now() ? t`Ended on ${day}` : t`Ends on ${day}`;
}

function viewsOf({ views, max_views }: ShareLink): string {
  if (max_views === null) return plural(views, { one: "# view", other: "# views" });
  return t`${{ count: format.number(views) }} of ${{ limit: format.number(max_views) }} views`;
}
