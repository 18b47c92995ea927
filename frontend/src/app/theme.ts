/** Light or dark: the system's choice at first, then the person's, remembered (see public/theme.js). */
import { useEffect, useState } from "react";
import { useMedia } from "@/ui/use-media";

type Theme = "light" | "dark";
const KEY = "streamtime.theme";

function chosen(): Theme | null {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : null;
}

export function useTheme(): { theme: Theme; toggle: () => void } {
  const [choice, setChoice] = useState(chosen);
  const dark = useMedia("(prefers-color-scheme: dark)");
  const theme = choice ?? (dark ? "dark" : "light");

  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);

  useEffect(() => {
    // Another tab may have chosen.
    const follow = () => setChoice(chosen());
    addEventListener("storage", follow);
    return () => removeEventListener("storage", follow);
  }, []);

  return {
    theme,
    toggle: () => {
      const next = theme === "dark" ? "light" : "dark";
      localStorage.setItem(KEY, next);
      setChoice(next);
    },
  };
}
