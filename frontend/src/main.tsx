/** Starts the web app. */
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import { opened } from "@/app/router";
import { isLanguage, speak } from "@/lib/language";
import "@/ui/base.css";

async function start(): Promise<void> {
  const { lang } = document.documentElement;
  // Until then there is what public/begin.js has drawn.
  await Promise.all([speak(isLanguage(lang) ? lang : "en"), opened()]);
  const root = document.getElementById("root");
  if (!root) return;
  const app = createRoot(root);
  // Drawn in slices: the page stays responsive, and shows its frame meanwhile.
  startTransition(() =>
    app.render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  );
}

// Awaited here, it would be awaited by every later page that shares code with this one.
void start();

// For what other apps share, and nothing else. Where it is forbidden, everything but that works.
const takeShared = () =>
  void navigator.serviceWorker?.register("/sw.js", { scope: "/share" }).catch(() => undefined);
if (document.readyState === "complete") takeShared();
else addEventListener("load", takeShared);
