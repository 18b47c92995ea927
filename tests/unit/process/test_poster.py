"""The pictures that may stand for a video: none empty, none twice, and one's own of that very moment."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageStat

from functions.core.errors import SourceRejectedError
from functions.process import media, poster, resize
from tests.unit.process.conftest import Clips, Pipeline

Upload = Callable[[bytes], Pipeline]
# Black, then three scenes of colour with something in them.
SCENES = (
    "drawbox=c=black:t=fill:enable='lt(t,3)',drawbox=x=40:y=30:w=200:h=90:c=red:t=fill:enable='between(t,3,6)',"
    "drawbox=x=10:y=110:w=380:h=120:c=yellow:t=fill:enable='gt(t,9)'"
)


def made(pipeline: Pipeline) -> list[int]:
    plan = pipeline.probe()
    answer = pipeline.call(poster.handle, job=pipeline.job, plan=plan)
    pipeline.call(resize.handle, **answer)
    times: list[int] = answer["posters"]
    return times


def test_three_different_pictures_are_offered_and_none_is_empty(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make("-vf", SCENES, seconds=12))
    times = made(pipeline)
    assert len(set(times)) == len(times) == 3
    pictures = [(pipeline.folder / f"posters/{at_ms}.jpg").read_bytes() for at_ms in times]
    assert all(media.says_something(picture) for picture in pictures)
    assert all(media.differ(one, two) for one, two in zip(pictures, pictures[1:] + pictures[:1], strict=True))
    assert (pipeline.folder / "poster.jpg").read_bytes() == pictures[0]
    for at_ms in times:
        with Image.open(pipeline.folder / f"posters/{at_ms}-card.jpg") as card:
            assert card.size == (426, 240)


def test_a_still_video_has_one_picture_and_a_black_one_has_that(clips: Clips, upload: Upload) -> None:
    still = "select=eq(n\\,0),loop=-1:size=1,setpts=N/25/TB"
    assert len(made(upload(clips.make("-vf", still, "-t", "4", seconds=4, sound=None)))) == 1
    assert len(made(upload(clips.make("-vf", "drawbox=c=black:t=fill", seconds=4)))) == 1


def test_a_repeated_run_offers_the_same(clips: Clips, upload: Upload) -> None:
    clip = clips.make("-vf", SCENES, seconds=12)
    assert made(upload(clip)) == made(upload(clip))


def test_a_picture_of_ones_own_is_of_that_very_moment(clips: Clips, upload: Upload) -> None:
    change = "drawbox=c=black:t=fill:enable='lt(t,5.4)',drawbox=c=white:t=fill:enable='gte(t,5.4)'"
    pipeline = upload(clips.make("-vf", change, seconds=8))
    plan = pipeline.probe()
    for at_ms, bright in ((5300, False), (5400, True)):
        answer = pipeline.call(poster.handle, job=pipeline.job, plan=plan, at_ms=at_ms)
        frame = pipeline.call(resize.handle, job=pipeline.job, at_ms=at_ms, **answer)
        files = [pipeline.folder / f"posters/{at_ms}{kind}.jpg" for kind in ("", "-card")]
        assert frame == {"at_ms": at_ms, "bytes": sum(file.stat().st_size for file in files)}
        with Image.open(files[1]) as card:
            assert (ImageStat.Stat(card.convert("L")).mean[0] > 128) is bright


def test_there_is_no_picture_after_the_end(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make(seconds=2))
    with pytest.raises(SourceRejectedError):
        pipeline.call(poster.handle, job=pipeline.job, plan=pipeline.probe(), at_ms=60_000)


def test_a_run_begun_under_the_release_before_still_gets_its_card(clips: Clips, upload: Upload) -> None:
    pipeline = upload(clips.make(seconds=2))
    answer = pipeline.call(poster.handle, job=pipeline.job, plan=pipeline.probe())
    pipeline.call(resize.handle, job=pipeline.job, poster_key=answer["poster_key"])
    assert (pipeline.folder / "card.jpg").exists()
