/** What is processed, waits for that, or failed, whoever it belongs to. */
import { t } from "@lingui/core/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Ban, RefreshCw, RotateCcw } from "lucide-react";
import { api, done } from "@/lib/api";
import { failureWords } from "@/lib/failure";
import * as format from "@/lib/format";
import type { Job, JobState } from "@/lib/models";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { ChoiceMenu } from "@/ui/menu";
import { Progress } from "@/ui/progress";
import { known, useFilters } from "./filters";
import { AdminFrame, AdminList } from "./frame";
import { adminQueries, useAct } from "./queries";

function states(): { value: JobState | ""; label: string }[] {
  return [
    { value: "", label: t`Any state` },
    { value: "uploaded", label: t`Waiting` },
    { value: "processing", label: t`Processing` },
    { value: "failed", label: t`Failed` },
  ];
}

function path({ video_id }: Job) {
  return { params: { path: { video_id } } };
}

export function JobsPage() {
  const { params, change } = useFilters();
  const state = known<JobState>(params.get("state"), states());
  const jobs = useInfiniteQuery(adminQueries.jobs(state));
  const retry = useAct(
    (job: Job) => done(api.POST("/api/admin/jobs/{video_id}/retry", path(job))),
    () => t`It is tried again.`,
  );
  const cancel = useAct(
    (job: Job) => done(api.POST("/api/admin/jobs/{video_id}/cancel", path(job))),
    () => t`It is stopped. Its owner can try again.`,
  );
  return (
    <AdminFrame title={t`Processing`}>
      <div className="mb-4 flex flex-wrap gap-2">
        <ChoiceMenu
          label={t`State`}
          choices={states()}
          value={state ?? ""}
          onChange={(value) => change("state", value)}
        />
        <Button icon={RefreshCw} onPress={() => void jobs.refetch()} isPending={jobs.isRefetching}>
          {t`Look again`}
        </Button>
      </div>
      <AdminList
        label={t`What is processed`}
        query={jobs}
        keyOf={({ video_id }) => video_id}
        empty={t`Nothing is processed, waits or failed`}
      >
        {(job) => (
          <div className="grid gap-x-4 gap-y-2 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center">
            <div className="flex min-w-0 flex-col gap-1">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <StateBadge state={job.state} />
                <span dir="auto" className="min-w-0 break-words font-semibold">
                  {job.owner.display_name}
                </span>
                <bdi className="truncate text-muted">{job.owner.email}</bdi>
              </p>
              {job.failure && <p className="break-words">{failureWords(job.failure).message}</p>}
              {job.state === "processing" && (
                <div className="max-w-72">
                  <Progress label={t`Processing`} value={job.progress} />
                </div>
              )}
              <p className="flex flex-wrap gap-x-2 text-muted">
                <span>{t`Since ${{ moment: format.dateAndTime(job.since) }}`}</span>
                <span aria-hidden>·</span>
                <span>{format.bytes(job.size_bytes)}</span>
                <span aria-hidden>·</span>
                <span>{t`Attempt ${{ number: format.number(job.attempt) }}`}</span>
              </p>
              <p className="break-all text-muted text-xs">
                <code>{job.video_id}</code>
              </p>
            </div>
            <div className="flex">
              {job.state === "failed" ? (
                <Button size="small" icon={RotateCcw} onPress={() => retry.mutate(job)}>
                  {t`Try again`}
                </Button>
              ) : (
                <Button size="small" icon={Ban} onPress={() => cancel.mutate(job)}>
                  {t`Stop`}
                </Button>
              )}
            </div>
          </div>
        )}
      </AdminList>
    </AdminFrame>
  );
}

function StateBadge({ state }: { state: JobState }) {
  if (state === "failed") return <Badge tone="warn">{t`Failed`}</Badge>;
  if (state === "processing") return <Badge tone="brand">{t`Processing`}</Badge>;
  return <Badge>{t`Waiting`}</Badge>;
}
