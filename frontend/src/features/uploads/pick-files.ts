/** Choosing files: with handles where the browser has them, so that a reload can continue by itself. */

export interface PickedFile {
  file: File;
  handle: FileSystemFileHandle | null;
}

/** Not yet in TypeScript's DOM types. */
type OpenFilePicker = (options: {
  multiple?: boolean;
  types?: { description: string; accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle[]>;

interface PermissionHandle {
  queryPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
  requestPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
}

export async function pickFiles(multiple: boolean): Promise<PickedFile[]> {
  const picker = (window as { showOpenFilePicker?: OpenFilePicker }).showOpenFilePicker;
  if (!picker) return (await pickWithInput(multiple)).map((file) => ({ file, handle: null }));
  try {
    // No list of types: what a file is, is found out by looking into it, not by its name.
    const handles = await picker({ multiple });
    return await Promise.all(handles.map(async (handle) => ({ handle, file: await handle.getFile() })));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return [];
    throw error;
  }
}

function pickWithInput(multiple: boolean, { folder = false } = {}): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = multiple;
    input.webkitdirectory = folder;
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.oncancel = () => resolve([]);
    input.click();
  });
}

/** The videos of a folder and of those within it; null if the person chose none. */
export async function pickFolder(): Promise<PickedFile[] | null> {
  const picker = (window as { showDirectoryPicker?: () => Promise<FileSystemDirectoryHandle> })
    .showDirectoryPicker;
  if (!picker) {
    const files = await pickWithInput(true, { folder: true });
    if (files.length === 0) return null;
    return files.filter(looksLikeVideo).map((file) => ({ file, handle: null }));
  }
  try {
    return await videosIn(await picker());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

export function canPickFolders(): boolean {
  return "webkitdirectory" in HTMLInputElement.prototype;
}

/** Files as they were dropped, and the videos of folders. */
export async function droppedFiles(data: DataTransfer): Promise<PickedFile[]> {
  // Everything must be asked for before the first await: the list is empty after the event.
  const asked = [...data.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry(), handle: handleOf(item) }));
  const found = await Promise.all(
    asked.map(async ({ file, entry, handle }) => {
      const known = await handle.catch(() => null);
      if (known?.kind === "directory") return videosIn(known as FileSystemDirectoryHandle);
      if (entry?.isDirectory) return videosOf(entry as FileSystemDirectoryEntry);
      return file ? [{ file, handle: known as FileSystemFileHandle | null }] : [];
    }),
  );
  return found.flat();
}

async function handleOf(item: DataTransferItem): Promise<FileSystemHandle | null> {
  const ask = (item as { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> })
    .getAsFileSystemHandle;
  return ask ? ask.call(item) : null;
}

/** Not yet in TypeScript's DOM types. */
type Entries = { values(): AsyncIterable<FileSystemFileHandle | FileSystemDirectoryHandle> };

async function videosIn(folder: FileSystemDirectoryHandle): Promise<PickedFile[]> {
  const found: PickedFile[] = [];
  for await (const handle of (folder as unknown as Entries).values()) {
    if (handle.kind === "directory") found.push(...(await videosIn(handle)));
    else {
      const file = await handle.getFile();
      if (looksLikeVideo(file)) found.push({ file, handle });
    }
  }
  return found;
}

/** The same where the browser has no handles. */
async function videosOf(folder: FileSystemDirectoryEntry): Promise<PickedFile[]> {
  const reader = folder.createReader();
  const found: PickedFile[] = [];
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return found;
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await videosOf(entry as FileSystemDirectoryEntry)));
      else {
        const file = await new Promise<File>((resolve, reject) =>
          (entry as FileSystemFileEntry).file(resolve, reject),
        );
        if (looksLikeVideo(file)) found.push({ file, handle: null });
      }
    }
  }
}

const VIDEO_NAME =
  /\.(3g[2p]|asf|avi|flv|m2ts|m4v|mk3d|mkv|mov|mp4|mpe?g|mpg|mts|mxf|ogm|ogv|ts|vob|webm|wmv)$/i;

/** A folder holds all kinds of things; of files chosen one by one the name doesn't matter. */
function looksLikeVideo(file: File): boolean {
  const hidden = file.name.startsWith(".");
  return !hidden && (file.type.startsWith("video/") || VIDEO_NAME.test(file.name));
}

/** The remembered file, if the person lets us read it again and it is still there. */
export async function reopen(handle: FileSystemFileHandle): Promise<File | null> {
  const permission = handle as PermissionHandle;
  try {
    const granted =
      (await permission.queryPermission?.({ mode: "read" })) === "granted" ||
      (await permission.requestPermission?.({ mode: "read" })) === "granted";
    return granted ? await handle.getFile() : null;
  } catch {
    return null;
  }
}
