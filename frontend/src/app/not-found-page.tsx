/** 404, fetched by our dog. */
import { useLocation } from "react-router";
import { ButtonLink } from "@/ui/button";
import { FetchingDog } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";

export function NotFoundPage() {
  const { pathname } = useLocation();
  usePageTitle("Not found");
  return (
    <EmptyState
      picture={<FetchingDog />}
      title="Newton fetched something, but not this page"
      action={
        <ButtonLink look="primary" to="/">
          Woof woof! Take me home
        </ButtonLink>
      }
    >
      <p>
        There is nothing at <code className="break-all rounded bg-sunken px-1.5 py-0.5">{pathname}</code>.
      </p>
    </EmptyState>
  );
}
