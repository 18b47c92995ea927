/** What everybody stores and has processed, and about what that costs. */
import { plural, t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import * as format from "@/lib/format";
import type { Used } from "@/lib/models";
import { AdminFrame, AdminList } from "./frame";
import { adminQueries } from "./queries";

export function UsagePage() {
  const usage = useInfiniteQuery(adminQueries.usage());
  const drive = usage.data?.pages[0];
  return (
    <AdminFrame title={t`Usage and costs`}>
      <dl className="mb-3 grid grid-cols-2 gap-2.5 lg:grid-cols-4">
        <Figure name={t`People`}>{drive && format.number(drive.people)}</Figure>
        <Figure name={t`Stored`}>{drive && format.bytes(storedOf(drive.together))}</Figure>
        <Figure name={t`Storage, a month`}>{drive && format.usd(drive.together.storage_usd)}</Figure>
        <Figure name={t`Processing, last day`}>{drive && format.usd(drive.together.processing_usd)}</Figure>
      </dl>
      {drive && (
        <p className="mb-6 max-w-3xl text-muted text-sm">
          {t`Estimated in US dollars: ${{ gigabyte: format.usd(drive.usd_per_gb_month) }} for a gigabyte and month, as if no original was archived yet, and ${{ hour: format.usd(drive.usd_per_processed_hour) }} for an hour of full HD, 60 frames a second, processed. What AWS gives for free is not taken off; watching, and what the drive costs while nobody uses it, come on top.`}
        </p>
      )}
      <AdminList
        label={t`What everybody uses`}
        query={usage}
        keyOf={({ person }) => person.id}
        empty={t`Nobody is here yet`}
      >
        {({ person, quota_bytes, used }) => (
          <div className="grid gap-x-4 gap-y-1.5 sm:grid-cols-[minmax(0,1fr)_13rem_16rem] sm:items-center">
            <div className="min-w-0">
              <p dir="auto" className="truncate font-semibold">
                {person.display_name}
              </p>
              <p dir="auto" className="truncate text-muted">
                {person.email}
              </p>
            </div>
            <p className="text-muted tabular-nums">
              {plural(used.videos, { one: "# video", other: "# videos" })} ·{" "}
              {t`${{ used: format.bytes(storedOf(used)) }} of ${{ quota: format.bytes(quota_bytes) }}`}
            </p>
            <p className="text-muted tabular-nums">
              {t`${{ storage: format.usd(used.storage_usd) }} a month, ${{ processing: format.usd(used.processing_usd) }} in the last day`}
            </p>
          </div>
        )}
      </AdminList>
    </AdminFrame>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-0.5 rounded-2xl border border-line bg-surface px-4 py-3 shadow-card">
      <dt className="text-muted text-sm">{name}</dt>
      <dd className="font-bold text-xl tabular-nums">
        {children ?? <span aria-hidden="true" className="skeleton my-1 block h-5 w-20" />}
      </dd>
    </div>
  );
}

function storedOf({ originals_bytes, renditions_bytes }: Used): number {
  return originals_bytes + renditions_bytes;
}
