/** Ends the session, here or on every device. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { api, done } from "@/lib/api";
import { signedOut } from "./queries";

export function useSignOut(
  path: "/api/auth/sign-out" | "/api/auth/sign-out-everywhere",
  onSignOut: () => void,
) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    // What is asked for now would be refused after it.
    onMutate: () => client.cancelQueries(),
    mutationFn: () => done(api.POST(path)),
    onSuccess: () => {
      onSignOut();
      signedOut(client);
      void navigate("/sign-in");
    },
  });
}
