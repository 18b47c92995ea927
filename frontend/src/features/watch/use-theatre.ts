/** Theatre mode: the player over the whole width where there is width to win, remembered from video to video. */
import { useState } from "react";
import { useMedia } from "@/ui/use-media";

const KEY = "streamtime.theatre";
/** From here on others are beside the player. */
const WIDE = "(min-width: 64rem)";

export function useTheatre(): [boolean, (theatre: boolean) => void] {
  const [wanted, setWanted] = useState(() => localStorage.getItem(KEY) === "on");
  const wide = useMedia(WIDE);
  return [
    wanted && wide,
    (on) => {
      localStorage.setItem(KEY, on ? "on" : "off");
      setWanted(on);
    },
  ];
}
