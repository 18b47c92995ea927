// Begins the page while the app is still loading: asks for what it shows, draws its picture, then starts the app.
(() => {
  /** The app waits for that picture, but not for longer. */
  const PATIENCE_MS = 1000;
  const [, page = "", id] = location.pathname.split("/");
  const addresses = {
    "": "/api/explore?limit=24",
    explore: "/api/explore?limit=24",
    watch: id && `/api/videos/${id}/watch`,
  };
  const address = addresses[page];
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  // What fails here, the app asks again, and tells what is wrong.
  const begun = address && Promise.race([begin(address), patience]).catch(() => {});
  Promise.resolve(begun).then(start);

  async function begin(address) {
    const answer = fetch(address);
    // lib/first-answer.ts hands it to the app's own request.
    const first = { url: location.origin + address, answer };
    window.firstAnswer = first;
    const response = await answer;
    if (!response.ok) return;
    first.body = await response.clone().json();
    const picture = draw(first.body);
    await picture?.decode();
    // It is on the screen when the frame after its own begins.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }

  /** Into the frame of index.html, where the app will put the same; once the app is there, the frame is not. */
  function draw({ items, ...video }) {
    const { poster_url, title, width, height, playback, early } = items ? (items[0] ?? {}) : video;
    const frame = document.getElementById("frame");
    const template = document.getElementById(items ? "first-card" : "first-player");
    if (!poster_url || !frame || !template || !(items || playback || early)) return null;
    const theatre =
      localStorage.getItem("streamtime.theatre") === "on" && matchMedia("(min-width: 64rem)").matches;
    if (!items && theatre) return null; // The player has another place there.
    const drawing = template.content.cloneNode(true);
    const picture = drawing.querySelector("img");
    picture.src = poster_url;
    if (!items && width && height) picture.parentElement.style.aspectRatio = `${width} / ${height}`;
    drawing.querySelector("[dir]").textContent = title;
    frame.append(drawing);
    return picture;
  }

  /** The scripts that the build names, each in a task of its own: a slow phone answers in between. */
  async function start() {
    for (const { href } of document.querySelectorAll('link[rel="preload"][as="script"]')) {
      const script = document.createElement("script");
      Object.assign(script, { type: "module", async: false, crossOrigin: "", src: href });
      document.head.append(script);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
})();
