/** How full the drive is, in plain words. */
import { useQuery } from "@tanstack/react-query";
import { Meter } from "react-aria-components/Meter";
import * as format from "@/lib/format";
import { libraryQueries } from "./queries";

export function StorageMeter() {
  const { data: usage } = useQuery(libraryQueries.usage());
  const share = usage ? Math.min(100, (usage.used_bytes / Math.max(1, usage.quota_bytes)) * 100) : 0;
  return (
    <Meter aria-label="Storage" value={share} className="flex w-full max-w-64 flex-col gap-1.5">
      <p className="flex justify-between gap-4 text-muted text-xs tabular-nums">
        {usage ? (
          <>
            <span>
              {format.bytes(usage.used_bytes)} of {format.bytes(usage.quota_bytes)}
            </span>
            {usage.trash_bytes > 0 && <span>{format.bytes(usage.trash_bytes)} in trash</span>}
          </>
        ) : (
          <span className="skeleton h-4 w-28" />
        )}
      </p>
      <span className="block h-1.5 overflow-hidden rounded-full bg-ink/12">
        <span
          className={`block h-full rounded-full ${share > 90 ? "bg-bad" : "bg-link"}`}
          style={{ width: `${share}%` }}
        />
      </span>
    </Meter>
  );
}
