/** Ends the session, here or on every device. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { allLetIn, api, done } from "@/lib/api";
import { signingOut } from "@/lib/signing-out";
import { signedOut } from "./queries";

export function useSignOut(
  path: "/api/auth/sign-out" | "/api/auth/sign-out-everywhere",
  onSignOut: () => void,
) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    onMutate: async () => {
      onSignOut();
      signingOut.begin();
      await client.cancelQueries();
      await allLetIn();
    },
    mutationFn: () => done(api.POST(path)),
    onSuccess: async () => {
      signedOut(client);
      await navigate("/sign-in");
    },
    onSettled: () => signingOut.end(),
  });
}
