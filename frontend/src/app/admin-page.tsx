/** Administration: for administrators alone, who prove who they are before they change anything. */
import { useState } from "react";
import { Outlet } from "react-router";
import { useMe } from "@/features/accounts/queries";
import { ReauthenticateDialog } from "@/features/accounts/reauthenticate-dialog";
import type { Frame } from "@/features/admin/frame";
import { NotFoundPage } from "./not-found-page";

export function AdminPage() {
  const { data: me } = useMe();
  /** What waits for a proof. */
  const [waiting, setWaiting] = useState<(() => void) | null>(null);
  if (me?.role !== "admin") return <NotFoundPage />;
  return (
    <>
      <Outlet context={{ proveFirst: (again) => setWaiting(() => again) } satisfies Frame} />
      {waiting && (
        <ReauthenticateDialog
          me={me}
          onClose={() => setWaiting(null)}
          onDone={() => {
            setWaiting(null);
            waiting();
          }}
        />
      )}
    </>
  );
}
