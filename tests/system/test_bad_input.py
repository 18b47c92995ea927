"""Bad input: a clear error or a plain reason, nothing lost, nothing stuck."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest
from client import eventually
from PIL import Image


def reason(person, video_id):
    video = person.settled(video_id)
    assert video["state"] == "failed"
    assert video["failure"]["message"].endswith(".")
    assert video["failure"]["action"].endswith(".")
    return video["failure"]["code"]


def test_a_text_file_named_mp4_is_not_a_video(ann):
    assert reason(ann, ann.upload(b"Dear diary, " * 500, "diary.mp4")) == "not_a_video"


def test_an_image_is_not_a_video(ann, tmp_path):
    Image.new("RGB", (640, 480), "teal").save(tmp_path / "picture.jpg")
    assert reason(ann, ann.upload(tmp_path / "picture.jpg", "picture.mp4")) in {"not_a_video", "no_video"}


def test_an_audio_only_file_has_no_video(ann, make_clip):
    song = make_clip("song.m4a", "-vn", "-c:a", "aac", seconds=3)
    assert reason(ann, ann.upload(song, "song.mp4")) == "no_video"


@pytest.mark.parametrize("kept", [0.3, 0.7])
@pytest.mark.parametrize("index", ["at the end", "at the start"])
def test_a_truncated_mp4_is_corrupt_and_never_shipped_with_a_hole(ann, make_clip, kept, index):
    flags = ["-movflags", "+faststart"] if index == "at the start" else []
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", *flags)
    whole = make_clip(f"{index}.mp4", *codecs, seconds=6).read_bytes()
    assert reason(ann, ann.upload(whole[: int(len(whole) * kept)], "cut.mp4")) == "corrupt"


def test_a_failed_video_can_be_tried_again_and_its_source_is_kept(ann, bucket):
    video_id = ann.upload(b"not a video at all " * 100, "again.mp4")
    assert reason(ann, video_id) == "not_a_video"
    assert bucket.keys(f"source/{video_id}")
    assert ann.ask("POST", f"/api/videos/{video_id}/retry")["state"] in {"uploaded", "processing"}
    assert reason(ann, video_id) == "not_a_video"
    eventually(lambda: bucket.keys(f"media/{video_id}") == [], what="tidying up")


def test_an_empty_file_is_refused_before_it_is_sent(ann):
    answer = ann.post("/api/uploads", {"file_name": "empty.mp4", "size": 0})
    assert answer.status_code == 400
    assert "empty" in answer.json()["detail"]


def test_a_file_name_of_255_four_byte_characters_is_kept_and_never_part_of_a_key(ann, bucket):
    name = "🎬" * 251 + ".mp4"
    upload = ann.start_upload(name, 100)
    assert upload["file_name"] == name
    ann.put_parts(upload, b"x" * 100, [1])
    ann.ask("POST", f"/api/uploads/{upload['video_id']}/complete")
    video = ann.settled(upload["video_id"])
    assert (video["file_name"], video["title"]) == (name, "🎬" * 251)
    assert bucket.keys("🎬") == []


def test_a_name_that_is_too_long_is_refused_by_name(ann):
    answer = ann.post("/api/uploads", {"file_name": "x" * 256, "size": 1})
    assert [error["field"] for error in answer.json()["errors"]] == ["file_name"]


def test_a_part_that_does_not_exist_is_refused(ann):
    upload = ann.start_upload("part.mp4", 10)
    answer = ann.post(f"/api/uploads/{upload['video_id']}/parts", {"numbers": [2]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "numbers")


def test_a_part_of_another_length_than_announced_is_refused_at_complete(ann):
    upload = ann.start_upload("part.mp4", 10)
    video_id = upload["video_id"]
    signed = ann.ask("POST", f"/api/uploads/{video_id}/parts", {"numbers": [1]})
    httpx.put(signed["urls"][0]["url"], content=b"far more than ten bytes")
    answer = ann.post(f"/api/uploads/{video_id}/complete")
    assert answer.json()["code"] in {"size_mismatch", "parts_missing"}
    ann.put_parts(upload, b"ten bytes.", [1])
    assert ann.ask("POST", f"/api/uploads/{video_id}/complete")["state"] != "uploading"


def test_a_part_address_opens_one_door(ann):
    upload = ann.start_upload("door.mp4", 20 * 1024**2)
    signed = ann.ask("POST", f"/api/uploads/{upload['video_id']}/parts", {"numbers": [1]})["urls"][0]["url"]
    for other in (signed.replace("partNumber=1", "partNumber=2"), signed.replace("source/", "media/")):
        assert httpx.put(other, content=b"x").status_code == 403
    assert httpx.get(signed).status_code in {400, 403, 405}
    assert httpx.delete(signed).status_code == 403
    ann.ask("DELETE", f"/api/uploads/{upload['video_id']}")
    assert httpx.put(signed, content=b"x" * upload["part_size"]).status_code == 404


def test_completing_without_all_parts_names_them_and_loses_nothing(ann):
    body = b"z" * (9 * 1024**2)
    upload = ann.start_upload("two-parts.mp4", len(body))
    assert upload["part_count"] == 2
    ann.put_parts(upload, body, [2])
    answer = ann.post(f"/api/uploads/{upload['video_id']}/complete")
    assert (answer.status_code, answer.json()["code"], answer.json()["parts"]) == (409, "parts_missing", [1])
    stored = ann.ask("GET", f"/api/uploads/{upload['video_id']}")["parts"]
    assert [(part["number"], part["size"]) for part in stored] == [(2, 1024**2)]
    ann.put_parts(upload, body, [1])
    assert ann.ask("POST", f"/api/uploads/{upload['video_id']}/complete")["state"] != "uploading"


def test_twenty_completes_at_once_are_one_video_and_one_job(person, make_clip, rows):
    ann = person("Ann")
    body = make_clip("double.mp4", seconds=1).read_bytes()
    upload = ann.start_upload("double.mp4", len(body))
    ann.put_parts(upload, body, [1])
    path = f"/api/uploads/{upload['video_id']}/complete"
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: ann.send("POST", path), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["id"] for answer in answers} == {upload["video_id"]}
    assert ann.settled(upload["video_id"])["state"] == "ready"
    assert ann.ask("POST", path)["state"] == "ready"
    assert rows("SELECT attempt FROM videos WHERE id = %s", upload["video_id"]) == [(1,)]


def test_a_cancelled_upload_leaves_nothing(ann, bucket):
    upload = ann.start_upload("cancel.mp4", 10)
    ann.put_parts(upload, b"ten bytes.", [1])
    assert ann.send("DELETE", f"/api/uploads/{upload['video_id']}").status_code == 204
    assert ann.get(f"/api/videos/{upload['video_id']}").status_code == 404
    assert bucket.open_uploads(upload["video_id"]) == []


def test_two_tabs_editing_one_title_lose_nothing_silently(ann, ready):
    version = ann.video(ready)["version"]
    first = ann.send("PATCH", f"/api/videos/{ready}", {"title": "First"}, if_match=f'"{version}"')
    second = ann.send("PATCH", f"/api/videos/{ready}", {"title": "Second"}, if_match=f'"{version}"')
    assert (first.status_code, first.json()["title"]) == (200, "First")
    assert (second.status_code, second.json()["code"]) == (412, "version_conflict")
    assert second.json()["current"]["title"] == "First"
    assert ann.send("PATCH", f"/api/videos/{ready}", {"title": "Third"}).status_code == 428
    latest = first.headers["etag"]
    assert ann.ask("PATCH", f"/api/videos/{ready}", {"title": "Second"}, if_match=latest)["title"] == "Second"


def test_fields_that_are_not_for_people_cannot_be_forced(ann, ready):
    etag = ann.get(f"/api/videos/{ready}").headers["etag"]
    for field in ("state", "owner_id", "revision", "published_at", "size_bytes"):
        answer = ann.send("PATCH", f"/api/videos/{ready}", {field: "1"}, if_match=etag)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"\xff\xfe\x00junk", 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b'{"file_name": "a.mp4", "size": ' + b"9" * 5000 + b"}", 400),
        ("application/json", b'"' + b"x" * 11 * 1024**2 + b'"', 413),
        ("multipart/form-data", b"", 415),
        ("application/octet-stream", b"\xff\xfe", 415),
    ],
    ids=["no UTF-8", "deep", "a long number", "11 MB", "a form without a boundary", "bytes"],
)
def test_junk_is_refused_in_plain_words(ann, content_type, body, status):
    session = ann.cookies["/", "__Host-session"]
    headers = {"content-type": content_type, "cookie": f"__Host-session={session}", "origin": ann.origin}
    answer = httpx.post(f"{ann.origin}/api/uploads", content=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"].endswith(".")


def test_a_header_of_a_megabyte_is_refused_and_stops_nobody(stage, ann):
    where = urlsplit(stage["edge"])
    with closing(HTTPConnection(where.hostname, where.port, timeout=30)) as connection:
        try:
            connection.request("GET", "/api/me", headers={"x-junk": "x" * 1024**2})
            assert connection.getresponse().status in {400, 431}
        except (BrokenPipeError, ConnectionResetError):
            pass  # hung up on before all of it was sent
    assert ann.get("/api/me").status_code == 200


@pytest.mark.parametrize("cursor", ["!!!", "bm9uc2Vuc2U", "WyJ4Il0", "W10"])
def test_a_damaged_page_address_is_bad_input(ann, cursor):
    for path in ("/api/videos", "/api/explore", "/api/trash"):
        assert ann.get(f"{path}?cursor={cursor}").status_code == 400


def test_a_full_drive_says_so_to_the_byte(person, rows):
    ann = person("Ann")
    me = ann.ask("GET", "/api/me")
    assert rows("UPDATE users SET quota_bytes = 1000 WHERE id = %s RETURNING id", me["id"])
    with ThreadPoolExecutor(10) as threads:
        sizes = [400] * 10
        body = [{"file_name": "a.mp4", "size": size} for size in sizes]
        answers = list(threads.map(lambda json: ann.post("/api/uploads", json), body))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 8
    assert ann.post("/api/uploads", {"file_name": "a.mp4", "size": 200}).status_code == 201
    assert ann.post("/api/uploads", {"file_name": "a.mp4", "size": 1}).json()["code"] == "quota_exceeded"
