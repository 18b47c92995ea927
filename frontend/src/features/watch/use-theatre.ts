/** Theatre mode: the player over the whole width, remembered from video to video. */
import { useState } from "react";

const KEY = "streamtime.theatre";

export function useTheatre(): [boolean, (theatre: boolean) => void] {
  const [theatre, setTheatre] = useState(() => localStorage.getItem(KEY) === "on");
  return [
    theatre,
    (on) => {
      localStorage.setItem(KEY, on ? "on" : "off");
      setTheatre(on);
    },
  ];
}
