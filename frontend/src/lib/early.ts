/** What is said of a video that plays already, as the original, while its qualities are still being made. */
import { t } from "@lingui/core/macro";
import * as format from "./format";

export function readyAndComing(seconds: number | null | undefined): string {
  if (seconds == null) return t`You can watch it already. Better qualities follow soon.`;
  const when = format.roughTime(seconds);
  return t`You can watch it already. Better qualities follow in ${when}.`;
}
