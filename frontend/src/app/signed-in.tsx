/** What goes with a signed-in person from page to page: their menu, their uploads, their live updates. */
import { useCallback } from "react";
import { AccountMenu } from "@/features/accounts/account-menu";
import { LiveUpdates } from "@/features/live/live-updates";
import { DropArea } from "@/features/uploads/drop-area";
import { elsewhere, followSending } from "@/features/uploads/elsewhere";
import { localFiles } from "@/features/uploads/local-files";
import { SharedFiles } from "@/features/uploads/shared-files";
import { UploadTray } from "@/features/uploads/upload-tray";
import { useUploads } from "@/features/uploads/uploads";
import type { Me } from "@/lib/models";
import { forgetShared } from "@/lib/upload/shared";
import type { SentBytes } from "@/lib/upload/types";

/** What ends with the session, on this device. */
export function useLeaving(): () => void {
  const uploads = useUploads();
  return () => {
    uploads.stopAll();
    localFiles.clear();
    void forgetShared().catch(() => undefined);
  };
}

export function OwnMenu({ me }: { me: Me }) {
  return <AccountMenu me={me} onSignOut={useLeaving()} />;
}

export function Companions() {
  const uploads = useUploads();
  const sending = useCallback((tell: (sent: SentBytes) => void) => followSending(uploads, tell), [uploads]);
  return (
    <>
      <LiveUpdates sending={sending} onSent={elsewhere.heard} />
      <DropArea />
      <SharedFiles />
      <UploadTray />
    </>
  );
}
