/** How full the drive is, in plain words, of what, and what frees most. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import * as format from "@/lib/format";
import type { Usage } from "@/lib/models";
import { ButtonLink } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { libraryQueries } from "./queries";

export function StorageMeter() {
  const { data: usage } = useQuery(libraryQueries.usage());
  const [isOpen, setOpen] = useState(false);
  const share = usage ? Math.min(100, (usage.used_bytes / Math.max(1, usage.quota_bytes)) * 100) : 0;
  return (
    <>
      <AriaButton
        isDisabled={!usage}
        onPress={() => setOpen(true)}
        className="flex w-full max-w-64 cursor-pointer flex-col gap-1.5 rounded-lg px-1.5 py-1 text-start hover:bg-sunken"
      >
        <span className="flex w-full justify-between gap-4 text-muted text-xs tabular-nums">
          {usage ? (
            <>
              <span>
                <Trans>
                  <span className="sr-only">Storage: </span>
                  {format.bytes(usage.used_bytes)} of {format.bytes(usage.quota_bytes)}
                </Trans>
              </span>
              {usage.trash_bytes > 0 && <span>{t`${format.bytes(usage.trash_bytes)} in trash`}</span>}
            </>
          ) : (
            <span className="skeleton h-4 w-28">
              <span className="sr-only">{t`Storage`}</span>
            </span>
          )}
        </span>
        <span aria-hidden className="block h-1.5 w-full overflow-hidden rounded-full bg-ink/12">
          <span
            className={`block h-full rounded-full ${share > 90 ? "bg-bad" : "bg-link"}`}
            style={{ width: `${share}%` }}
          />
        </span>
      </AriaButton>
      {usage && isOpen && <StorageDialog usage={usage} onClose={() => setOpen(false)} />}
    </>
  );
}

function StorageDialog({ usage, onClose }: { usage: Usage; onClose: () => void }) {
  const frees = [
    ...(usage.trash_bytes > 0
      ? [{ id: "trash", what: t`Deleting what is in the trash`, bytes: usage.trash_bytes }]
      : []),
    ...usage.largest.map(({ id, title, bytes }) => ({ id, what: t`“${title}”`, bytes })),
  ].sort((a, b) => b.bytes - a.bytes);
  return (
    <Dialog title={t`Storage`} isOpen onClose={onClose}>
      <dl className="grid grid-cols-[1fr_auto] gap-y-1.5 text-sm tabular-nums">
        <Part name={t`Originals, as you uploaded them`} bytes={usage.originals_bytes} />
        <Part name={t`Renditions, made for watching`} bytes={usage.renditions_bytes} />
        <Part name={t`Together`} bytes={usage.used_bytes} strong />
        <Part name={t`Of these in the trash`} bytes={usage.trash_bytes} />
        <Part name={t`Free`} bytes={Math.max(0, usage.quota_bytes - usage.used_bytes)} />
      </dl>
      {frees.length > 0 && (
        <section className="flex flex-col gap-2">
          <h3 className="font-semibold">{t`What frees most`}</h3>
          <ol className="flex flex-col gap-1.5 text-sm">
            {frees.map(({ id, what, bytes }) => (
              <li key={id} className="flex items-baseline justify-between gap-4">
                <span dir="auto" className="line-clamp-2 min-w-0 break-words">
                  {what}
                </span>
                <span className="shrink-0 text-muted tabular-nums">{format.bytes(bytes)}</span>
              </li>
            ))}
          </ol>
          <div className="flex flex-wrap justify-end gap-2 pt-2">
            <ButtonLink to="/workspace?sort=-size&look=table" onClick={onClose} size="small">
              {t`Show the largest first`}
            </ButtonLink>
            {usage.trash_bytes > 0 && (
              <ButtonLink to="/trash" onClick={onClose} size="small" look="primary">
                {t`Open the trash`}
              </ButtonLink>
            )}
          </div>
        </section>
      )}
    </Dialog>
  );
}

function Part({ name, bytes, strong = false }: { name: string; bytes: number; strong?: boolean }) {
  const look = strong ? "border-line border-t pt-1.5 font-semibold" : "";
  return (
    <>
      <dt className={`${look} ${strong ? "" : "text-muted"}`}>{name}</dt>
      <dd className={`${look} text-end`}>{format.bytes(bytes)}</dd>
    </>
  );
}
