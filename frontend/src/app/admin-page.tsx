/** Administration: for administrators alone, who prove who they are before they change anything. */
import { Outlet } from "react-router";
import { useMe } from "@/features/accounts/queries";
import { useProof } from "@/features/accounts/use-proof";
import type { Frame } from "@/features/admin/frame";
import type { Me } from "@/lib/models";
import { NotFoundPage } from "./not-found-page";

export function AdminPage() {
  const { data: me } = useMe();
  return me?.role === "admin" ? <Administration me={me} /> : <NotFoundPage />;
}

function Administration({ me }: { me: Me }) {
  const proof = useProof(me);
  return (
    <>
      <Outlet context={{ proveFirst: proof.ask } satisfies Frame} />
      {proof.dialog}
    </>
  );
}
