/** A picture of a file that the browser can play, made here: nothing is sent for it. */

const WIDTH = 640;
const PATIENCE_MS = 15_000;

/** An address of a picture from the first seconds; null if the browser can't play the file. */
export async function pictureOf(file: Blob): Promise<string | null> {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    video.muted = true;
    video.preload = "auto";
    video.src = address;
    await happens(video, "loadeddata", patience);
    if (video.videoWidth === 0) return null;
    // The very first picture is often black.
    video.currentTime = Number.isFinite(video.duration) ? Math.min(3, video.duration / 10) : 0;
    await happens(video, "seeked", patience);
    const canvas = document.createElement("canvas");
    canvas.width = Math.min(WIDTH, video.videoWidth);
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    return picture && URL.createObjectURL(picture);
  } catch {
    return null;
  } finally {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(address);
  }
}

function happens(video: HTMLVideoElement, event: string, patience: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    video.addEventListener(event, () => resolve(), { once: true });
    video.addEventListener("error", () => reject(video.error), { once: true });
    patience.addEventListener("abort", () => reject(patience.reason), { once: true });
  });
}
