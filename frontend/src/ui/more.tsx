/** The end of a list that loads its next page when it comes into view. */
import { t } from "@lingui/core/macro";
import { useEffect, useRef } from "react";
import { Button } from "./button";

interface Props {
  hasMore: boolean;
  isLoading: boolean;
  failed: boolean;
  onMore: () => void;
}

export function More({ hasMore, isLoading, failed, onMore }: Props) {
  const mark = useRef<HTMLDivElement>(null);
  const load = useRef(onMore);
  load.current = onMore;

  useEffect(() => {
    if (!mark.current || !hasMore || isLoading || failed) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && load.current(), {
      rootMargin: "800px",
    });
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [hasMore, isLoading, failed]);

  return (
    <div ref={mark} className="flex min-h-10 justify-center pt-6">
      {failed && <Button onPress={onMore}>{t`Couldn't load more. Try again`}</Button>}
    </div>
  );
}
