/** Asks who it is again where a request was refused for that, and has it made once more. */
import { useState } from "react";
import { ApiError } from "@/lib/api-error";
import type { Me } from "@/lib/models";
import { toast } from "@/ui/toast";
import { ReauthenticateDialog } from "./reauthenticate-dialog";

export function useProof(me: Me) {
  /** What waits for a proof of who it is. */
  const [waiting, setWaiting] = useState<(() => void) | null>(null);
  const isWanted = (error: Error) => error instanceof ApiError && error.code === "reauthenticate";
  const ask = (again: () => void) => setWaiting(() => again);
  return {
    isWanted,
    ask,
    /** For requests of buttons, which have no place of their own to tell what else went wrong. */
    askFirst: (error: Error, again: () => void) => {
      if (isWanted(error)) ask(again);
      else toast(error.message, { tone: "bad" });
    },
    dialog: waiting && (
      <ReauthenticateDialog
        me={me}
        onClose={() => setWaiting(null)}
        onDone={() => {
          setWaiting(null);
          waiting();
        }}
      />
    ),
  };
}
