/** How far one upload is, in a line, a bar and a few buttons. */
import { t } from "@lingui/core/macro";
import { Check, CopyPlus, FileVideo, Pause, Play, RotateCcw, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import * as format from "@/lib/format";
import type { Upload, Video } from "@/lib/models";
import { isMoving, WrongFileError } from "@/lib/upload/engine";
import type { UploadProgress } from "@/lib/upload/types";
import { Button } from "@/ui/button";
import { Progress } from "@/ui/progress";
import { useSentElsewhere } from "./elsewhere";
import { pickFiles, reopen } from "./pick-files";
import {
  useArrived,
  useCancelUpload,
  useFinishUpload,
  useRemembered,
  useUnfinished,
  useUploadList,
  useUploads,
} from "./uploads";
import { WatchLocal } from "./watch-local";

export function percentOf({ sent, size }: Pick<UploadProgress, "sent" | "size">): number {
  return size === 0 ? 0 : Math.min(100, Math.floor((sent / size) * 100));
}

export function statusLine(upload: UploadProgress): string {
  switch (upload.phase) {
    case "queued":
      return t`Waiting for its turn…`;
    case "preparing":
      return t`Preparing…`;
    case "paused":
      return t`Paused at ${percentOf(upload)} %`;
    case "offline":
      return t`You are offline. It goes on by itself.`;
    case "finishing":
      return t`All of it has arrived. Finishing…`;
    case "done":
      return t`Uploaded`;
    case "cancelled":
      return t`Cancelled`;
    case "duplicate":
    case "failed":
      return upload.error ?? t`The upload failed.`;
    case "uploading": {
      const speed = upload.bytesPerSecond ? ` · ${t`${format.bytes(upload.bytesPerSecond)}/s`}` : "";
      const left = upload.secondsLeft === null ? "" : ` · ${format.timeLeft(upload.secondsLeft)}`;
      return `${t`${percentOf(upload)} %`}${speed}${left}`;
    }
  }
}

/** In the drive, below a video that is not here yet: it is on its way, or it waits to be continued. */
export function UploadStatus({ video }: { video: Video }) {
  const running = useRunning(video.id);
  const unfinished = useUnfinished().find((upload) => upload.video_id === video.id);
  const elsewhere = useSentElsewhere(video.id);
  if (running) return <RunningUpload upload={running} more={<WatchLocal videoId={video.id} />} />;
  if (elsewhere !== null) return <UploadElsewhere video={video} sent={elsewhere} />;
  if (unfinished) return <UnfinishedUpload upload={unfinished} />;
  return <p className="text-muted text-sm">{t`Uploading…`}</p>;
}

/** The same in a word: nothing while nobody says how far it is. */
export function UploadPercent({ video }: { video: Video }) {
  const running = useRunning(video.id);
  const elsewhere = useSentElsewhere(video.id);
  const sent = running?.sent ?? elsewhere;
  return sent === null ? null : ` ${t`${percentOf({ sent, size: video.size_bytes })} %`}`;
}

function useRunning(videoId: string): UploadProgress | undefined {
  return useUploadList().find((upload) => upload.videoId === videoId && upload.phase !== "cancelled");
}

function UploadElsewhere({ video, sent }: { video: Video; sent: number }) {
  const cancel = useCancelUpload();
  const percent = percentOf({ sent, size: video.size_bytes });
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1.5">
        <p className="min-w-0 text-muted text-sm tabular-nums">{t`Another device is sending this: ${percent} %`}</p>
        <Button
          size="small"
          look="quiet"
          icon={X}
          aria-label={t`Cancel the upload of ${video.file_name}`}
          onPress={() => void cancel(video.id)}
        >
          {t`Cancel`}
        </Button>
      </div>
      <Progress label={t`Uploading ${video.file_name}`} value={percent} />
    </div>
  );
}

