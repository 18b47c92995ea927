/** What is said of a video that plays already, as the original, while its qualities are still being made. */
import * as format from "./format";

export function readyAndComing(seconds: number | null | undefined): string {
  const when = seconds == null ? "soon" : `in ${format.roughTime(seconds)}`;
  return `You can watch it already. Better qualities follow ${when}.`;
}
