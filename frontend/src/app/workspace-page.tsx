/** The workspace: the drive and its uploads. */
import { Drive } from "@/features/library/drive";
import { StorageMeter } from "@/features/library/storage-meter";
import { useLocalFiles } from "@/features/uploads/local-files";
import { UploadButton, UploadFolderButton } from "@/features/uploads/upload-button";
import { UploadStatus } from "@/features/uploads/upload-status";
import { Page } from "@/ui/page";

export function WorkspacePage() {
  const local = useLocalFiles();
  return (
    <Page
      title="Workspace"
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
        firstUpload={<UploadButton>Upload my first video!</UploadButton>}
        localPicture={(video) => local.get(video.id)?.picture ?? null}
        renderUpload={(video) => <UploadStatus videoId={video.id} />}
      />
    </Page>
  );
}
