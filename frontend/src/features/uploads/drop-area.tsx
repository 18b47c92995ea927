/** Lets files be dropped anywhere in the window. */
import { t } from "@lingui/core/macro";
import { CloudUpload } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "@/ui/toast";
import { droppedFiles } from "./pick-files";
import { useUploads } from "./uploads";

export function DropArea() {
  const engine = useUploads();
  const [over, setOver] = useState(false);

  useEffect(() => {
    // Entering a child also leaves its parent: only the count tells when the pointer is really gone.
    let depth = 0;
    const withFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const enter = (event: DragEvent) => {
      if (!withFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!withFiles(event)) return;
      depth -= 1;
      if (depth <= 0) setOver(false);
    };
    const allow = (event: DragEvent) => {
      if (withFiles(event)) event.preventDefault();
    };
    const drop = async (event: DragEvent) => {
      if (!withFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      const picked = await droppedFiles(event.dataTransfer);
      if (picked.length === 0) toast(t`There is no video in what you dropped.`);
      for (const { file, handle } of picked) engine.add(file, handle);
    };
    const events = { dragenter: enter, dragleave: leave, dragover: allow, drop } as const;
    for (const [name, listener] of Object.entries(events)) addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(events))
        removeEventListener(name, listener as EventListener);
    };
  }, [engine]);

  if (!over) return null;
  return (
    <div className="pointer-events-none fixed inset-0 z-50 grid animate-fade place-items-center bg-canvas/85 p-5 backdrop-blur-sm">
      <div className="grid size-full place-items-center rounded-3xl border-4 border-link border-dashed">
        <div className="flex flex-col items-center gap-3 text-center">
          <CloudUpload aria-hidden className="size-20 animate-shake text-link" strokeWidth={1.5} />
          <p className="font-bold text-2xl">{t`Drop files or folders to upload`}</p>
          <p className="text-muted">{t`Your videos remain private until you publish them.`}</p>
        </div>
      </div>
    </div>
  );
}
