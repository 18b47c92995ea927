/** 404, fetched by our dog. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useLocation } from "react-router";
import { ButtonLink } from "@/ui/button";
import { FetchingDog } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";

export function NotFoundPage() {
  const { pathname } = useLocation();
  usePageTitle(t`Not found`);
  return (
    <EmptyState
      isPage
      picture={<FetchingDog />}
      title={t`Newton fetched something, but not this page`}
      action={
        <ButtonLink look="primary" to="/">
          <Trans>Woof woof! Take me home</Trans>
        </ButtonLink>
      }
    >
      <p>
        <Trans>
          There is nothing at{" "}
          <code dir="ltr" className="break-all rounded bg-sunken px-1.5 py-0.5">
            {pathname}
          </code>
          .
        </Trans>
      </p>
    </EmptyState>
  );
}
