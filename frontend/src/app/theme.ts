/** Light or dark: the system's choice at first, then the person's, remembered (see public/theme.js). */
import { useEffect, useState } from "react";

type Theme = "light" | "dark";
const KEY = "streamtime.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | null {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : null;
}

function current(): Theme {
  return chosen() ?? (system.matches ? "dark" : "light");
}

export function useTheme(): { theme: Theme; toggle: () => void } {
  const [theme, setTheme] = useState(current);

  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);

  useEffect(() => {
    const follow = () => setTheme(current());
    system.addEventListener("change", follow);
    // Another tab may have chosen.
    addEventListener("storage", follow);
    return () => {
      system.removeEventListener("change", follow);
      removeEventListener("storage", follow);
    };
  }, []);

  return {
    theme,
    toggle: () => {
      const next = theme === "dark" ? "light" : "dark";
      localStorage.setItem(KEY, next);
      setTheme(next);
    },
  };
}
