/** What stands in the place of something that could not be fetched, with the way to ask again. */
import { t } from "@lingui/core/macro";
import { Button } from "./button";
import { ExploringFox } from "./characters";
import { EmptyState } from "./page";

interface Props {
  title: string;
  error: Error;
  onRetry: () => void;
  isPage?: boolean;
}

export function Unreadable({ title, error, onRetry, isPage = false }: Props) {
  return (
    <EmptyState
      isPage={isPage}
      picture={<ExploringFox />}
      title={title}
      action={<Button onPress={onRetry}>{t`Try again`}</Button>}
    >
      {error.message}
    </EmptyState>
  );
}
