/** The player for who came by a share link: no place is remembered, and no other video is beside it. */
import { type ReactNode, useRef } from "react";
import type { SharedVideo } from "@/lib/models";
import type { AskGrant } from "./grant";
import { Player } from "./player";
import { useShortcutsHelp } from "./use-shortcuts-help";
import { useTheatre } from "./use-theatre";

const START = { seconds: 0, resumed: false };
/** As wide as 16:9 may be that still leaves the title on the screen. */
const FRAME = "mx-auto max-w-[max(42rem,min(78rem,calc((100dvh-13rem)*16/9+3rem)))] sm:px-6 sm:py-6";

interface Props {
  /** Undefined while it is on its way. */
  video: SharedVideo | undefined;
  askGrant: AskGrant;
  onLost: () => Promise<void>;
  /** What stands below the player. */
  children: ReactNode;
}

export function GuestPlayer({ video, askGrant, onLost, children }: Props) {
  const element = useRef<HTMLVideoElement>(null);
  const [theatre, setTheatre] = useTheatre();
  const help = useShortcutsHelp();
  return (
    <div className={`w-full ${theatre ? "" : FRAME}`}>
      <div className={theatre ? "bg-black" : ""}>
        {video ? (
          <Player
            // Another opening has another grant, and begins anew.
            key={video.viewing}
            video={element}
            source={video.playback}
            askGrant={askGrant}
            begin={START}
            remembers={null}
            theatre={theatre}
            onTheatre={() => setTheatre(!theatre)}
            shortcutsOnlyHere={help.onlyInPlayer}
            onHelp={help.show}
            title={video.title}
            poster={video.poster_url}
            storyboard={video.storyboard}
            durationMs={video.duration_ms}
            width={video.width}
            height={video.height}
            onLost={onLost}
          />
        ) : (
          <div className="skeleton aspect-video w-full sm:rounded-2xl" aria-hidden="true" />
        )}
      </div>
      <div className={`min-w-0 pt-5 ${theatre ? "mx-auto max-w-[50rem]" : "px-4 sm:px-0"}`}>{children}</div>
      {help.dialog}
    </div>
  );
}
