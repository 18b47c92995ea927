"""The API function as a whole: who may do what, and what a refusal says."""

import base64

import pytest
from sqlalchemy.exc import OperationalError

from functions.core import database, events
from functions.core.models import Role, User, Video, VideoState
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
    assert answer.status == 415


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
    [
        "{",
        "[]",
        '"text"',
        '{"file_name": "\\ud800.mp4", "size": 1}',
        '{"file_name": "a\\u0000b", "size": 1}',
        '{"file_name": "a.mp4", "size": NaN}',
        '{"file_name": "a.mp4", "size": 1e999}',
        f'{{"file_name": "a.mp4", "size": {"9" * 5000}}}',
        pytest.param("[" * 100_000, id="nested a hundred thousand times"),
        pytest.param('{"a":' * 100_000, id="as many objects"),
    ],
)
def test_junk_is_bad_input_and_never_our_failure(ann, body):
    answer = ann.post("/api/uploads", body)
    assert (answer.status, answer.json["code"]) == (400, "invalid_input")


@pytest.mark.parametrize("path", ["/api/auth/sign-in", "/api/auth/sign-up", "/api/auth/reset"])
@pytest.mark.parametrize("field", ["email", "password"])
@pytest.mark.parametrize("text", ["a\0b@c.org", "a\ud800@c.org"])
def test_half_a_character_goes_no_further(anybody, path, field, text):
    account = {"email": "a@c.org", "password": "Correct-horse-7", "display_name": "A", "code": "123456"}
    assert anybody.post(path, account | {field: text}).status == 400


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", "{}"),
        ("multipart/form-data", "{}"),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=x", "é"),
        ("application/x-www-form-urlencoded", "a=b"),
        ("application/jsonp", "{}"),
        ("", "{}"),
    ],
)
def test_what_is_not_said_to_be_json_is_not_read(ann, content_type, body):
    answer = ann.post("/api/uploads", body, content_type=content_type)
    assert (answer.status, answer.headers["Content-Type"]) == (415, "application/problem+json")


def crafted(values):
    return base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")


LISTS = {
    "/api/videos?sort=created": '["created", %s, "01890000-0000-7000-8000-000000000000"]',
    "/api/videos?sort=title": '["title", %s, "01890000-0000-7000-8000-000000000000"]',
    "/api/videos?sort=size": '["size", %s, "01890000-0000-7000-8000-000000000000"]',
    "/api/videos?sort=-duration": '["-duration", %s, "01890000-0000-7000-8000-000000000000"]',
    "/api/trash?": '[%s, "01890000-0000-7000-8000-000000000000"]',
    "/api/explore?": '[%s, "01890000-0000-7000-8000-000000000000"]',
    "/api/admin/users?sort=used": '["used", %s, "01890000-0000-7000-8000-000000000000"]',
    "/api/admin/users?sort=-seen": '["-seen", %s, "01890000-0000-7000-8000-000000000000"]',
    "/api/admin/usage?": '[%s, "01890000-0000-7000-8000-000000000000"]',
    "/api/admin/jobs?": "[%s]",
    "/api/admin/audit?": "[%s]",
}


@pytest.mark.parametrize("path", LISTS)
def test_a_crafted_cursor_is_bad_input_and_never_our_failure(ann, path):
    with database.transaction() as session:
        session.get_one(User, ann.user.id).role = Role.ADMIN
    values = ['"a\\u0000b"', '"\\ud800"', "[]", "{}", "null", "1e999", "9" * 1200, f'"{"9" * 1200}"']
    values += [f'"{2**63}"', '"Infinity"', "[" * 1400]
    cursors = [crafted(LISTS[path] % value) for value in values]
    cursors += [crafted(whole) for whole in ("7", '""', "[]", '{"a": 1}', "[" * 1400)] + ["é", "%00", "="]
    answers = {cursor: ann.get(f"{path}&cursor={cursor}").status for cursor in cursors}
    takes_any_text = path.endswith("title")
    assert {status for status in answers.values() if status != 400} <= ({200} if takes_any_text else set())


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


@pytest.mark.parametrize("after", [2**53, 2**63, "9" * 400, -1, "x"])
def test_a_number_that_no_change_can_have_is_bad_input(ann, after):
    assert ann.get(f"/api/events?after={after}").status == 400


def test_more_changes_than_one_answer_holds_are_fetched_anew(ann, add_video, session):
    video = session.get_one(Video, add_video(ann))
    for _ in range(EventRepository.PAGE + 1):
        events.record(session, video)
    session.commit()
    few = ann.get("/api/events?after=1").json
    assert (len(few["items"]), few["items"][-1]["seq"], few["reset"]) == (200, few["latest"], False)
    many = ann.get("/api/events?after=0").json
    assert (many["items"], many["latest"], many["reset"]) == ([], EventRepository.PAGE + 1, True)
