/** The button that begins it all. */
import { CloudUpload } from "lucide-react";
import { Button } from "@/ui/button";
import { pickFiles } from "./pick-files";
import { useUploads } from "./uploads";

export function UploadButton({ children = "Upload" }: { children?: string }) {
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
