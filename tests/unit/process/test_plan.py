"""Frame grids, ladders and chunks, by their laws."""

from fractions import Fraction
from itertools import pairwise

import pytest

from functions.core.errors import SourceRejectedError
from functions.core.settings import Rung
from functions.process import plan
from functions.process.plan import STANDARD_RATES, Container, Source

LADDER = tuple(
    Rung(height=height, crf=22, maxrate_kbps=maxrate, preset="veryfast")
    for height, maxrate in [(1080, 5000), (720, 2800), (480, 1400), (360, 800)]
)
LENGTHS = [1, 2, 49, 50, 51, 99, 100, 199, 250, 549, 550, 1500, 4321, 90_000, 215_784]


def source(
    seconds: float = 60, width: int = 1920, height: int = 1080, rate: Fraction = Fraction(30)
) -> Source:
    return Source(
        container=Container.MOV,
        seconds=Fraction(seconds),
        start_time=0,
        width=width,
        height=height,
        average_rate=rate,
        nominal_rate=rate,
        rotation=0,
        turned=False,
        hdr=False,
        wide_gamut=False,
        assumed_matrix="",
        interlaced=False,
        untimed=False,
        reordered=False,
        video_codec="h264",
        video_stream=0,
        audio=None,
    )


@pytest.mark.parametrize("concurrency", [1, 2, 10, 40])
@pytest.mark.parametrize("rate", STANDARD_RATES)
def test_chunks_cover_every_frame_once_and_begin_on_segments(rate: Fraction, concurrency: int) -> None:
    for frames in LENGTHS:
        check_chunks(frames, rate, concurrency)


def check_chunks(frames: int, rate: Fraction, concurrency: int) -> None:
    made = plan.make(source(frames / rate, rate=rate), "", ladder=LADDER, concurrency=concurrency)
    assert made.fps == rate
    assert made.frames == frames
    assert sum(chunk.frames for chunk in made.chunks) == frames
    assert made.chunks[0].first_frame == 0
    for before, after in pairwise(made.chunks):
        assert before.first_frame + before.frames == after.first_frame
    assert [chunk.index for chunk in made.chunks] == list(range(len(made.chunks)))
    assert all(chunk.first_frame % made.segment_frames == 0 for chunk in made.chunks)
    assert made.chunk_frames % made.segment_frames == 0
    assert len(made.chunks) == 1 or 2 * made.chunks[-1].frames >= made.segment_frames
    assert 7.9 < made.chunk_frames / made.fps < 48.1
    assert (made.frame_ticks * rate).denominator == 1
    assert made.frame_ticks * rate == made.timescale


@pytest.mark.parametrize("concurrency", [2, 4, 10])
@pytest.mark.parametrize("minutes", [1, 2, 5, 30, 120])
def test_workers_share_a_video_to_its_end(minutes: int, concurrency: int) -> None:
    made = plan.make(source(60 * minutes), "", ladder=LADDER, concurrency=concurrency)
    chunk_seconds = made.chunk_frames / made.fps
    rounds = -(-len(made.chunks) // concurrency)
    assert rounds * chunk_seconds <= Fraction(60 * minutes, concurrency) + chunk_seconds
    assert rounds >= 4 or chunk_seconds == 8


@pytest.mark.parametrize(
    ("average", "nominal", "grid"),
    [
        ("25", "25", "25"),
        ("29.97", "30000/1001", "30000/1001"),
        ("30000/1001", "60", "60"),
        ("299/10", "30", "30000/1001"),
        ("23.98", "24000/1001", "24000/1001"),
        ("15", "15", "30"),
        ("10", "10", "30"),
        ("5", "5", "25"),
        ("1", "1", "24"),
        ("120", "120", "60"),
        ("100", "100", "50"),
        ("240000/1001", "240000/1001", "60000/1001"),
        ("8.66", "30", "30"),
        ("27.3", "90", "30000/1001"),
        ("22", "0", "24000/1001"),
        ("0", "25", "25"),
    ],
)
def test_the_grid_fits_the_source(average: str, nominal: str, grid: str) -> None:
    assert plan.frame_grid(Fraction(average), Fraction(nominal)) == Fraction(grid)


@pytest.mark.parametrize(
    ("width", "height", "frames"),
    [
        (1920, 1080, [(1920, 1080), (1280, 720), (854, 480), (640, 360)]),
        (3840, 2160, [(1920, 1080), (1280, 720), (854, 480), (640, 360)]),
        (1080, 1920, [(1080, 1920), (720, 1280), (480, 854), (360, 640)]),
        (1920, 800, [(1728, 720), (1152, 480), (864, 360)]),
        (1440, 1080, [(1440, 1080), (960, 720), (640, 480), (480, 360)]),
        (720, 720, [(720, 720), (480, 480), (360, 360)]),
        (321, 241, [(320, 240)]),
        (240, 4000, [(240, 4000)]),
    ],
)
def test_the_ladder_never_enlarges(width: int, height: int, frames: list[tuple[int, int]]) -> None:
    rungs = plan.rungs(width, height, LADDER)
    assert [(rung.frame_width, rung.frame_height) for rung in rungs] == frames
    assert all(rung.height == min(rung.frame_width, rung.frame_height) for rung in rungs)


@pytest.mark.parametrize(
    ("refused", "what"),
    [
        ("too_long", {"seconds": 3601}),
        ("too_large", {"width": 8000, "height": 8000}),
        ("too_large", {"seconds": 3600, "width": 7680, "height": 4320, "rate": Fraction(60)}),
        ("no_video", {"width": 8, "height": 1080}),
        ("corrupt", {"width": 0, "height": 0}),
        ("corrupt", {"height": 0}),
        ("too_long", {"seconds": 10**10}),
    ],
)
def test_limits(refused: str, what: dict[str, int]) -> None:
    with pytest.raises(SourceRejectedError, match=refused):
        check(source(**what))


@pytest.mark.parametrize(
    "what",
    [
        {"seconds": 3600, "rate": Fraction(60)},
        {"seconds": 3600, "width": 3840, "height": 2160},
        {"seconds": 3600, "width": 360, "height": 240, "rate": Fraction(240)},
    ],
)
def test_what_costs_no_more_than_full_hd_is_allowed(what: dict[str, int]) -> None:
    check(source(**what))


def check(given: Source) -> None:
    plan.check_picture(given, max_pixels=36_000_000)
    plan.check_length(given, max_seconds=3600)
    made = plan.make(given, "", ladder=LADDER, concurrency=2)
    plan.check_cost(made, max_seconds=3600)
