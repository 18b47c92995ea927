/** What was deleted for good, as far as that may still be told. */
import { t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ChevronDown, ShieldCheck } from "lucide-react";
import { useState } from "react";
import * as format from "@/lib/format";
import type { Receipt } from "@/lib/models";
import { Button } from "@/ui/button";
import { libraryQueries } from "./queries";

export function Receipts() {
  const [isOpen, setOpen] = useState(false);
  const query = useInfiniteQuery({ ...libraryQueries.receipts(), enabled: isOpen });
  const receipts = query.data?.pages.flatMap((page) => page.items);
  return (
    <details
      className="group mt-8 rounded-3xl border border-line bg-surface shadow-card"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="flex cursor-pointer list-none items-center gap-2 rounded-3xl p-4 font-semibold">
        <ChevronDown
          aria-hidden
          className="size-5 shrink-0 text-muted transition-transform group-open:rotate-180"
        />
        {t`Deleted for good in the last 30 days`}
      </summary>
      <div className="flex flex-col gap-3 px-4 pb-4">
        <p className="text-muted text-sm">
          {t`A receipt says when all copies of a video were removed. What it was called and showed is gone too.`}
        </p>
        {receipts?.length === 0 && <p className="text-sm">{t`Nothing was deleted for good.`}</p>}
        <ul className="flex flex-col divide-y divide-line">
          {receipts?.map((receipt) => (
            <Line key={receipt.id} receipt={receipt} />
          ))}
        </ul>
        {query.hasNextPage && (
          <Button
            size="small"
            className="self-center"
            isPending={query.isFetchingNextPage}
            onPress={() => void query.fetchNextPage()}
          >
            {t`Show more`}
          </Button>
        )}
      </div>
    </details>
  );
}

function Line({ receipt: { video_id, removed_at, added_at, bytes } }: { receipt: Receipt }) {
  return (
    <li className="flex items-start gap-3 py-3 text-sm">
      <ShieldCheck aria-hidden className="mt-0.5 size-5 shrink-0 text-good" />
      <div className="min-w-0">
        <p className="font-semibold">
          <time
            dateTime={removed_at}
          >{t`All copies removed on ${{ moment: format.dateAndTime(removed_at) }}`}</time>
        </p>
        <p className="text-muted">
          {format.bytes(bytes)} · {t`uploaded on ${{ date: format.date(added_at) }}`}
        </p>
        <p dir="ltr" className="break-all text-muted text-xs rtl:text-end">
          {video_id}
        </p>
      </div>
    </li>
  );
}
