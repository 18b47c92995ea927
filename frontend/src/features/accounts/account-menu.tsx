/** The account button in the header. */
import { t } from "@lingui/core/macro";
import { LogOut, Settings, ShieldUser, SquareUser } from "lucide-react";
import { Button } from "react-aria-components/Button";
import { useNavigate } from "react-router";
import type { Me } from "@/lib/models";
import { Menu, MenuItem } from "@/ui/menu";
import { useSignOut } from "./use-sign-out";

export function AccountMenu({ me, onSignOut }: { me: Me; onSignOut: () => void }) {
  const navigate = useNavigate();
  const signOut = useSignOut("/api/auth/sign-out", onSignOut);

  return (
    <Menu
      aria-label={t`Account`}
      trigger={
        <Button
          aria-label={t`Account of ${me.display_name}`}
          className="grid size-9 shrink-0 cursor-pointer place-items-center rounded-full bg-brand font-bold text-sm text-white transition-transform hover:scale-105"
        >
          {/* A picture made of letters, not a text: its name is the button's. */}
          <span
            aria-hidden
            data-initials={initials(me.display_name)}
            className="before:content-[attr(data-initials)]"
          />
        </Button>
      }
      header={
        <div className="max-w-72 border-line border-b px-4.5 py-3.5">
          <p dir="auto" className="truncate font-semibold">
            {me.display_name}
          </p>
          <p dir="auto" className="truncate text-muted text-sm">
            {me.email}
          </p>
        </div>
      }
    >
      <MenuItem icon={Settings} onAction={() => void navigate("/account")}>
        {t`Account`}
      </MenuItem>
      <MenuItem icon={SquareUser} onAction={() => void navigate(`/users/${me.id}`)}>
        {t`My public page`}
      </MenuItem>
      {me.role === "admin" && (
        <MenuItem icon={ShieldUser} onAction={() => void navigate("/admin/people")}>
          {t`Administration`}
        </MenuItem>
      )}
      <MenuItem icon={LogOut} onAction={() => signOut.mutate()}>
        {t`Sign out`}
      </MenuItem>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}
