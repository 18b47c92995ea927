"""Upgrade and roll back: each release serves what the other wrote, on this one's schema."""

from typing import Any

import pytest
from releases import THIS

from local.settings import ROOT

SIGNED = {"poster_url"}  # made anew for every answer
NEWEST = max((ROOT / "migrations" / "versions").glob("[0-9]*.py")).name.partition("_")[0]


def differences(before: Any, now: Any, at: str) -> list[str]:
    """Say where two answers differ, the one of the release before first: this one may tell more."""
    if isinstance(before, dict) and isinstance(now, dict):
        pairs = [(name, value, now.get(name, "(missing)")) for name, value in before.items()]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(str(number), *pair) for number, pair in enumerate(zip(before, now, strict=True))]
    else:
        return [] if before == now else [f"{at}: {before!r} is now {now!r}"]
    return [
        found
        for name, old, new in pairs
        if name not in SIGNED
        for found in differences(old, new, f"{at} {name}")
    ]


def test_whoever_was_signed_in_still_is_and_is_told_the_same(drive, previous):
    for path, before in drive.told[previous].items():
        assert differences(before, drive.told[THIS][path], path) == []


def test_every_byte_of_what_was_ready_plays_as_before(drive, previous):
    assert {name.partition("/")[0] for name in drive.played[previous]} == {drive.draft, drive.public}
    assert drive.played[previous] == drive.played[THIS]


def test_the_schema_stays_the_newest(drive, schema):
    assert schema == NEWEST


def test_an_upload_that_was_under_way_is_continued_and_becomes_ready(drive):
    owner, upload = drive.owner, drive.upload
    stored = owner.ask("GET", f"/api/uploads/{drive.unfinished}")["parts"]
    assert [part["number"] for part in stored] == [1]
    owner.put_parts(upload, drive.film, [2])
    owner.ask("POST", f"/api/uploads/{drive.unfinished}/complete")
    video = owner.settled(drive.unfinished)
    assert video["state"] == "ready", video["failure"]


def test_a_failed_video_is_tried_again_from_the_kept_source(drive):
    assert drive.owner.ask("POST", f"/api/videos/{drive.failed}/retry")["state"] in {"uploaded", "processing"}
    assert drive.owner.settled(drive.failed)["failure"]["code"] == "not_a_video"


def test_a_trashed_video_is_restored_and_plays(drive, tmp_path):
    drive.owner.ask("POST", f"/api/videos/{drive.trashed}/restore")
    assert drive.owner.download(drive.trashed, tmp_path)


def test_a_draft_is_edited_published_and_found(drive):
    draft = drive.owner.video(drive.draft)
    address, version = f"/api/videos/{drive.draft}", f'"{draft["version"]}"'
    drive.owner.ask("PATCH", address, {"title": "Edited"}, if_match=version)
    drive.owner.ask("POST", f"{address}/publish")
    explored = drive.visitor.ask("GET", "/api/explore?limit=100")["items"]
    assert [video["title"] for video in explored if video["id"] == drive.draft] == ["Edited"]


def test_changes_are_told_on_from_where_the_other_release_ended(drive, previous):
    (latest,) = {told["owner: events?after=0"]["latest"] for told in drive.told.values()}
    drive.owner.ask("DELETE", f"/api/videos/{drive.public}")
    told = drive.owner.ask("GET", f"/api/events?after={latest}")
    assert [event["seq"] for event in told["items"]] == list(range(latest + 1, told["latest"] + 1))
    assert told["items"][-1]["video"]["trashed_at"]


@pytest.mark.parametrize("drive", ["rolled back"], indirect=True)
def test_the_release_before_passes_its_own_system_tests_on_this_ones_schema(drive, stage, schema):
    assert schema == NEWEST
    # What many do at once shows how fast a machine is, and nothing about a schema.
    stage.run("-m", "pytest", "tests/system", "-q", "-k", "not at_once")
