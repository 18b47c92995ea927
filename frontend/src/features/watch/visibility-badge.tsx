/** Marks what is published for fewer than everybody. */
import { Link2, Lock } from "lucide-react";
import type { PublicVideo } from "@/lib/models";
import { Badge } from "@/ui/badge";

export function VisibilityBadge({ video }: { video: Pick<PublicVideo, "visibility" | "published_at"> }) {
  if (!video.published_at || video.visibility === "public") return null;
  return video.visibility === "private" ? (
    <Badge icon={Lock}>Only you</Badge>
  ) : (
    <Badge icon={Link2}>Unlisted</Badge>
  );
}
