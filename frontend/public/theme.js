// Sets theme and language before the first paint: the person's choice, else the system's and the browser's.
(() => {
  const LANGUAGES = { en: "ltr", ar: "rtl" };
  const chosen = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // Storage may be forbidden.
    }
  };
  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  page.dataset.theme = chosen("streamtime.theme") ?? dark;

  const wanted = [chosen("streamtime.language"), ...navigator.languages];
  const known = wanted.map((tag) => tag?.split("-")[0].toLowerCase());
  page.lang = known.find((language) => Object.hasOwn(LANGUAGES, language)) ?? "en";
  page.dir = LANGUAGES[page.lang];

  // The words of the first page come beside the app's code, not after it; the build says where they are.
  const words = document.currentScript?.dataset[page.lang];
  if (!words) return;
  const link = document.createElement("link");
  Object.assign(link, { rel: "modulepreload", fetchPriority: "low", href: words });
  document.head.append(link);
})();
