/** The keyboard's help in a dialog, and the choice that is made there. */
import { lazy, Suspense, useState } from "react";
import { useOnlyInPlayer } from "./shortcuts";

/** Loaded when it is first asked for: the picture goes before it. */
const ShortcutsDialog = lazy(async () => ({ default: (await import("./shortcuts-dialog")).ShortcutsDialog }));

export function useShortcutsHelp() {
  const [isOpen, setOpen] = useState<boolean>();
  const [onlyInPlayer, setOnlyInPlayer] = useOnlyInPlayer();
  return {
    onlyInPlayer,
    show: () => setOpen(true),
    dialog: isOpen !== undefined && (
      <Suspense>
        <ShortcutsDialog
          isOpen={isOpen}
          onClose={() => setOpen(false)}
          onlyInPlayer={onlyInPlayer}
          onOnlyInPlayer={setOnlyInPlayer}
        />
      </Suspense>
    ),
  };
}
