/** The code itself, on a stage that sends none. */
import { Trans } from "@lingui/react/macro";
export function CodeHint({ code }: { code: string | null | undefined }) {
  if (!code) return null;
  return (
    <p className="rounded-xl bg-brand-soft px-4 py-3 text-sm">
      <Trans>
        This stage sends no e-mail. Your code is <strong className="tabular-nums">{code}</strong>.
      </Trans>
    </p>
  );
}
