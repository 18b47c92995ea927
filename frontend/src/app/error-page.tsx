/** What is shown when the app itself broke: an apology and a way on. */
import { Button } from "@/ui/button";
import { FetchingDog } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";

export function ErrorPage() {
  usePageTitle("Something broke");
  return (
    <main>
      <EmptyState
        picture={<FetchingDog />}
        title="Something broke on this page"
        action={
          <Button look="primary" onPress={() => location.reload()}>
            Load it again
          </Button>
        }
      >
        We are sorry. Your videos are safe: this is only the page. A new version may just have arrived.
      </EmptyState>
    </main>
  );
}
