/** Makes the video that the tests upload, unless SAMPLE_VIDEO names one. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PYTHON = join(import.meta.dirname, "../../.venv/bin/python");

/** From FFMPEG, from the project's own virtual environment, or from the PATH. */
function ffmpeg(): string {
  if (process.env.FFMPEG) return process.env.FFMPEG;
  if (!existsSync(PYTHON)) return "ffmpeg";
  const script = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
  return execFileSync(PYTHON, ["-c", script], { encoding: "utf8" }).trim();
}

/** Makes a video that any browser plays as it is. */
export function makeVideo(
  path: string,
  { seconds = 12, size = "1280x720", source = "testsrc2", options = "" } = {},
): void {
  const input = ["-f", "lavfi", "-i", `${source}=size=${size}:rate=25:duration=${seconds}:${options}`];
  const tone = ["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=48000:duration=${seconds}`];
  const video = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p"];
  const audio = ["-c:a", "aac", "-shortest", "-movflags", "+faststart"];
  execFileSync(ffmpeg(), ["-v", "error", "-y", ...input, ...tone, ...video, ...audio, path]);
}

export default function makeSampleVideo(): void {
  if (process.env.SAMPLE_VIDEO) return;
  const path = join(mkdtempSync(join(tmpdir(), "streamtime-e2e-")), "A day at the sea – été, 海.mp4");
  makeVideo(path);
  process.env.SAMPLE_VIDEO = path;
}
