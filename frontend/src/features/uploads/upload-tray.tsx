/** All uploads of this tab, in a tray that stays while the person looks around. */
import { plural, t } from "@lingui/core/macro";
import { ChevronDown, ChevronUp, CircleCheck, Pause, Play, X } from "lucide-react";
import { useEffect, useState } from "react";
import * as format from "@/lib/format";
import { isMoving, isOver } from "@/lib/upload/engine";
import type { UploadProgress } from "@/lib/upload/types";
import { IconButton } from "@/ui/button";
import { RunningUpload } from "./upload-status";
import { useStayAwake, useUploadList, useUploads } from "./uploads";

const TIDY_MS = 6_000;

export function UploadTray() {
  const engine = useUploads();
  const uploads = useUploadList().filter(({ phase }) => phase !== "cancelled");
  const [open, setOpen] = useState(() => matchMedia("(min-width: 48rem)").matches);
  useStayAwake();

  useTidyUp(uploads);

  const active = uploads.filter(({ phase }) => !isOver(phase));
  const summary = summaryOf(uploads, active);
  return (
    <>
      {/* Stays in the page, so that screen readers hear the changes; percents would only be noise. */}
      <p role="status" className="sr-only">
        {summary}
      </p>
      {uploads.length > 0 && (
        <section
          aria-label={t`Uploads`}
          className="fixed inset-x-3 bottom-[calc(4.25rem+env(safe-area-inset-bottom))] z-30 animate-rise overflow-hidden rounded-2xl border border-line bg-raised shadow-float md:inset-x-auto md:end-6 md:bottom-6 md:w-96"
        >
          <header className="flex items-center gap-1 py-1.5 pe-2 ps-4">
            <h2 className="min-w-0 grow truncate font-semibold text-sm">{summary}</h2>
            {uploads.some(({ phase }) => isMoving(phase)) ? (
              <IconButton
                icon={Pause}
                label={t`Pause all uploads`}
                onPress={() => engine.pauseAll()}
                size="small"
              />
            ) : (
              active.some(({ phase }) => phase === "paused") && (
                <IconButton
                  icon={Play}
                  label={t`Continue all uploads`}
                  onPress={() => engine.continueAll()}
                  size="small"
                />
              )
            )}
            <IconButton
              icon={open ? ChevronDown : ChevronUp}
              label={open ? t`Fold the uploads` : t`Unfold the uploads`}
              aria-expanded={open}
              onPress={() => setOpen(!open)}
              size="small"
            />
            {active.length === 0 && (
              <IconButton
                icon={X}
                label={t`Close the uploads`}
                onPress={() => {
                  for (const { key } of uploads) engine.dismiss(key);
                }}
                size="small"
              />
            )}
          </header>
          {open && (
            <ul className="max-h-[40dvh] divide-y divide-line overflow-y-auto border-line border-t">
              {uploads.map((upload) => (
                <li key={upload.key} className="flex flex-col gap-1 px-4 py-3">
                  <p className="flex items-baseline gap-2 text-sm">
                    <span dir="auto" className="min-w-0 grow truncate font-medium">
                      {upload.fileName}
                    </span>
                    <span className="shrink-0 text-muted text-xs">{format.bytes(upload.size)}</span>
                  </p>
                  {upload.phase === "done" ? (
                    <p className="flex items-center gap-1.5 text-good text-sm">
                      <CircleCheck aria-hidden className="size-4" /> {t`Uploaded`}
                    </p>
                  ) : (
                    <RunningUpload upload={upload} />
                  )}
                </li>
              ))}
            </ul>
          )}
        </section>
      )}
    </>
  );
}

/** What arrived needs no more room once it was seen; what failed stays until the person decides. */
function useTidyUp(uploads: readonly UploadProgress[]): void {
  const engine = useUploads();
  const allDone = uploads.length > 0 && uploads.every(({ phase }) => phase === "done");
  useEffect(() => {
    if (!allDone) return;
    const timer = setTimeout(() => {
      for (const { key } of engine.snapshot()) engine.dismiss(key);
    }, TIDY_MS);
    return () => clearTimeout(timer);
  }, [allDone, engine]);
}

function summaryOf(uploads: readonly UploadProgress[], active: readonly UploadProgress[]): string {
  if (uploads.length === 0) return "";
  const failed = uploads.filter(({ phase }) => phase === "failed").length;
  const arriving = active.filter(({ phase }) => phase !== "duplicate");
  if (arriving.length > 0) {
    return arriving.every(({ phase }) => phase === "paused")
      ? plural(arriving.length, { one: "# upload paused", other: "# uploads paused" })
      : plural(arriving.length, { one: "Uploading # video", other: "Uploading # videos" });
  }
  if (active.length > 0)
    return plural(active.length, {
      one: "# file already in your drive",
      other: "# files already in your drive",
    });
  if (failed > 0) return plural(failed, { one: "# upload stopped", other: "# uploads stopped" });
  return plural(uploads.length, { one: "# upload finished", other: "# uploads finished" });
}