export function RunningUpload({ upload, more }: { upload: UploadProgress; more?: ReactNode }) {
  const engine = useUploads();
  const cancel = useCancelUpload();
  const failed = upload.phase === "failed";
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1.5">
        <p className={`min-w-0 text-sm tabular-nums ${failed ? "font-medium text-warn" : "text-muted"}`}>
          {statusLine(upload)}
        </p>
        <div className="flex gap-1.5">
          {more}
          {isMoving(upload.phase) && upload.phase !== "finishing" && (
            <Button
              size="small"
              icon={Pause}
              aria-label={t`Pause the upload of ${upload.fileName}`}
              onPress={() => engine.pause(upload.key)}
            >
              {t`Pause`}
            </Button>
          )}
          {upload.phase === "paused" && (
            <Button
              size="small"
              look="primary"
              icon={Play}
              aria-label={t`Continue the upload of ${upload.fileName}`}
              onPress={() => engine.continue(upload.key)}
            >
              {t`Continue`}
            </Button>
          )}
          {upload.phase === "duplicate" && (
            <Button
              size="small"
              icon={CopyPlus}
              aria-label={t`Upload again: ${upload.fileName}`}
              onPress={() => engine.sendAgain(upload.key)}
            >
              {t`Upload again`}
            </Button>
          )}
          {failed && (
            <Button size="small" icon={RotateCcw} onPress={() => engine.retry(upload.key)}>
              {t`Try again`}
            </Button>
          )}
          {upload.phase !== "done" && (
            <Button
              size="small"
              look="quiet"
              icon={X}
              aria-label={
                upload.phase === "duplicate"
                  ? t`Skip ${upload.fileName}`
                  : t`Cancel the upload of ${upload.fileName}`
              }
              onPress={() => void cancel(upload.videoId, upload.key)}
            >
              {upload.phase === "duplicate" ? t`Skip` : t`Cancel`}
            </Button>
          )}
        </div>
      </div>
      {upload.phase !== "duplicate" && (
        <Progress label={t`Uploading ${upload.fileName}`} value={percentOf(upload)} />
      )}
    </div>
  );
}

/** One click where the browser kept the file, else "choose the same file": also on another device. */
export function UnfinishedUpload({ upload }: { upload: Upload }) {
  const engine = useUploads();
  const cancel = useCancelUpload();
  const finish = useFinishUpload();
  const arrived = useArrived(upload.video_id);
  const remembered = useRemembered(upload.video_id);
  const [problem, setProblem] = useState<string | null>(null);
  const whole = arrived?.bytes === upload.size_bytes;
  const elsewhere = !whole && !remembered && arrived?.goesOn;

  async function resume() {
    setProblem(null);
    const handle = remembered?.handle ?? null;
    const reopened = handle && (await reopen(handle));
    const [picked] = reopened ? [{ file: reopened, handle }] : await pickFiles(false);
    if (!picked) return;
    try {
      await engine.resume(upload, picked.file, picked.handle);
    } catch (error) {
      if (!(error instanceof WrongFileError)) throw error;
      setProblem(error.message);
    }
  }

  function whatNow(): string {
    if (whole) return t`It is finished by itself within the hour, or now.`;
    const until = format.date(upload.expires_at);
    if (remembered?.handle) return t`What has arrived is kept until ${until}.`;
    return elsewhere
      ? t`Choose the same file to continue it here: what has arrived is kept until ${until}.`
      : t`Choose the same file again: what has arrived is kept until ${until}.`;
  }

  return (
    <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-2 rounded-2xl bg-brand-soft px-4 py-3">
      <div className="min-w-0 text-sm">
        <p className="font-semibold">
          {whole
            ? t`All of it has arrived.`
            : elsewhere
              ? t`Another device is sending this.`
              : t`This upload was interrupted.`}
          {!whole && arrived && (
            <span className="font-normal tabular-nums">
              {` ${t`${format.bytes(arrived.bytes)} of ${format.bytes(upload.size_bytes)} arrived.`}`}
            </span>
          )}
        </p>
        {problem ? <p role="alert">{problem}</p> : <p>{whatNow()}</p>}
      </div>
      <div className="flex gap-1.5">
        {whole ? (
          <Button
            size="small"
            look="primary"
            icon={Check}
            isPending={finish.isPending}
            onPress={() => finish.mutate(upload.video_id)}
          >
            {t`Finish`}
          </Button>
        ) : (
          <Button size="small" look="primary" icon={FileVideo} onPress={() => void resume()}>
            {t`Continue`}
          </Button>
        )}
        <Button
          size="small"
          look="quiet"
          aria-label={t`Discard the upload of ${upload.file_name}`}
          onPress={() => void cancel(upload.video_id)}
        >
          {t`Discard`}
        </Button>
      </div>
    </div>
  );
}
