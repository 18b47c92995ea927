"""The sound of a file that takes long to read: in pieces that nobody hears the joints of."""

import math
from collections.abc import Callable
from fractions import Fraction

import pytest

from functions.process import plan
from functions.process.plan import Container
from tests.unit.process.conftest import Clips, Outcome, Pipeline, ffmpeg

Upload = Callable[[bytes], Pipeline]
PIECE = 2 * plan.AUDIO_GRID_FRAMES  # 3.2 s


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "LONG_READ_BYTES", 0)
    monkeypatch.setattr(plan, "AUDIO_CHUNK_FRAMES", PIECE)


def heard(pipeline: Pipeline) -> memoryview:
    """Decode the sound as a player would: mono, 16 bit, 48,000 a second."""
    path = pipeline.folder / "heard.raw"
    playlist = str(pipeline.folder / "a/index.m3u8")
    _, complaints = ffmpeg("-i", playlist, "-ac", "1", "-f", "s16le", str(path))
    assert complaints == ""
    return memoryview(path.read_bytes()).cast("h")


def difference(one: memoryview, other: memoryview) -> float:
    """How far below the sound the difference is, in decibel."""
    assert len(one) == len(other)
    loudness = sum(value * value for value in one)
    noise = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    return math.inf if not noise else 10 * math.log10(loudness / noise)


def run(upload: Upload, clip: bytes) -> tuple[Pipeline, Outcome]:
    pipeline = upload(clip)
    return pipeline, pipeline.run()


def test_only_a_file_that_takes_long_to_read_is_taken_in_pieces() -> None:
    hours = Fraction(2 * 3600)
    assert [it.frames for it in plan.audio_chunks(hours, plan.LONG_READ_BYTES - 1, Container.MOV)] == [None]
    assert [it.frames for it in plan.audio_chunks(hours, plan.LONG_READ_BYTES, Container.MATROSKA)] == [None]
    pieces = plan.audio_chunks(hours, plan.LONG_READ_BYTES, Container.MOV)
    assert len(pieces) == 24
    assert pieces[-1].frames is None
    assert [it.starts_at for it in pieces[:3]] == [0, Fraction("300.8"), Fraction("601.6")]


@pytest.mark.parametrize(("seconds", "pieces"), [(1, 1), (449, 1), (453, 2), (750, 2), (754, 3)])
def test_a_short_tail_stays_with_the_piece_before_it(seconds: int, pieces: int) -> None:
    assert len(plan.audio_chunks(Fraction(seconds), plan.LONG_READ_BYTES, Container.MOV)) == pieces


@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
def test_pieces_sound_like_the_whole(
    clips: Clips, upload: Upload, request: pytest.FixtureRequest, rate: int
) -> None:
    clip = clips.make(sound=rate)
    whole, _ = run(upload, clip)
    request.getfixturevalue("in_pieces")
    pieces, outcome = run(upload, clip)
    assert [it["segments"] > 0 for it in outcome.sound] == [True] * 3
    assert difference(heard(whole), heard(pieces)) > 60  # decibel


def test_sound_that_begins_late_and_ends_early_has_silence_around_it(
    clips: Clips, upload: Upload, in_pieces: None
) -> None:
    click = "aevalsrc='if(between(t,1,1.5),sin(2000*PI*t),0)':s=48000:d=2"
    late = ("-map", "0:v", "-map", "2:a", "-af", "asetpts=PTS+4/TB")
    pipeline, outcome = run(upload, clips.make(*late, extra_input=click, seconds=16))
    assert len(outcome.sound) == 5
    sound = heard(pipeline)
    assert len(sound) / 48_000 == pytest.approx(16, abs=0.05)
    loud = [at for at in range(0, len(sound), 480) if max(sound[at : at + 480]) > 3000]
    assert loud[0] / 48_000 == pytest.approx(5, abs=0.02)
    assert loud[-1] / 48_000 == pytest.approx(5.5, abs=0.02)
