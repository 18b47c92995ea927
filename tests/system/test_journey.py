"""The main job from end to end: upload real videos, watch, publish, find, delete for good."""

import subprocess

import imageio_ffmpeg
import pytest
from client import eventually

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@pytest.mark.parametrize(
    ("name", "rungs"),
    [("bigbuckbunny.mp4", {720, 480, 360}), ("bikes.mp4", {272})],
)
def test_a_real_video_becomes_watchable_in_every_rung_without_a_warning(ann, samples, tmp_path, name, rungs):
    video = ann.settled(ann.upload(samples / name))
    assert video["state"] == "ready", video["failure"]
    playlists = ann.download(video["id"], tmp_path)
    heights = {int(path.parent.name[1:]) for path in playlists if path.parent.name.startswith("v")}
    assert heights == rungs
    for playlist in playlists:
        mapping = ["-map", "0"] if playlist.name == "master.m3u8" else []
        played = subprocess.run(
            [FFMPEG, "-v", "warning", "-i", str(playlist), *mapping, "-f", "null", "-"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (played.returncode, played.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("phone.mov", ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")),
        ("screen.mkv", ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")),
        ("recorder.ts", ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")),
        ("camera.avi", ("-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame")),
        ("page.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")),
    ],
)
def test_each_container_of_this_release_becomes_ready(ann, bucket, make_clip, name, codecs):
    video = ann.settled(ann.upload(make_clip(name, *codecs, seconds=5)))
    assert video["state"] == "ready", video["failure"]
    assert abs(video["duration_ms"] - 5000) < 120
    assert (video["width"], video["height"], video["title"]) == (640, 360, name.split(".")[0])
    eventually(lambda: not bucket.keys(f"work/{video['id']}"), what="tidying up")


def test_a_silent_video_is_as_good_as_any(ann, make_clip):
    assert ann.settled(ann.upload(make_clip("silent.mp4", sound=False, seconds=2)))["state"] == "ready"


def test_a_draft_is_published_as_it_is_and_found_by_another_person(person, make_clip):
    ann, bob = person("Ann"), person("Bob")
    video_id = ann.upload(make_clip("holiday.mp4", seconds=2), "Ferien am Meer 🌊.mp4")
    ann.settled(video_id)
    assert bob.get(f"/api/videos/{video_id}/watch").status_code == 404
    published = ann.ask("POST", f"/api/videos/{video_id}/publish")
    assert published["title"] == "Ferien am Meer 🌊"
    found = [video for video in bob.ask("GET", "/api/explore")["items"] if video["id"] == video_id]
    assert found[0]["owner"]["display_name"] == "Ann"
    assert not found[0]["mine"]
    assert bob.get(found[0]["poster_url"]).headers["content-type"] == "image/jpeg"
    of_ann = bob.ask("GET", f"/api/users/{found[0]['owner']['id']}/videos")["items"]
    assert [video["id"] for video in of_ann] == [video_id]
    ann.ask("POST", f"/api/videos/{video_id}/unpublish")
    assert all(video["id"] != video_id for video in bob.ask("GET", "/api/explore")["items"])
    assert bob.get(f"/api/videos/{video_id}/watch").status_code == 404


def test_explore_pages_through_everything_once(person, make_clip):
    ann = person("Ann")
    source = make_clip("page.mp4", seconds=1, size="160x120")
    published = []
    for _ in range(3):
        video_id = ann.upload(source)
        ann.settled(video_id)
        ann.ask("POST", f"/api/videos/{video_id}/publish")
        published.append(video_id)
    me = ann.ask("GET", "/api/me")["id"]
    seen, cursor = [], ""
    while cursor is not None:
        page = ann.ask("GET", f"/api/users/{me}/videos?limit=1" + (f"&cursor={cursor}" if cursor else ""))
        seen += [video["id"] for video in page["items"]]
        cursor = page["next_cursor"]
    assert seen == published[::-1]


def test_a_trashed_video_is_restored_whole(ann, bob, make_clip):
    video_id = ann.upload(make_clip("back.mp4", seconds=1))
    ann.settled(video_id)
    ann.ask("POST", f"/api/videos/{video_id}/publish")
    trashed = ann.ask("DELETE", f"/api/videos/{video_id}")
    assert trashed["purge_at"] > trashed["trashed_at"]
    assert bob.get(f"/api/videos/{video_id}/watch").status_code == 404
    assert video_id in [video["id"] for video in ann.ask("GET", "/api/trash")["items"]]
    assert video_id not in [video["id"] for video in ann.ask("GET", "/api/videos?limit=100")["items"]]
    ann.ask("POST", f"/api/videos/{video_id}/restore")
    assert bob.ask("GET", f"/api/videos/{video_id}/watch")["playback"]


def test_delete_forever_leaves_nothing_but_the_receipt(ann, bob, rows, traces, make_clip):
    name, title, description = "vid 4711 gone.mp4", "Grandma is ninety", "By the lake, all of us"
    video_id = ann.upload(make_clip("gone.mp4", seconds=1), name)
    version = ann.settled(video_id)["version"]
    text = {"title": title, "description": description}
    ann.ask("PATCH", f"/api/videos/{video_id}", text, if_match=f'"{version}"')
    ann.ask("POST", f"/api/videos/{video_id}/publish")
    ann.ask("POST", f"/api/videos/{video_id}/links", {"name": "Bob"})
    bob.ask("PUT", f"/api/videos/{video_id}/progress", {"position_ms": 1})
    assert ann.post(f"/api/videos/{video_id}/purge").json()["code"] == "invalid_state"
    ann.ask("DELETE", f"/api/videos/{video_id}")

    def places():
        return {place.partition(".")[0] for place in traces(video_id, name, title, description)}

    assert {"videos", "links", "progress", "renditions", "bucket"} < places()
    ann.ask("POST", f"/api/videos/{video_id}/purge")
    assert ann.get(f"/api/videos/{video_id}").status_code == 404
    assert video_id not in [video["id"] for video in ann.ask("GET", "/api/trash")["items"]]
    eventually(lambda: places() == {"audit", "events"}, what="the removal of all else")
    told = rows("SELECT DISTINCT kind, payload::text FROM events WHERE video_id = %s", video_id)
    assert told == [("video.removed", "null")], "for the pages that are away, for a week"
    newest = ann.ask("GET", "/api/trash/receipts")["items"][0]
    assert newest["video_id"] == video_id


def test_the_daily_sweep_deletes_what_has_been_in_the_trash_long_enough(
    ann, stage, aws, rows, bucket, make_clip
):
    video_id = ann.upload(make_clip("old.mp4", seconds=1))
    ann.settled(video_id)
    ann.ask("DELETE", f"/api/videos/{video_id}")
    rows_changed = "UPDATE videos SET purge_at = now() - interval '1 minute' WHERE id = %s RETURNING id"
    assert rows(rows_changed, video_id)
    answer = aws("lambda").invoke(FunctionName=stage["functions"]["sweep"], Payload=b'{"job": "daily"}')
    assert "FunctionError" not in answer
    eventually(lambda: not rows("SELECT 1 FROM videos WHERE id = %s", video_id), what="the purge")
    assert bucket.keys(video_id) == []


def test_the_sweep_is_scheduled_daily(stage, aws):
    schedules = aws("scheduler").list_schedules()["Schedules"]
    described = [aws("scheduler").get_schedule(Name=s["Name"], GroupName=s["GroupName"]) for s in schedules]
    (daily,) = [s for s in described if stage["functions"]["sweep"] in s["Target"]["Arn"]]
    assert daily["ScheduleExpression"].startswith("cron(17 3")
    assert daily["Target"]["Input"] == '{"job":"daily"}'


def test_usage_counts_originals_and_renditions_and_falls_after_deletion(person, make_clip, rows):
    ann = person("Ann")
    clip = make_clip("counted.mp4", seconds=1)
    video = ann.settled(ann.upload(clip))
    usage = ann.ask("GET", "/api/usage")
    assert usage["originals_bytes"] == clip.stat().st_size
    assert usage["renditions_bytes"] == video["stored_bytes"] > 0
    ann.ask("DELETE", f"/api/videos/{video['id']}")
    assert ann.ask("GET", "/api/usage")["trash_bytes"] == usage["used_bytes"]
    ann.ask("POST", f"/api/videos/{video['id']}/purge")
    eventually(lambda: ann.ask("GET", "/api/usage")["used_bytes"] == 0, what="an empty drive")
