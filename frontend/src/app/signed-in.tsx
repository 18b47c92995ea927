/** What goes with a signed-in person from page to page: their menu, their uploads, their live updates. */
import { AccountMenu } from "@/features/accounts/account-menu";
import { LiveUpdates } from "@/features/live/live-updates";
import { DropArea } from "@/features/uploads/drop-area";
import { localFiles } from "@/features/uploads/local-files";
import { UploadTray } from "@/features/uploads/upload-tray";
import { useUploads } from "@/features/uploads/uploads";
import type { Me } from "@/lib/models";

export function OwnMenu({ me }: { me: Me }) {
  const uploads = useUploads();
  const signOut = () => {
    uploads.stopAll();
    localFiles.clear();
  };
  return <AccountMenu me={me} onSignOut={signOut} />;
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
