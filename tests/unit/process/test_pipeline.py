"""The whole of processing, in one process, over real clips and the real ffmpeg."""

import io
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from functions.core.errors import SourceRejectedError
from functions.process import fmp4, sandbox
from functions.process.package import IncompleteError
from functions.process.sandbox import MediaError
from tests.unit.process.conftest import Clips, Pipeline, ffmpeg

HDR = "log-level=0:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
# Each kind of source, and the frame rate and count it must come out with.
CLIPS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "25 fps": ("25", 275, {}),
    "29.97 fps, 44.1 kHz": ("30000/1001", 330, {"rate": "30000/1001", "sound": 44_100}),
    "no sound": ("25", 275, {"sound": None}),
    "webm, vp9, opus": (
        "25",
        275,
        {
            "codec": "libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k",
            "options": ["-c:a", "libopus"],
            "suffix": ".webm",
        },
    ),
    "mkv, open gop": ("25", 275, {"suffix": ".mkv", "options": ["-bf", "3", "-x264-params", "open-gop=1"]}),
    "mov, index at the front": ("25", 275, {"options": ["-movflags", "+faststart"], "suffix": ".mov"}),
    "fragmented": ("25", 276, {"options": ["-movflags", "+frag_keyframe+empty_moov"]}),
    "variable rate": (
        "30",
        330,
        {
            "rate": "30",
            "options": ["-vf", "select='if(lt(t,5),not(mod(n,3)),not(mod(n,7)))'", "-fps_mode", "vfr"],
        },
    ),
    "late start": ("25", 275, {"options": ["-bf", "2", "-output_ts_offset", "1.37"], "suffix": ".mkv"}),
    "recorded live, 15 fps": ("30", 330, {"options": ["-live", "1", "-vf", "fps=15"], "suffix": ".mkv"}),
    "5 fps, b-frames": ("25", 275, {"rate": "5", "options": ["-bf", "3", "-preset", "fast", "-g", "9"]}),
}
MPEG4 = "mpeg4 -q:v 3 -bf 2"
# Containers without an index, by the demuxer of each.
COPIED: dict[str, tuple[str, int, dict[str, Any]]] = {
    "mpegts": ("25", 275, {"suffix": ".ts", "options": ["-bf", "2"]}),
    "mpegts, m2ts": ("30000/1001", 330, {"suffix": ".m2ts", "rate": "30000/1001"}),
    "mpeg": ("25", 275, {"suffix": ".vob", "codec": "mpeg2video -q:v 3 -bf 2 -maxrate 9M -bufsize 1835k"}),
    "flv": ("25", 275, {"suffix": ".flv", "sound": 44_100, "options": ["-bf", "2", "-c:a", "aac"]}),
    "ogg": ("25", 275, {"suffix": ".ogv", "codec": "libtheora -q:v 8", "options": ["-c:a", "libvorbis"]}),
    "asf": ("25", 275, {"suffix": ".wmv", "codec": "wmv2 -q:v 3"}),
}
CHANGED_PICTURES: dict[str, tuple[str, int, dict[str, Any]]] = {
    "interlaced": (
        "25",
        275,
        {
            "options": ["-vf", "tinterlace=interleave_top,fieldorder=tff", "-flags", "+ilme+ildct"],
            "rate": "50",
        },
    ),
    "slow motion": ("60", 540, {"rate": "120", "seconds": 9, "sound": None}),
    "hdr": (
        "25",
        225,
        {"codec": f"libx265 -preset ultrafast -x265-params {HDR} -pix_fmt yuv420p10le", "seconds": 9},
    ),
}
Upload = Callable[[bytes], Pipeline]


def make(clips: Clips, clip: dict[str, Any]) -> bytes:
    return clips.make(*clip.get("options", []), **{name: clip[name] for name in clip if name != "options"})


@pytest.mark.parametrize("kind", CLIPS | COPIED | CHANGED_PICTURES)
def test_a_video_comes_out_whole(kind: str, clips: Clips, upload: Upload) -> None:
    fps, frames, clip = (CLIPS | COPIED | CHANGED_PICTURES)[kind]
    pipeline = upload(make(clips, clip))
    outcome = pipeline.run()

    plan = outcome.plan
    assert (plan["fps"], plan["frames"]) == (fps, frames)
    assert plan["duration_ms"] == round(1000 * frames / Fraction(fps))
    assert sum(chunk["frames"] for chunk in plan["chunks"]) == frames
    for rung in plan["rungs"]:
        folder = pipeline.folder / f"v{rung['height']}"
        assert sum(made["frames"] for chunk in outcome.chunks for made in chunk["rungs"]) == 2 * frames
        tracks = [fmp4.read(path) for path in sorted(folder.glob("*.mp4"))]
        segments = [segment for track in tracks for segment in track.segments]
        assert segments[0].start == 0
        assert all(before.end == after.start for before, after in pairwise(segments))
        assert len({track.header_sha256 for track in tracks}) == 1
        printed, complaints = ffmpeg("-i", str(folder / "index.m3u8"), "-f", "framemd5", "-")
        assert complaints == ""
        times = [int(line.split(",")[2]) for line in printed.splitlines() if not line.startswith("#")]
        assert times == list(range(frames))
    assert ffmpeg("-i", str(pipeline.folder / "master.m3u8"), "-map", "0", "-f", "null", "-") == ("", "")
    assert outcome.package["stored_bytes"] == sum(
        path.stat().st_size for path in pipeline.folder.rglob("*") if path.is_file()
    )
    if kind not in CHANGED_PICTURES:
        shown = likeness(pipeline, plan, demuxer=kind.partition(",")[0] if kind in COPIED else None)
        assert len(shown) == frames
        assert min(shown) > 33


