/** Undoes that the account was given up. */
import { t } from "@lingui/core/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "@/lib/api";
import { keys } from "@/lib/query";
import { toast } from "@/ui/toast";

export function useKeepAccount() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.POST("/api/me/keep")),
    onSuccess: (me) => {
      client.setQueryData(keys.me, me);
      toast(t`Your account stays. Welcome back!`, { tone: "good" });
    },
  });
}
