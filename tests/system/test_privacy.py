"""Private means every byte: whoever may not see a thing cannot tell it from nothing."""

import base64
import json
import time
from uuid import uuid4

import httpx
import pytest
from client import PASSWORD


def media_keys(bucket, video_id):
    return [f"/{key}" for key in bucket.keys(video_id) if key.startswith("media/")]


def test_a_private_video_answers_like_one_that_does_not_exist(ann, bob, stranger, ready):
    nothing = str(uuid4())
    routes = [
        ("GET", ""),
        ("GET", "/watch"),
        ("POST", "/grant"),
        ("POST", "/publish"),
        ("POST", "/unpublish"),
    ]
    routes += [("POST", "/restore"), ("POST", "/purge"), ("POST", "/retry"), ("DELETE", "")]
    for method, route in routes:
        for person in (bob, stranger):
            there = person.send(method, f"/api/videos/{ready}{route}")
            not_there = person.send(method, f"/api/videos/{nothing}{route}")
            assert there.status_code in {401, 404}
            assert (there.status_code, there.text) == (not_there.status_code, not_there.text), (method, route)
    assert ann.video(ready)["trashed_at"] is None


def test_somebody_elses_upload_answers_like_one_that_does_not_exist(ann, bob):
    upload = ann.start_upload("mine.mp4", 10)["video_id"]
    for method, route, body in [
        ("GET", "", None),
        ("POST", "/parts", {"numbers": [1]}),
        ("POST", "/complete", None),
        ("DELETE", "", None),
    ]:
        assert bob.send(method, f"/api/uploads/{upload}{route}", body).status_code == 404
    assert ann.get(f"/api/uploads/{upload}").status_code == 200


def test_not_one_byte_of_a_private_video_is_served_without_a_grant(stage, bucket, bob, stranger, ready):
    keys = media_keys(bucket, ready)
    assert len(keys) > 5
    for key in [*keys, f"/source/{ready}"]:
        for person in (bob, stranger):
            for method in ("GET", "HEAD"):
                answer = person.send(method, key, range="bytes=0-1")
                assert answer.status_code in {403, 404} or answer.headers["content-type"].startswith(
                    "text/html"
                )
        address = f"{stage['s3_endpoint']}/{stage['buckets']['media']}{key}"
        assert httpx.get(address).status_code == 403
    assert httpx.get(f"{stage['s3_endpoint']}/{stage['buckets']['media']}").status_code == 403


def test_a_grant_opens_one_video_and_no_other(ann, bob, bucket, make_clip, ready):
    other = ann.upload(make_clip("other.mp4", seconds=1))
    ann.settled(other)
    ann.ask("POST", f"/api/videos/{ready}/publish", {"visibility": "unlisted"})
    bob.ask("POST", f"/api/videos/{ready}/grant")
    cookies = {name: value for (path, name), value in bob.cookies.items() if path == f"/media/{ready}/"}
    assert bob.get(media_keys(bucket, ready)[0]).status_code == 200
    stolen = "; ".join(f"{name}={value}" for name, value in cookies.items())
    for key in media_keys(bucket, other):
        for address in (key, f"{key}?x=/media/{ready}/y", f"{key}?x={bob.origin}/media/{ready}/y"):
            assert httpx.get(f"{bob.origin}{address}", headers={"cookie": stolen}).status_code == 403
    statement = policy_of(cookies["CloudFront-Policy"])
    assert statement["Resource"] == f"{bob.origin}/media/{ready}/*", (
        "a leading wildcard would fit any address"
    )
    ann.ask("POST", f"/api/videos/{ready}/unpublish")


def test_taking_a_video_back_shuts_it_within_the_grants_lifetime(ann, bob, bucket, ready):
    ann.ask("POST", f"/api/videos/{ready}/publish", {"visibility": "unlisted"})
    granted = bob.ask("POST", f"/api/videos/{ready}/grant")
    asked_at = time.time()
    assert granted["expires_in"] <= 60
    ann.ask("POST", f"/api/videos/{ready}/unpublish")
    assert bob.post(f"/api/videos/{ready}/grant").status_code == 404
    policies = [
        value for (path, name), value in bob.cookies.items() if name == "CloudFront-Policy" and ready in path
    ]
    assert policy_of(policies[-1])["Condition"]["DateLessThan"]["AWS:EpochTime"] <= asked_at + 61


