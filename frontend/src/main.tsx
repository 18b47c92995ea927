/** Starts the web app. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import "@/ui/base.css";

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );

// For what other apps share, and nothing else. Where it is forbidden, everything but that works.
addEventListener("load", () => {
  navigator.serviceWorker?.register("/sw.js", { scope: "/share" }).catch(() => undefined);
});
