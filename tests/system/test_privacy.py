"""Private means every byte: whoever may not see a thing cannot tell it from nothing."""

import base64
import itertools
import json
import re
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from client import PASSWORD


@pytest.fixture(scope="module")
def bobs(bob, make_clip):
    """Upload a private video of Bob's."""
    video_id = bob.upload(make_clip("other.mp4", seconds=1))
    assert bob.settled(video_id)["state"] == "ready"
    return video_id


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


# What there is of a video, by its name behind the revision, and who is served it; at the bucket nobody is.
WATCHERS = {"owner", "link holder"}
KINDS = {
    r"master\.m3u8": WATCHERS,
    r"\w+/index\.m3u8": WATCHERS,
    r"\w+/\d{5}\.mp4": WATCHERS,  # the head of each is the init segment, and the segments are ranges of it
    r"poster\.jpg|posters/\d+\.jpg": WATCHERS,
    r"card\.jpg|posters/\d+-card\.jpg": WATCHERS,
    r"storyboard\.(vtt|jpg)": WATCHERS,
    r"segments/(audio-)?\d{5}\.json": WATCHERS,  # where in those files the segments are
    r"original\.mp4": WATCHERS,  # while it stands in for the qualities
    r"source": set(),  # downloaded from the bucket, by an address of one minute
}
RANGES = ({}, {"range": "bytes=0-99"}, {"range": "bytes=100-199"})


def kind_of(key, video_id):
    name = key.removeprefix("/").removeprefix(f"media/{video_id}/").partition("/")[2]
    name = "source" if key == f"/source/{video_id}" else name
    (kind,) = [it for it in KINDS if re.fullmatch(it, name)]
    return kind


@pytest.fixture
def watchers(stage, aws, ann, bob, browser, person, rows, ready):
    """Open a browser of everybody who might ask for Ann's private video, each with what they could get."""
    boss, disabled = person("Boss"), person("Eve")
    rows("UPDATE users SET role = 'admin' WHERE email = %s RETURNING id", boss.email)
    rows("UPDATE users SET disabled_at = now() WHERE email = %s RETURNING id", disabled.email)
    for somebody, status in ((boss, 404), (bob, 404), (disabled, 404), (ann, 200)):
        assert somebody.post(f"/api/videos/{ready}/grant").status_code == status
    holder, revoked, late = browser(), browser(), browser()
    links = f"/api/videos/{ready}/links"
    token = ann.ask("POST", links, {"name": "Grandma"})["token"]
    holder.ask("POST", "/api/shared", {"token": token})
    given = ann.ask("POST", links, {"name": "Grandpa"})
    ann.ask("DELETE", f"/api/links/{given['link']['id']}")
    assert revoked.post("/api/shared", {"token": given["token"]}).status_code == 404
    # Who could watch until a minute ago holds what the drive's own key signed.
    late.cookies = {name: value for name, value in holder.cookies.items() if name[0] == f"/media/{ready}/"}
    policy = {"Resource": f"{stage['edge']}/media/{ready}/*", "Condition": {"DateLessThan": {}}}
    policy["Condition"]["DateLessThan"]["AWS:EpochTime"] = int(time.time()) - 1
    message = json.dumps({"Statement": [policy]}).encode()
    signed = aws("kms").sign(
        KeyId=stage["signing_key"], Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
    )
    for name, value in (("Policy", message), ("Signature", signed["Signature"])):
        encoded = base64.b64encode(value).decode().translate(str.maketrans("+=/", "-_~"))
        late.cookies[f"/media/{ready}/", f"CloudFront-{name}"] = encoded
    return {
        "anonymous": browser(),
        "stranger": bob,
        "owner": ann,
        "link holder": holder,
        "holder of a revoked link": revoked,
        "holder of a link revoked a minute ago": late,
        "disabled": disabled,
        "administrator": boss,
    }


def test_every_byte_of_a_private_video_is_served_to_who_may_watch_it_and_to_nobody_else(
    stage, bucket, ready, watchers, show
):
    keys = [*media_keys(bucket, ready), f"/source/{ready}"]
    one_of_each = {kind_of(key, ready): key for key in keys}
    assert len(one_of_each) >= 6
    asked, served, wrong = 0, 0, []
    for kind, key in one_of_each.items():
        at_the_bucket = f"{stage['s3_endpoint']}/{stage['buckets']['media']}{key}"
        for who, watcher in watchers.items():
            for method, headers in itertools.product(("GET", "HEAD"), RANGES):
                answer = watcher.send(method, key, **headers)
                got = answer.status_code in {200, 206} and "text/html" not in answer.headers["content-type"]
                direct = watcher.http.request(method, at_the_bucket, headers=headers)
                asked, served = asked + 2, served + got
                kept = media_may_be_kept(answer) if key.startswith("/media/") else False
                if got is not (who in KINDS[kind]) or direct.status_code != 403 or kept:
                    wrong.append((who, method, key, answer.status_code, direct.status_code))
    show(
        f"{len(one_of_each)} kinds, {len(watchers)} actors, edge and bucket: {asked} requests, "
        f"{served} served, {len(wrong)} wrong"
    )
    assert wrong == []


