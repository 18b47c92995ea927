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

function pickWithInput(multiple: boolean): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = multiple;
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.oncancel = () => resolve([]);
    input.click();
  });
}

export async function droppedFiles(data: DataTransfer): Promise<PickedFile[]> {
  // Handles must be asked for before the first await: the list is empty after the event.
  const asked = [...data.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ file: item.getAsFile(), handle: handleOf(item) }));
  const picked = await Promise.all(
    asked.map(async ({ file, handle }) => {
      const known = await handle.catch(() => null);
      if (known?.kind === "directory" || !file) return null;
      return { file, handle: known as FileSystemFileHandle | null };
    }),
  );
  return picked.filter((item) => item !== null);
}

async function handleOf(item: DataTransferItem): Promise<FileSystemHandle | null> {
  const ask = (item as { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> })
    .getAsFileSystemHandle;
  return ask ? ask.call(item) : null;
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
