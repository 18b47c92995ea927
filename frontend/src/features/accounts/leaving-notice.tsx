/** On every page of somebody whose account ends soon: until when, and how to keep it. */
import { t } from "@lingui/core/macro";
import * as format from "@/lib/format";
import { Button } from "@/ui/button";
import { useKeepAccount } from "./use-keep-account";

export function LeavingNotice({ deleteAt }: { deleteAt: string }) {
  const keep = useKeepAccount();
  /** The button goes with its notice: what follows is the page. */
  const keepAndGoOn = () =>
    keep.mutateAsync().then(
      () => document.getElementById("main")?.focus({ preventScroll: true }),
      () => undefined,
    );
  return (
    <section
      aria-label={t`Your account`}
      className="flex flex-wrap items-center justify-center gap-x-4 gap-y-2 bg-warn-soft px-4 py-2.5 text-sm"
    >
      <p className="font-medium text-warn">
        {t`Your account is deleted for good on ${{ date: format.date(deleteAt) }}. Until then nobody else sees your videos.`}
      </p>
      <Button size="small" onPress={() => void keepAndGoOn()} isPending={keep.isPending}>
        {t`Keep my account`}
      </Button>
    </section>
  );
}
