/** What goes with a signed-in person from page to page: their menu, their uploads, their live updates. */
import { AccountMenu } from "@/features/accounts/account-menu";
import { LiveUpdates } from "@/features/live/live-updates";
import { DropArea } from "@/features/uploads/drop-area";
import { UploadTray } from "@/features/uploads/upload-tray";
import { useUploads } from "@/features/uploads/uploads";
import type { Me } from "@/lib/models";

export function OwnMenu({ me }: { me: Me }) {
  const uploads = useUploads();
  return <AccountMenu me={me} onSignOut={() => uploads.stopAll()} />;
}

export function Companions() {
  return (
    <>
      <LiveUpdates />
      <DropArea />
      <UploadTray />
    </>
  );
}