def likeness(pipeline: Pipeline, plan: Any, *, demuxer: str | None) -> list[float]:
    """Compare each frame with the source in one pass; neighbours are at most 26 dB alike: a slip shows."""
    source = [
        *(["-fflags", "+genpts"] if demuxer else ["-copyts"]),
        *["-itsoffset", str(-plan["start_time"]), "-f", demuxer or plan["container"]],
        *["-i", str(pipeline.source)],
    ]
    grid = f"[1:v]fps={plan['fps']}:start_time=0:round=near,settb=AVTB[a]"
    compare = f"{grid};[0:v]settb=AVTB[b];[b][a]psnr=f=-"
    made = str(pipeline.folder / "v240/index.m3u8")
    printed, _ = ffmpeg("-i", made, *source, "-filter_complex", compare, "-f", "null", "-")
    return [float(value) for value in re.findall(r"psnr_y:(\S+)", printed)]


def test_a_source_without_an_index_is_read_once(clips: Clips, upload: Upload) -> None:
    pipeline = upload(make(clips, COPIED["mpegts"][2]))
    plan = pipeline.probe()
    requested = pipeline.storage.requested
    requested.clear()
    pipeline.encode(plan, plan["chunks"][1])
    assert plan["container"] == "matroska"
    assert set(requested) == {"/" + plan["read_key"]}
    assert plan["read_key"] == f"work/{pipeline.job['video_id']}/1.mkv"


def test_a_recording_that_was_paused_goes_on(clips: Clips, upload: Upload) -> None:
    """Dashcams and cameras join transport streams whose clocks begin anew."""
    pipeline = upload(2 * make(clips, COPIED["mpegts"][2]))
    plan = pipeline.probe()
    assert plan["duration_ms"] == pytest.approx(22_000, abs=100)
    assert (
        sum(pipeline.encode(plan, chunk)["rungs"][0]["frames"] for chunk in plan["chunks"]) == plan["frames"]
    )


def test_the_playlists_tell_the_truth(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make())
    outcome = pipeline.run()
    master = (pipeline.folder / "master.m3u8").read_text()
    for rendition in outcome.package["renditions"]:
        files = sorted((pipeline.folder / f"v{rendition['height']}").glob("*.mp4"))
        assert rendition["bytes"] == sum(path.stat().st_size for path in files)
        line = next(line for line in master.splitlines() if f"x{rendition['height']}," in line)
        assert f"BANDWIDTH={rendition['bandwidth']}," in line
        assert f"AVERAGE-BANDWIDTH={rendition['average_bandwidth']}," in line
        assert f"RESOLUTION={rendition['width']}x{rendition['height']},FRAME-RATE=25.000" in line
        assert f'CODECS="{rendition["codecs"]}"' in line
        sound = outcome.package["audio_bytes"]
        assert rendition["average_bandwidth"] == pytest.approx(
            8 * (rendition["bytes"] + sound) / 11, rel=0.02
        )
        assert rendition["bandwidth"] >= rendition["average_bandwidth"]
    assert [it["bytes"] for it in outcome.sound] == [outcome.package["audio_bytes"]]
    sound = (pipeline.folder / "a/index.m3u8").read_text()
    lengths = [float(value) for value in re.findall(r"#EXTINF:([\d.]+)", sound)]
    assert sum(lengths) == pytest.approx(11, abs=0.05)
    assert "#EXT-X-TARGETDURATION:4" in (pipeline.folder / "v240/index.m3u8").read_text()


def test_sound_keeps_its_place(clips: Clips, upload: Upload) -> None:
    """A click in the third second is heard there: AAC's run-in does not push it back."""
    click = "aevalsrc='if(between(t,2,2.01),sin(2000*PI*t),0)':s=48000:d=9"
    pipeline = upload(clips.make("-map", "0:v", "-map", "2:a", extra_input=click, seconds=9))
    pipeline.run()
    _, log = ffmpeg(
        "-v",
        "info",
        "-i",
        str(pipeline.folder / "a/index.m3u8"),
        "-af",
        "silencedetect=n=-20dB:d=0.2",
        "-f",
        "null",
        "-",
    )
    ends = [float(value) for value in re.findall(r"silence_end: ([\d.]+)", log)]
    assert ends[0] == pytest.approx(2, abs=0.005)


