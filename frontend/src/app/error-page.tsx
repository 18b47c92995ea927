/** What is shown when the app itself broke: an apology and a way on. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@/ui/button";
import { FetchingDog } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";

export function ErrorPage() {
  usePageTitle(t`Something broke`);
  return (
    <main>
      <EmptyState
        isPage
        picture={<FetchingDog />}
        title={t`Something broke on this page`}
        action={
          <Button look="primary" onPress={() => location.reload()}>
            <Trans>Load it again</Trans>
          </Button>
        }
      >
        <Trans>
          We are sorry. Your videos are safe: this is only the page. A new version may just have arrived.
        </Trans>
      </EmptyState>
    </main>
  );
}
