/** One part over XMLHttpRequest: the only browser API that tells upload progress. */
import { PartRefusedError, type SendPart } from "./types";

/** A connection that moved no byte for this long is dead. */
const STALLED_MS = 45_000;

export const sendPart: SendPart = (url, part, { signal, onProgress }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    let stalled = setTimeout(() => request.abort(), STALLED_MS);
    const stop = () => request.abort();
    const settle = (finish: () => void) => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
      removeEventListener("offline", stop);
      finish();
    };
    request.upload.onprogress = ({ loaded }) => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
      onProgress(loaded);
    };
    request.onload = () =>
      settle(() => (request.status === 200 ? resolve() : reject(new PartRefusedError(request.status))));
    request.onerror = () => settle(() => reject(new PartRefusedError(0)));
    request.onabort = () => settle(() => reject(signal.aborted ? signal.reason : new PartRefusedError(0)));
    signal.addEventListener("abort", stop, { once: true });
    // What was on its way is lost, though the browser may take long to say so.
    addEventListener("offline", stop);
    request.open("PUT", url);
    request.send(part);
  });
