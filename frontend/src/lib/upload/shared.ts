/** Videos that another app shared with this one: the service worker (public/sw.js) keeps them for the page. */

const DATABASE = "streamtime-shared";
const STORE = "files";
/** Long enough to sign in first; nobody should find somebody's video weeks later. */
const KEPT_MS = 24 * 3_600_000;

interface Kept {
  id: number;
  file: File;
  at: number;
}

export interface SharedFile {
  file: File;
  /** Leaves it to another tab, or to this one after a reload. */
  release: () => void;
  /** It is uploaded, or not wanted. */
  forget: () => Promise<void>;
}

/** Those that no other tab has taken: they are this tab's until it releases them or ends. */
export async function takeShared(): Promise<SharedFile[]> {
  const kept: Kept[] = await stored("readonly", (store) => store.getAll());
  const taken = await Promise.all(
    kept.map(async ({ id, file, at }) => {
      const release = await claim(id);
      if (!release) return null;
      const forget = async () => {
        await stored("readwrite", (store) => store.delete(id));
        release();
      };
      if (Date.now() - at < KEPT_MS) return { file, release, forget };
      await forget();
      return null;
    }),
  );
  return taken.filter((shared) => shared !== null);
}

export async function forgetShared(): Promise<void> {
  await stored("readwrite", (store) => store.clear());
}

function claim(id: number): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`shared-${id}`, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

async function stored<Result>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await open();
  try {
    return await new Promise<Result>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
