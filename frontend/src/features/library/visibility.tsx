/** The three ways a video can be seen, in words and icons. */
import { Globe, Link2, Lock } from "lucide-react";
import type { Visibility } from "@/lib/models";

export const VISIBILITIES = [
  { value: "public", label: "Public", help: "Everyone can find and watch it.", Icon: Globe },
  { value: "unlisted", label: "Unlisted", help: "Everyone with the address can watch it.", Icon: Link2 },
  { value: "private", label: "Private", help: "Only you can watch it.", Icon: Lock },
] as const;

export const VISIBILITY_CHOICES = VISIBILITIES.map(({ value, label, help, Icon }) => ({
  value,
  label,
  help,
  icon: <Icon className="size-5" />,
}));

export function visibilityOf(visibility: Visibility) {
  return VISIBILITIES.find(({ value }) => value === visibility) ?? VISIBILITIES[2];
}
