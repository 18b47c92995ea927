/** The workspace: the drive and its uploads. */
import { t } from "@lingui/core/macro";
import { useCallback } from "react";
import { Drive } from "@/features/library/drive";
import { StorageMeter } from "@/features/library/storage-meter";
import { useLocalFiles } from "@/features/uploads/local-files";
import { UploadButton, UploadFolderButton } from "@/features/uploads/upload-button";
import { UploadPercent, UploadStatus } from "@/features/uploads/upload-status";
import type { Video } from "@/lib/models";
import { Page } from "@/ui/page";
import { Links } from "./links";

export function WorkspacePage() {
  const local = useLocalFiles();
  // The same as long as the pictures are: a long list would be drawn anew.
  const localPicture = useCallback((video: Video) => local.get(video.id)?.picture ?? null, [local]);
  return (
    <Page
      title={t`Workspace`}
      actions={
        <div className="flex grow items-center justify-end gap-5">
          <StorageMeter />
          <div className="flex items-center gap-1">
            <UploadFolderButton />
            <UploadButton />
          </div>
        </div>
      }
    >
      <Drive
        firstUpload={<UploadButton>{t`Upload my first video!`}</UploadButton>}
        localPicture={localPicture}
        renderUpload={(video) => <UploadStatus video={video} />}
        renderPercent={(video) => <UploadPercent video={video} />}
        renderLinks={(video, onClose) => <Links video={video} onClose={onClose} />}
      />
    </Page>
  );
}
