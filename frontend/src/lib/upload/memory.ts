/** This browser's unfinished uploads, kept in IndexedDB across reloads. */
import type { RememberedUpload, UploadMemory } from "./types";

const DATABASE = "streamtime";
const STORE = "uploads";

/** Storage may be forbidden or full: then uploads work, and only the one-click resume is lost. */
export const browserMemory: UploadMemory = {
  remember: (upload) => quietly(() => change((store) => store.put(upload)), undefined),
  forget: (videoId) => quietly(() => change((store) => store.delete(videoId)), undefined),
  all: () => quietly(readAll, []),
};

async function quietly<Result>(work: () => Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await work();
  } catch {
    return otherwise;
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "video_id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("The browser's storage is blocked."));
  });
}

async function change(work: (store: IDBObjectStore) => IDBRequest): Promise<void> {
  const database = await open();
  try {
    await new Promise<void>((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite");
      work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

async function readAll(): Promise<RememberedUpload[]> {
  const database = await open();
  try {
    return await new Promise<RememberedUpload[]>((resolve, reject) => {
      const request = database.transaction(STORE).objectStore(STORE).getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}
