/** A video's share links in their dialog, which is loaded when it is first asked for. */
import { lazy, Suspense } from "react";
import type { SharableVideo } from "@/lib/models";

const LinksDialog = lazy(async () => ({
  default: (await import("@/features/sharing/links-dialog")).LinksDialog,
}));

export function Links(props: { video: SharableVideo; onClose: () => void }) {
  return (
    <Suspense>
      <LinksDialog {...props} />
    </Suspense>
  );
}
