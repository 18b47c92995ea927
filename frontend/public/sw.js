// Takes the videos that another app shares with this one. It is asked for /share alone, and keeps nothing else.
const DATABASE = "streamtime-shared";
const STORE = "files";

addEventListener("install", () => skipWaiting());

addEventListener("fetch", (event) => {
  if (event.request.method === "POST") event.respondWith(take(event.request));
});

/** The page asks the person what to do with them, as any site may send a form here. */
async function take(request) {
  try {
    const form = await request.formData();
    await keep(form.getAll("videos").filter((entry) => entry instanceof File));
    return Response.redirect("/workspace", 303);
  } catch {
    return Response.redirect("/workspace?shared=lost", 303);
  }
}

async function keep(files) {
  const database = await open();
  try {
    await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite");
      for (const file of files) transaction.objectStore(STORE).add({ file, at: Date.now() });
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** As in src/lib/upload/shared.ts, which takes them out again. */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