def policy_of(cookie):
    return json.loads(base64.b64decode(cookie.translate(str.maketrans("-_~", "+=/"))))["Statement"][0]


def test_an_unlisted_video_is_watched_by_address_and_listed_nowhere(ann, stranger, ready):
    ann.ask("POST", f"/api/videos/{ready}/publish", {"visibility": "unlisted"})
    assert stranger.ask("GET", f"/api/videos/{ready}/watch")["playback"]
    assert ready not in [video["id"] for video in stranger.ask("GET", "/api/explore?limit=100")["items"]]
    ann.ask("POST", f"/api/videos/{ready}/unpublish")


@pytest.mark.parametrize(
    "path", ["/media/../source/{id}", "/media/%2e%2e/source/{id}", "/media//source/{id}"]
)
def test_no_path_leads_from_the_edge_to_an_original(stage, ready, path):
    answer = httpx.get(stage["edge"] + path.format(id=ready))
    assert answer.status_code in {403, 404} or answer.headers["content-type"].startswith("text/html")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(ann, browser):
    wrong, unknown = browser(), browser()
    wrong.email = ann.email
    first, second = wrong.sign_in("Wrong-horse-77"), unknown.sign_in(PASSWORD)
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert first.json()["code"] == "invalid_credentials"


def test_signing_up_with_a_known_address_tells_nobody(ann, browser):
    body = {"email": ann.email, "password": PASSWORD, "display_name": "Eve"}
    known = browser().post("/api/auth/sign-up", body)
    new = browser().post("/api/auth/sign-up", body | {"email": f"{uuid4()}@example.org"})
    assert known.status_code == new.status_code == 202
    assert ann.sign_in().json()["display_name"] == "Ann"


def test_an_address_has_to_be_confirmed_and_a_wrong_code_is_refused(browser):
    eve = browser()
    body = {"email": eve.email, "password": PASSWORD, "display_name": "Eve"}
    code = eve.ask("POST", "/api/auth/sign-up", body)["code_hint"]
    assert eve.sign_in().json()["code"] == "not_confirmed"
    assert (
        eve.post("/api/auth/confirm", {"email": eve.email, "code": "000000"}).json()["code"] == "invalid_code"
    )
    eve.ask("POST", "/api/auth/confirm", {"email": eve.email, "code": code})
    assert eve.sign_in().status_code == 200


def test_a_weak_password_is_refused_with_what_to_do(browser):
    eve = browser()
    answer = eve.post("/api/auth/sign-up", {"email": eve.email, "password": "short", "display_name": "Eve"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "password")


def test_signing_out_ends_the_session_for_good(person):
    ann = person("Ann")
    kept = dict(ann.cookies)
    ann.ask("POST", "/api/auth/sign-out")
    ann.cookies = kept
    assert ann.get("/api/me").status_code == 401


def test_the_session_cookie_cannot_be_read_or_sent_elsewhere(person):
    ann = person("Ann")
    cookie = ann.sign_in().headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert attribute in cookie


def test_another_site_cannot_act_with_my_cookies(ann, ready):
    for headers in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}):
        answer = ann.send("DELETE", f"/api/videos/{ready}", **headers)
        assert answer.json()["code"] == "cross_site"
    forged = ann.send(
        "DELETE", f"/api/videos/{ready}", origin="https://evil.example", x_viewer_host="evil.example"
    )
    assert forged.json()["code"] == "cross_site"


def test_whoever_signs_up_first_holds_no_key_to_an_address_that_is_not_theirs(browser):
    stranger, owner = browser(), browser()
    owner.email = stranger.email
    body = {"email": owner.email, "display_name": "Eve"}
    stranger.ask("POST", "/api/auth/sign-up", body | {"password": "Strangers-key-1"})
    code = owner.ask("POST", "/api/auth/sign-up", body | {"password": PASSWORD})["code_hint"]
    owner.ask("POST", "/api/auth/confirm", {"email": owner.email, "code": code})
    assert owner.sign_in().status_code == 200
    assert stranger.sign_in("Strangers-key-1").json()["code"] == "invalid_credentials"
    again = owner.post("/api/auth/confirm", {"email": owner.email, "code": code})
    assert again.json()["code"] == "invalid_code", "a confirmed address is not told from an unknown one"
