/** Theatre mode: the player over the whole width, in windows wide enough for that; remembered for all videos. */
import { useState } from "react";
import { useMedia } from "@/ui/use-media";

const KEY = "streamtime.theatre";
/** From here on the player has a button for it. public/begin.js draws by the same width. */
const WIDE = "(min-width: 64rem)";

export function useTheatre(): [boolean, (theatre: boolean) => void] {
  const [wanted, setWanted] = useState(() => localStorage.getItem(KEY) === "on");
  const wide = useMedia(WIDE);
  return [
    wanted && wide,
    (on) => {
      if (!wide) return;
      localStorage.setItem(KEY, on ? "on" : "off");
      setWanted(on);
    },
  ];
}
