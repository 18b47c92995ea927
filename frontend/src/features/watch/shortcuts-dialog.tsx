/** What the keyboard can do here. */
import { t } from "@lingui/core/macro";
import { Checkbox } from "@/ui/checkbox";
import { Dialog } from "@/ui/dialog";
import { SHORTCUTS } from "./shortcuts";

const ARROWS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

interface Props {
  isOpen: boolean;
  onClose: () => void;
  onlyInPlayer: boolean;
  onOnlyInPlayer: (only: boolean) => void;
}

export function ShortcutsDialog({ isOpen, onClose, onlyInPlayer, onOnlyInPlayer }: Props) {
  return (
    <Dialog title={t`Keyboard shortcuts`} isOpen={isOpen} onClose={onClose} wide>
      <dl className="grid gap-x-8 sm:grid-cols-2">
        {SHORTCUTS.map(({ does, page = [], player = [] }) => (
          <div
            key={[...page, ...player].join()}
            className="flex items-center justify-between gap-4 border-line border-b py-1.5 text-sm"
          >
            <dt>
              {does()}
              {player.length > 0 && <span className="block text-muted text-xs">{t`in the player`}</span>}
            </dt>
            <dd className="flex gap-1">
              {shown([...page, ...player]).map((key) => (
                <kbd
                  key={key}
                  dir="auto"
                  className="min-w-7 rounded-md border border-line bg-sunken px-1.5 py-0.5 text-center font-semibold text-xs"
                >
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <Checkbox isSelected={onlyInPlayer} onChange={onOnlyInPlayer}>
        {t`Only while the player has the focus`}
      </Checkbox>
    </Dialog>
  );
}

function shown(keys: readonly string[]): string[] {
  const [first = "", last = ""] = [keys[0], keys.at(-1)];
  if (keys.length > 3) return [`${first} … ${last}`];
  return keys.map(named);
}

function named(key: string): string {
  switch (key) {
    case " ":
      return t`Space`;
    case "Home":
      return t`Home`;
    case "End":
      return t`End`;
    default:
      return ARROWS[key] ?? key.toUpperCase();
  }
}
