// Sets the theme before the first paint: the person's choice, else the system's.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("streamtime.theme");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
