/** Dead letters: messages of the drive to itself that nobody could handle. */
import { plural, t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { api, unwrap } from "@/lib/api";
import * as format from "@/lib/format";
import type { DeadLetters, LetterQueue } from "@/lib/models";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Unreadable } from "@/ui/unreadable";
import { AdminFrame, ListSkeleton, Row } from "./frame";
import { adminQueries, useAct } from "./queries";

/** Of a queue: whose it is, and what it means that something is in it. */
function meaning(queue: LetterQueue): { name: string; means: string } {
  switch (queue) {
    case "uploads":
      return { name: t`Uploads`, means: t`An uploaded video was not given to processing.` };
    case "executions":
      return {
        name: t`Runs that broke off`,
        means: t`A video still counts as processing though its run broke off.`,
      };
    case "watchdog":
      return { name: t`Jobs of the sweep`, means: t`Deleting, starting or tidying up failed at every try.` };
    case "daily":
      return { name: t`Daily sweep`, means: t`The daily look over the whole drive failed.` };
    case "updates":
      return { name: t`Live updates`, means: t`Open pages were not told of a change.` };
  }
}

export function LettersPage() {
  const letters = useQuery(adminQueries.deadLetters());
  const redrive = useAct(
    (queue: LetterQueue) =>
      unwrap(api.POST("/api/admin/dead-letters/{queue}/redrive", { params: { path: { queue } } })),
    ({ handled }) => plural(handled, { one: "# letter is handled.", other: "# letters are handled." }),
  );
  return (
    <AdminFrame title={t`Dead letters`}>
      <p className="mb-4 max-w-3xl text-muted text-sm">
        {t`Messages that failed at every try wait here for two weeks. Mend the cause first, then have them handled again: nothing is done twice.`}
      </p>
      {letters.isPending && <ListSkeleton label={t`Dead letters`} />}
      {letters.isError && !letters.data && (
        <Unreadable
          title={t`This can't be shown right now`}
          error={letters.error}
          onRetry={() => void letters.refetch()}
        />
      )}
      {letters.data && (
        <ul aria-label={t`Dead letters`} className="flex flex-col gap-2.5">
          {letters.data.map((found) => (
            <Row key={found.queue}>
              <Queue
                found={found}
                onRedrive={() => redrive.mutate(found.queue)}
                isRedriving={redrive.isPending && redrive.variables === found.queue}
              />
            </Row>
          ))}
        </ul>
      )}
    </AdminFrame>
  );
}

function Queue({
  found: { queue, count, letters },
  onRedrive,
  isRedriving,
}: {
  found: DeadLetters;
  onRedrive: () => void;
  isRedriving: boolean;
}) {
  const { name, means } = meaning(queue);
  return (
    <div className="flex flex-col gap-2.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 grow basis-60">
          <h2 className="flex flex-wrap items-center gap-2 font-semibold">
            {name}
            {count > 0 ? (
              <Badge tone="warn">{plural(count, { one: "# letter", other: "# letters" })}</Badge>
            ) : (
              <Badge tone="good">{t`Empty`}</Badge>
            )}
          </h2>
          <p className="text-muted">{means}</p>
        </div>
        {count > 0 && (
          <Button
            size="small"
            icon={RotateCcw}
            aria-label={t`Handle again: ${name}`}
            onPress={onRedrive}
            isPending={isRedriving}
          >
            {t`Handle again`}
          </Button>
        )}
      </div>
      {letters.length > 0 && (
        <ul className="flex flex-col divide-y divide-line border-line border-t">
          {letters.map(({ id, sent_at, reason, video_id, understood }) => (
            <li key={id} className="flex flex-col gap-0.5 pt-2 pb-1.5">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <span className="text-muted">{format.dateAndTime(sent_at)}</span>
                {!understood && <Badge>{t`Nobody understands this one`}</Badge>}
              </p>
              {video_id && (
                <p className="break-all text-xs">
                  <code>{video_id}</code>
                </p>
              )}
              {reason && (
                <p dir="auto" className="break-words text-muted text-xs">
                  {reason}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
