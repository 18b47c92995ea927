"""The API function as a whole: who may do what, and what a refusal says."""

import pytest
from sqlalchemy.exc import OperationalError

from functions.core import database, events
from functions.core.models import Video, VideoState
from functions.core.repositories import EventRepository


def test_health_answers_without_a_database(anybody, monkeypatch):
    monkeypatch.setattr(database, "engine", lambda: None)
    assert anybody.get("/api/health").json == {"status": "ok"}


def test_every_answer_carries_the_security_headers(anybody):
    for path in ("/api/health", "/api/nothing", "/api/me"):
        headers = anybody.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/me"),
        ("GET", "/api/videos"),
        ("GET", "/api/trash"),
        ("GET", "/api/usage"),
        ("GET", "/api/events"),
        ("GET", "/api/uploads"),
        ("GET", "/api/uploads/config"),
        ("POST", "/api/live/ticket"),
    ],
)
def test_a_route_of_the_drive_needs_a_session(anybody, method, path):
    answer = anybody.send(method, path)
    assert (answer.status, answer.json["code"]) == (401, "not_signed_in")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_me_tells_who_is_signed_in(ann):
    assert ann.get("/api/me").json["email"] == "ann@example.org"


@pytest.mark.parametrize("other", ['a={"b": 1}', "a=b c", "x=é", "a[0]=1", "x__Host-session=no"])
def test_an_odd_cookie_of_another_site_signs_nobody_out(ann, anybody, other):
    answer = anybody.get("/api/me", cookie=f"{other}; __Host-session={ann.token}")
    assert answer.status == 200


def test_a_cookie_header_counts_like_the_cookies_of_api_gateway(ann, anybody):
    answer = anybody.get("/api/me", cookie=f"theme=dark; __Host-session={ann.token}")
    assert answer.json["display_name"] == "Ann"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"sec_fetch_site": "cross-site"},
        {"origin": "https://drive.test.evil.test"},
    ],
)
def test_a_request_from_another_site_is_refused(ann, headers):
    answer = ann.post("/api/auth/sign-out", **headers)
    assert (answer.status, answer.json["code"]) == (403, "cross_site")
    assert ann.get("/api/me").status == 200


def test_a_form_post_is_refused(ann):
    answer = ann.post("/api/uploads", "file_name=x", content_type="application/x-www-form-urlencoded")
    assert answer.status == 400


def test_signing_out_ends_the_session(ann):
    answer = ann.post("/api/auth/sign-out")
    assert answer.status == 204
    assert "Max-Age=0" in answer.cookies[0]
    assert ann.get("/api/me").status == 401


def test_bad_fields_are_named(ann):
    answer = ann.post("/api/uploads", {"file_name": "", "size": "many"})
    assert (answer.status, answer.json["code"]) == (400, "invalid_input")
    assert {error["field"] for error in answer.json["errors"]} == {"file_name", "size"}


@pytest.mark.parametrize(
    "body",
    ["{", "[]", '"text"', '{"file_name": "\\ud800.mp4", "size": 1}', '{"file_name": "a\\u0000b", "size": 1}'],
)
def test_junk_is_bad_input_and_never_our_failure(ann, body):
    assert ann.post("/api/uploads", body).status == 400


def test_a_sleeping_database_asks_to_come_back_soon(anybody, monkeypatch):
    def refuse():
        raise OperationalError(None, None, ConnectionError("connection timeout expired"))

    monkeypatch.setattr(database, "engine", refuse)
    answer = anybody.get("/api/health/ready")
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "waking", "3")


def test_a_connection_that_can_never_work_is_our_failure_and_not_sleep(anybody, monkeypatch):
    def refuse():
        raise OperationalError(None, None, ConnectionError("certificate verify failed"))

    monkeypatch.setattr(database, "engine", refuse)
    assert anybody.get("/api/health/ready").status == 500


def test_a_signed_policy_names_no_site_but_the_viewers(ann, add_video):
    add_video(ann)
    assert ann.get("/api/videos", x_viewer_host="*").status == 400
    assert ann.get("/api/videos").json["items"][0]["poster_url"].startswith("/media/")


def test_the_document_describes_every_route(anybody):
    document = anybody.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert "/api/videos/{video_id}/publish" in document["paths"]
    assert VideoState.READY in document["components"]["schemas"]["VideoState"]["enum"]


def test_more_changes_than_one_answer_holds_are_fetched_anew(ann, add_video, session):
    video = session.get_one(Video, add_video(ann))
    for _ in range(EventRepository.PAGE + 1):
        events.record(session, video)
    session.commit()
    few = ann.get("/api/events?after=1").json
    assert (len(few["items"]), few["items"][-1]["seq"], few["reset"]) == (200, few["latest"], False)
    many = ann.get("/api/events?after=0").json
    assert (many["items"], many["latest"], many["reset"]) == ([], EventRepository.PAGE + 1, True)
