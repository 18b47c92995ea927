"""The pictures over the seek bar: the right one at each time, of any length, and ready without them."""

import io
import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from PIL import Image, ImageStat

from functions.core.keys import STORYBOARD, STORYBOARD_SHEET
from functions.process import media, package, storyboard
from tests.unit.process.conftest import Clips, Outcome, Pipeline

Upload = Callable[[bytes], Pipeline]
CUE = re.compile(
    r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})\nstoryboard\.jpg#xywh=([\d,]+)"
)
# Dark for as many seconds, then bright.
CHANGE = 7
LIT = f"drawbox=c=black:t=fill:enable='lt(t,{CHANGE})',drawbox=c=white:t=fill:enable='gte(t,{CHANGE})'"


def cues(pipeline: Pipeline) -> list[tuple[float, float, tuple[int, ...]]]:
    text = (pipeline.folder / STORYBOARD).read_text()
    assert text.startswith("WEBVTT\n\n")
    found = []
    for match in CUE.finditer(text):
        numbers = [float(part) for part in match.groups()[:6]]
        start, end = (3600 * h + 60 * m + s for h, m, s in (numbers[:3], numbers[3:]))
        found.append((start, end, tuple(int(n) for n in match[7].split(","))))
    assert len(found) == text.count("-->")
    return found


def sheet(pipeline: Pipeline) -> Image.Image:
    return Image.open(io.BytesIO((pipeline.folder / STORYBOARD_SHEET).read_bytes())).convert("RGB")


def check(pipeline: Pipeline, outcome: Outcome) -> None:
    picture = sheet(pipeline)
    found = cues(pipeline)
    assert outcome.package["storyboard"] is True
    assert found[0][0] == 0
    assert [end for _, end, _ in found[:-1]] == [start for start, *_ in found[1:]]
    assert found[-1][1] == pytest.approx(outcome.plan["duration_ms"] / 1000, abs=0.002)
    assert len({place for *_, place in found}) == len(found) <= storyboard.MOST_TILES
    for *_, (x, y, width, height) in found:
        assert (x + width, y + height) <= picture.size
    for start, _, (x, y, width, height) in found:
        tile = picture.crop((x, y, x + width, y + height)).convert("L")
        assert (ImageStat.Stat(tile).mean[0] > 128) is (start >= CHANGE), start


def test_a_short_video_has_a_picture_for_every_second(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make("-vf", LIT, seconds=13))
    check(pipeline, pipeline.run())
    assert [start for start, *_ in cues(pipeline)] == [*range(13)]
    assert sheet(pipeline).size == (10 * 160, 2 * 90)


def test_of_a_long_video_key_frames_are_taken(
    clips: Clips, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storyboard, "SHORT_SECONDS", 10)
    monkeypatch.setattr(storyboard, "MOST_TILES", 3)
    pipeline = upload(clips.make("-vf", LIT, seconds=21))
    check(pipeline, pipeline.run())
    assert [start for start, *_ in cues(pipeline)] == [0, 8, 16]


def test_an_upright_video_has_upright_pictures(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make("-vf", LIT, size="240x426", seconds=8))
    check(pipeline, pipeline.run())
    assert cues(pipeline)[0][2] == (0, 0, 90, 160)


def test_a_video_of_one_frame_has_one_picture(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make("-frames:v", "1", seconds=1, sound=None))
    pipeline.run()
    assert len(cues(pipeline)) == 1
    assert ImageStat.Stat(sheet(pipeline).convert("L")).stddev[0] > 10


def test_a_video_is_ready_without_them(clips: Clips, upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(media, "tile", broken)
    pipeline = upload(clips.make(seconds=2))
    assert pipeline.run().package["storyboard"] is False
    assert not (pipeline.folder / STORYBOARD).exists()
    assert (pipeline.folder / "master.m3u8").exists()


def test_the_sheet_of_a_six_hour_video_reads_a_hundred_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    times = tuple(Fraction(216 * tile) for tile in range(100))
    six_hours = storyboard.Sheet(160, 90, times, Fraction(6 * 3600))
    assert (six_hours.columns, six_hours.rows) == (10, 10)
    assert six_hours.cues().endswith("05:56:24.000 --> 06:00:00.000\nstoryboard.jpg#xywh=1440,810,160,90\n")
    assert package.STORYBOARD_SECONDS <= 60
