/** The account: who one is, how one signs in, where one is signed in, how full the drive is. */
import { t } from "@lingui/core/macro";
import { Moon, Sun } from "lucide-react";
import { DeleteAccount } from "@/features/accounts/delete-account";
import { Devices } from "@/features/accounts/devices";
import { ExportData } from "@/features/accounts/export-data";
import { Password } from "@/features/accounts/password";
import { Profile } from "@/features/accounts/profile";
import { useMe } from "@/features/accounts/queries";
import { SecondFactor } from "@/features/accounts/second-factor";
import { Section } from "@/features/accounts/section";
import { StorageMeter } from "@/features/library/storage-meter";
import { Button } from "@/ui/button";
import { Page } from "@/ui/page";
import { LanguageSelect } from "./language-choice";
import { useLeaving } from "./signed-in";
import { useTheme } from "./theme";

export function AccountPage() {
  const { data: me } = useMe();
  const { theme, toggle } = useTheme();
  const leave = useLeaving();
  if (!me) return null;
  return (
    <Page title={t`Account`}>
      <div className="grid max-w-5xl items-start gap-5 lg:grid-cols-2">
        <div className="flex flex-col gap-5">
          <Profile me={me} />
          <Password me={me} />
        </div>
        <div className="flex flex-col gap-5">
          <SecondFactor me={me} />
          <Devices onSignOut={leave} />
          <Section title={t`Storage`}>
            <StorageMeter />
          </Section>
          <Section title={t`Language and appearance`}>
            <div className="flex flex-wrap gap-2.5">
              <LanguageSelect className="h-10 cursor-pointer rounded-xl border border-line bg-surface px-3 font-semibold text-sm" />
              <Button icon={theme === "dark" ? Sun : Moon} onPress={toggle}>
                {theme === "dark" ? t`Use the light theme` : t`Use the dark theme`}
              </Button>
            </div>
          </Section>
          <ExportData me={me} />
          <DeleteAccount me={me} />
        </div>
      </div>
    </Page>
  );
}
