/** The buttons that begin it all. */
import { t } from "@lingui/core/macro";
import { CloudUpload, FolderUp } from "lucide-react";
import { Button, IconButton } from "@/ui/button";
import { toast } from "@/ui/toast";
import { canPickFolders, pickFiles, pickFolder } from "./pick-files";
import { useUploads } from "./uploads";

export function UploadButton({ children = t`Upload` }: { children?: string }) {
  const engine = useUploads();
  return (
    <Button
      look="primary"
      icon={CloudUpload}
      onPress={async () => {
        for (const { file, handle } of await pickFiles(true)) engine.add(file, handle);
      }}
    >
      {children}
    </Button>
  );
}

export function UploadFolderButton() {
  const engine = useUploads();
  if (!canPickFolders()) return null;
  return (
    <IconButton
      icon={FolderUp}
      label={t`Upload a folder`}
      onPress={async () => {
        const picked = await pickFolder();
        if (picked?.length === 0) toast(t`There is no video in this folder.`);
        for (const { file, handle } of picked ?? []) engine.add(file, handle);
      }}
    />
  );
}
