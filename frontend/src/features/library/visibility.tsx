/** The three ways a video can be seen, in words and icons. */
import { t } from "@lingui/core/macro";
import { Globe, Link2, Lock } from "lucide-react";
import type { Visibility } from "@/lib/models";

export function visibilities() {
  return [
    { value: "public", label: t`Public`, help: t`Everyone can find and watch it.`, Icon: Globe },
    { value: "unlisted", label: t`Unlisted`, help: t`Everyone with the address can watch it.`, Icon: Link2 },
    { value: "private", label: t`Private`, help: t`Only you can watch it.`, Icon: Lock },
  ] as const;
}

export function visibilityChoices() {
  return visibilities().map(({ value, label, help, Icon }) => ({
    value,
    label,
    help,
    icon: <Icon className="size-5" />,
  }));
}

export function visibilityOf(visibility: Visibility) {
  const [everyone, link, own] = visibilities();
  return { public: everyone, unlisted: link, private: own }[visibility];
}
