/** Watching the file itself while it is still being sent. */
import { t } from "@lingui/core/macro";
import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { useLocalFiles } from "./local-files";

export function WatchLocal({ videoId }: { videoId: string }) {
  const local = useLocalFiles().get(videoId);
  const [open, setOpen] = useState(false);
  if (!local) return null;
  return (
    <>
      <Button
        size="small"
        icon={Play}
        aria-label={t`Watch ${local.file.name} from this device`}
        onPress={() => setOpen(true)}
      >
        {t`Watch`}
      </Button>
      {open && (
        <Dialog title={local.file.name} isOpen onClose={() => setOpen(false)} wide>
          <LocalPlayer file={local.file} />
          <p className="text-muted text-sm">{t`This plays from your device, while the upload goes on.`}</p>
        </Dialog>
      )}
    </>
  );
}

function LocalPlayer({ file }: { file: File }) {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    // biome-ignore lint/a11y/useMediaCaption: the person's own file, as it is on their device
    <video
      aria-label={file.name}
      src={address ?? undefined}
      controls
      autoPlay
      playsInline
      className="aspect-video w-full rounded-2xl bg-black"
    />
  );
}
