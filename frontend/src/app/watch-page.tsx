/** One video, with its share links for its owner. */
import { WatchPage as Watching } from "@/features/watch/watch-page";
import { Links } from "./links";

export function WatchPage() {
  return <Watching renderLinks={(video, onClose) => <Links video={video} onClose={onClose} />} />;
}
