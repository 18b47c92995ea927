/** Pages behind this need someone signed in; others are asked to sign in and brought back. */
import { Navigate, Outlet, useLocation } from "react-router";
import { useMe } from "@/features/accounts/queries";

export function RequireUser() {
  const me = useMe();
  const { pathname, search } = useLocation();
  if (me.data) return <Outlet />;
  if (me.isPending) return null;
  return <Navigate to={`/sign-in?${new URLSearchParams({ next: pathname + search })}`} replace />;
}
