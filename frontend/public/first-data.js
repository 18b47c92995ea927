// Asks for what the first page shows while the app itself is still loading; the app's own request takes that answer.
(() => {
  const [, page, id] = location.pathname.split("/");
  const addresses = {
    "": "/api/explore?limit=24",
    explore: "/api/explore?limit=24",
    watch: id && `/api/videos/${id}/watch`,
  };
  if (!addresses[page]) return;
  const link = document.createElement("link");
  // Said as the app's fetch asks, or it would be asked twice.
  Object.assign(link, { rel: "preload", as: "fetch", crossOrigin: "anonymous", href: addresses[page] });
  document.head.append(link);
})();
