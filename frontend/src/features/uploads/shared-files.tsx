/** Asks what to do with the videos that another app has shared, and uploads them. */
import { plural, t } from "@lingui/core/macro";
import { CloudUpload, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import * as format from "@/lib/format";
import type { UploadEngine } from "@/lib/upload/engine";
import { type SharedFile, takeShared } from "@/lib/upload/shared";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { useUploads } from "./uploads";

export function SharedFiles() {
  const engine = useUploads();
  const [shared, setShared] = useState<readonly SharedFile[]>([]);
  useLostHint();

  useEffect(() => {
    let over = false;
    // Storage may be forbidden: then nothing was kept either.
    const taking = takeShared().catch(() => []);
    void taking.then((taken) => over || setShared(taken));
    return () => {
      over = true;
      void taking.then((taken) => taken.map(({ release }) => release()));
    };
  }, []);

  function leave() {
    for (const { release } of shared) release();
    setShared([]);
  }

  if (shared.length === 0) return null;
  return (
    <Dialog
      title={plural(shared.length, { one: "Upload # shared file?", other: "Upload # shared files?" })}
      isOpen
      onClose={leave}
    >
      <ul className="flex flex-col gap-1.5">
        {shared.map(({ file }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes, and names may repeat
          <li key={index} className="flex items-baseline gap-3">
            <span dir="auto" className="min-w-0 grow break-words font-medium">
              {file.name}
            </span>
            <span className="shrink-0 text-muted text-sm tabular-nums">{format.bytes(file.size)}</span>
          </li>
        ))}
      </ul>
      <p className="text-muted">
        {t`Another app shared this with your drive. It stays private until you publish it.`}
      </p>
      <DialogActions>
        <Button
          icon={Trash2}
          onPress={() => {
            for (const { forget } of shared) void forget();
            setShared([]);
          }}
        >
          {t`Discard`}
        </Button>
        <Button
          look="primary"
          icon={CloudUpload}
          onPress={() => {
            for (const it of shared) upload(engine, it);
            setShared([]);
          }}
        >
          {t`Upload`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** Kept until it has arrived: after a reload it goes on without being chosen again. */
function upload(engine: UploadEngine, { file, forget, release }: SharedFile): void {
  const key = engine.add(file);
  const stop = engine.subscribe(() => {
    const phase = engine.snapshot().find((it) => it.key === key)?.phase;
    if (phase && phase !== "done" && phase !== "cancelled") return;
    stop();
    if (phase) void forget();
    else release();
  });
}

function useLostHint(): void {
  const [search, setSearch] = useSearchParams();
  const lost = search.get("shared") === "lost";
  useEffect(() => {
    if (!lost) return;
    toast(t`The browser could not keep what was shared. Upload it from here instead.`, { tone: "bad" });
    setSearch(
      (before) => {
        before.delete("shared");
        return before;
      },
      { replace: true },
    );
  }, [lost, setSearch]);
}
