/** Marks what is published for fewer than everybody. */
import { t } from "@lingui/core/macro";
import { Link2, Lock } from "lucide-react";
import type { PublicVideo } from "@/lib/models";
import { Badge } from "@/ui/badge";

export function VisibilityBadge({ video }: { video: Pick<PublicVideo, "visibility" | "published_at"> }) {
  if (!video.published_at || video.visibility === "public") return null;
  return video.visibility === "private" ? (
    <Badge icon={Lock}>{t`Only you`}</Badge>
  ) : (
    <Badge icon={Link2}>{t`Unlisted`}</Badge>
  );
}