def test_a_portrait_video_stays_upright(clips: Clips, upload: Upload, tmp_path: Any) -> None:
    lying = tmp_path / "lying.mp4"
    lying.write_bytes(clips.make(size="480x270"))
    standing = tmp_path / "standing.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(lying), "-c", "copy", str(standing))
    pipeline = upload(standing.read_bytes())
    outcome = pipeline.run()
    assert (outcome.plan["width"], outcome.plan["height"]) == (270, 480)
    assert [(rung["frame_width"], rung["frame_height"]) for rung in outcome.plan["rungs"]] == [
        (240, 426),
        (120, 214),
    ]
    with Image.open(pipeline.folder / "poster.jpg") as image:
        assert image.size == (270, 480)
    printed, _ = ffmpeg(
        "-i",
        str(pipeline.folder / "v240/index.m3u8"),
        "-i",
        str(standing),
        "-filter_complex",
        "[1:v]scale=240:426,setsar=1[a];[0:v][a]psnr=f=-",
        "-frames:v",
        "5",
        "-f",
        "null",
        "-",
    )
    assert min(float(value) for value in re.findall(r"psnr_y:(\S+)", printed)) > 25


def test_oblong_pixels_become_square(clips: Clips, upload: Upload) -> None:
    plan = upload(clips.make("-vf", "setsar=16/11", size="352x288", seconds=1)).probe()
    assert (plan["width"], plan["height"]) == (512, 288)
    assert (plan["rungs"][0]["frame_width"], plan["rungs"][0]["frame_height"]) == (426, 240)


def test_the_poster_is_not_the_black_beginning(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make("-vf", "fade=in:st=4:d=0.5", "-g", "500"))
    outcome = pipeline.run()
    with Image.open(pipeline.folder / "poster.jpg") as image:
        assert image.size == (426, 240)
        assert max(image.convert("L").histogram()[64:]) > 0
        assert image.convert("L").getextrema()[1] > 128
    with Image.open(io.BytesIO((pipeline.folder / "card.jpg").read_bytes())) as card:
        assert outcome.card["poster"]["width"] == card.width == 426


def test_a_step_repeated_gives_the_same(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make(seconds=9))
    outcome = pipeline.run()
    again = pipeline.encode(outcome.plan, outcome.plan["chunks"][0])
    assert [rung["frames"] for rung in again["rungs"]] == [225, 225]
    names = {path.name for path in pipeline.folder.rglob("*")}
    assert (
        pipeline.package(outcome.plan)["renditions"][1]["codecs"]
        == outcome.package["renditions"][1]["codecs"]
    )
    assert {path.name for path in pipeline.folder.rglob("*")} == names


def test_a_missing_or_foreign_chunk_is_not_published(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make(seconds=17))
    plan = pipeline.run().plan
    (pipeline.folder / "master.m3u8").unlink()
    chunk = pipeline.folder / "v240/00001.mp4"
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[:-1])
    with pytest.raises(IncompleteError, match=r"v240/00001\.mp4"):
        pipeline.package(plan)
    chunk.write_bytes(whole)
    first, second = (pipeline.folder / f"segments/0000{index}.json" for index in (0, 1))
    second.write_bytes(first.read_bytes())
    with pytest.raises(IncompleteError):
        pipeline.package(plan)
    assert not (pipeline.folder / "master.m3u8").exists()


def test_a_chunk_with_another_header_is_not_recorded(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make(seconds=9))
    plan = pipeline.probe()
    assert set(plan["headers"]) == {"240", "120"}
    plan["headers"]["120"] = plan["headers"]["240"]
    with pytest.raises(MediaError, match="header"):
        pipeline.encode(plan, plan["chunks"][0])
    assert not list(pipeline.storage.keys(f"media/{pipeline.job['video_id']}/"))


def test_a_source_cut_after_probing_is_corrupt(clips: Clips, upload: Upload) -> None:
    clip = clips.make("-movflags", "+faststart", seconds=20)
    pipeline = upload(clip)
    plan = pipeline.probe()
    pipeline.source.write_bytes(clip[: len(clip) // 2])
    pipeline.encode(plan, plan["chunks"][0])
    for chunk in plan["chunks"][1:]:
        with pytest.raises(SourceRejectedError, match="corrupt"):
            pipeline.encode(plan, chunk)


def test_a_lost_connection_is_not_the_file_s_fault(
    clips: Clips, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sandbox._PROTOCOLS["http"], "reconnect_delay_max", 0)
    clip = clips.make("-movflags", "+faststart", seconds=20)
    pipeline = upload(clip)
    plan = pipeline.probe()
    pipeline.storage.break_connections_after(len(clip) // 2)
    with pytest.raises(MediaError):
        pipeline.encode(plan, plan["chunks"][1])


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_copy_of_half_a_source_is_never_made(
    share: float, clips: Clips, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sandbox._PROTOCOLS["http"], "reconnect_delay_max", 0)
    clip = make(clips, COPIED["mpegts"][2])
    pipeline = upload(clip)
    pipeline.storage.break_connections_after(int(share * len(clip)))
    with pytest.raises(MediaError):
        pipeline.probe()
    assert not list(pipeline.storage.keys("work/"))
