"""One video from its first watchable moment to the picture its owner chooses: who gets which byte of it."""

import re
import subprocess

import httpx
import imageio_ffmpeg
import pytest
from client import eventually

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SECONDS, RATE = 10, 30
PLACE = b"Our garden"
# What browsers play as it is, but too noisy for its qualities to be there at once, nor to fit into one part.
NOISY = ("-vf", "noise=alls=30:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "16M")
FROM_A_PHONE = ("-c:a", "aac", "-metadata", f"comment={PLACE.decode()}")


@pytest.fixture(scope="module")
def source(make_clip):
    return make_clip("film.mp4", *NOISY, *FROM_A_PHONE, size="1280x720", seconds=SECONDS)


@pytest.fixture(scope="module")
def film(ann, source):
    return ann.upload(source)


@pytest.fixture(scope="module")
def whole(ann, film):
    """Wait until the film is ready; return what its owner is told of where it plays."""
    video = ann.settled(film)
    assert video["state"] == "ready", video["failure"]
    ann.ask("POST", f"/api/videos/{film}/grant")
    return ann.ask("GET", f"/api/videos/{film}/watch")


def refused(people, path):
    """Tell whether nobody of them gets a byte of what their browser asks for."""
    return all(person.get(path, range="bytes=0-1").status_code == 403 for person in people)


def test_its_owner_and_nobody_else_watches_the_original_until_it_is_ready(
    ann, bob, stranger, film, source, tmp_path
):
    def told():
        watch = ann.ask("GET", f"/api/videos/{film}/watch")
        assert watch["playback"] is None, "ready before anyone could look"
        return watch["early"]

    early = eventually(told, what="the original")
    # First what is only true until it is ready, which doesn't take long.
    ann.ask("POST", f"/api/videos/{film}/publish", {"visibility": "unlisted"})
    for person in (bob, stranger):
        assert person.get(f"/api/videos/{film}/watch").status_code == 404
        assert person.post(f"/api/videos/{film}/grant").status_code == 404
    assert refused((bob, stranger), early["url"])
    ann.ask("POST", f"/api/videos/{film}/unpublish")

    ann.ask("POST", f"/api/videos/{film}/grant")
    answer = ann.get(early["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    part = ann.get(early["url"], range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, answer.content[1000:2000])
    assert PLACE in source.read_bytes()
    assert PLACE not in answer.content
    copied = tmp_path / "early.mp4"
    copied.write_bytes(answer.content)
    assert shown(copied) == shown(source)


def shown(path):
    """Return a digest of every picture and every sound of a file."""
    command = [FFMPEG, "-v", "error", "-i", str(path), "-map", "0", "-f", "streamhash", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_original_makes_way_for_the_qualities(whole):
    assert whole["early"] is None
    assert whole["playback"]["type"] == "application/vnd.apple.mpegurl"


def test_the_pictures_of_seeking_are_served_to_whoever_may_watch(ann, bob, stranger, film, whole):
    cues = ann.get(whole["storyboard"])
    assert (cues.status_code, cues.headers["content-type"].split(";")[0]) == (200, "text/vtt")
    spans = re.findall(r"(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)", cues.text)
    assert len(spans) == SECONDS
    assert (spans[0][0], spans[-1][1]) == ("00:00:00.000", "00:00:10.000")
    (name,) = {span[2] for span in spans}
    sheet = whole["storyboard"].rpartition("/")[0] + "/" + name
    picture = ann.get(sheet)
    assert (picture.headers["content-type"], picture.content[:2]) == ("image/jpeg", b"\xff\xd8")

    assert refused((bob, stranger), whole["storyboard"])
    assert refused((bob, stranger), sheet)
    ann.ask("POST", f"/api/videos/{film}/publish", {"visibility": "unlisted"})
    bob.ask("POST", f"/api/videos/{film}/grant")
    assert bob.ask("GET", f"/api/videos/{film}/watch")["storyboard"] == whole["storyboard"]
    assert (bob.get(whole["storyboard"]).text, bob.get(sheet).content) == (cues.text, picture.content)
    assert refused((stranger,), sheet)
    ann.ask("POST", f"/api/videos/{film}/unpublish")


def pictures(person, video_id):
    return person.ask("GET", f"/api/videos/{video_id}/posters")


def choose(person, video, at_ms):
    path, version = f"/api/videos/{video['id']}/poster", str(video["version"])
    return person.send("PUT", path, {"at_ms": at_ms}, if_match=f'"{version}"')


@pytest.mark.usefixtures("whole")
def test_one_of_the_pictures_offered_stands_for_it_at_once(ann, film):
    offered = pictures(ann, film)
    other = next(it for it in offered["items"] if it["at_ms"] != offered["chosen_ms"])
    before = ann.video(film)
    chosen = choose(ann, before, other["at_ms"])
    assert chosen.status_code == 200, chosen.text
    assert chosen.json()["poster_url"].split("?")[0] == other["url"].split("?")[0]
    assert ann.get(other["url"]).headers["content-type"] == "image/jpeg"
    assert pictures(ann, film)["chosen_ms"] == other["at_ms"]
    late = choose(ann, before, offered["chosen_ms"])
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    assert pictures(ann, film)["chosen_ms"] == other["at_ms"], "another tab's choice is kept"


@pytest.mark.usefixtures("whole")
def test_a_moment_of_ones_own_stands_for_it_when_its_picture_is_made(ann, film):
    before, at_ms = pictures(ann, film), 4321
    assert choose(ann, ann.video(film), at_ms).status_code == 200
    assert pictures(ann, film)["chosen_ms"] == before["chosen_ms"], "until then the picture before"
    eventually(lambda: pictures(ann, film)["chosen_ms"] == at_ms, what="the picture")
    video = ann.video(film)
    assert f"/posters/{at_ms}-card.jpg" in video["poster_url"]
    assert ann.get(video["poster_url"]).content[:2] == b"\xff\xd8"


def test_the_pictures_of_a_private_video_are_its_owners(ann, person, stranger, film, whole, bucket):
    bob = person("Bob, who never had a grant")
    assert whole["playback"]
    version = ann.video(film)
    assert choose(bob, version, 0).status_code == 404
    assert choose(stranger, version, 0).status_code == 401
    assert bob.get(f"/api/videos/{film}/posters").status_code == 404
    assert stranger.get(f"/api/videos/{film}/posters").status_code == 401
    kept = [key for key in bucket.keys(film) if "/posters/" in key]
    assert len(kept) == 2 * len(pictures(ann, film)["items"]), "a large one and a small one of each"
    for key in kept:
        assert refused((bob, stranger), f"/{key}")
        assert httpx.get(f"{ann.origin}/{key}").status_code == 403