def media_may_be_kept(answer):
    return "no-store" not in answer.headers["cache-control"]


def test_the_bucket_lists_nothing_for_anybody(stage):
    address = f"{stage['s3_endpoint']}/{stage['buckets']['media']}"
    for query in ("", "?list-type=2", "?uploads", "?versions", "?policy", "?acl"):
        assert httpx.get(address + query).status_code == 403


def test_an_original_is_downloaded_by_its_owner_and_kept_by_no_cache(ann, ready):
    answer = httpx.get(ann.ask("GET", f"/api/videos/{ready}/original")["url"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_grant_opens_one_video_and_no_other(ann, bob, bucket, bobs, ready):
    ann.ask("POST", f"/api/videos/{ready}/publish", {"visibility": "unlisted"})
    bob.ask("POST", f"/api/videos/{ready}/grant")
    cookies = {name: value for (path, name), value in bob.cookies.items() if path == f"/media/{ready}/"}
    assert bob.get(media_keys(bucket, ready)[0]).status_code == 200
    stolen = "; ".join(f"{name}={value}" for name, value in cookies.items())
    for key in media_keys(bucket, bobs):
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


TRICKS = [
    "/media/{mine}/../{other}{name}",
    "/media/{mine}/./../{other}{name}",
    "/media/{mine}/%2e%2e/{other}{name}",
    "/media/{mine}/%2E%2E%2F{other}{name}",
    "/media/{mine}%2f..%2f{other}{name}",
    "/media/{mine}/%252e%252e/{other}{name}",
    "/media/{mine}/..%5c{other}{name}",
    "/media/{mine}/..;/{other}{name}",
    "/media/{mine}/....//{other}{name}",
    "/media/{mine}/%c0%ae%c0%ae/{other}{name}",
    "/media/{mine}/%ef%bc%8e%ef%bc%8e/{other}{name}",
    "/media/{mine}/%00/../../{other}{name}",
    "/media/{other}{name}%00/media/{mine}/x",
    "/media/{other}{name}?/media/{mine}/x",
    "/media/{other}{name}?x=http://localhost/media/{mine}/x",
    "/media/{other}{name};/media/{mine}/x",
    "//media/{other}{name}",
    "/./media/{other}{name}",
    "/media//{other}{name}",
    "/MEDIA/{other}{name}",
    "/media/{OTHER}{name}",
    "/media/../source/{other}",
    "/media/%2e%2e/source/{other}",
    "/media/{mine}/../../source/{other}",
    "/media/{mine}/%2e%2e/%2e%2e/source/{other}",
    "/media/{mine}/..%2f..%2fsource%2f{other}",
    "/media//source/{other}",
    "/source/{other}",
    "/SOURCE/{other}",
]


def ask_as_written(address, path, cookie):
    """Send a path as it is: httpx would take the dots out of it before anybody sees them."""
    where = urlsplit(address)
    with closing(HTTPConnection(where.hostname, where.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"cookie": cookie})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-type", ""), answer.read()


@pytest.mark.parametrize("path", TRICKS)
def test_no_path_leads_from_a_video_one_may_watch_to_another_or_to_an_original(
    stage, ann, bob, bucket, bobs, ready, path
):
    ann.ask("POST", f"/api/videos/{ready}/grant")
    cookie = "; ".join(f"{name}={value}" for (_, name), value in ann.cookies.items())
    (master,) = [key for key in media_keys(bucket, bobs) if key.endswith("master.m3u8")]
    own = master.replace(bobs, ready)
    assert ask_as_written(stage["edge"], own, cookie)[0] == 200
    name = master.removeprefix(f"/media/{bobs}")
    asked = path.format(mine=ready, other=bobs, OTHER=bobs.upper(), name=name)
    for address, prefix in ((stage["edge"], ""), (stage["s3_endpoint"], f"/{stage['buckets']['media']}")):
        status, kind, body = ask_as_written(address, prefix + asked, cookie)
        assert status in {400, 403, 404} or kind.startswith("text/html"), (status, kind)
        assert not body.startswith(b"#EXTM3U")
        assert b"ftyp" not in body[:32]


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
