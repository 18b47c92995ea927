"""Share links on a real stage: what a person without an account gets to see, and until when."""

import base64
import json
import math
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from client import Person

GUESSING = 4
"""Guesses under way at once: each of them keeps a function of its own busy."""
PASSCODE = "tulips"


@pytest.fixture
def give(ann, ready):
    """Return a function that gives a link of Ann's private draft, and returns its view with its token."""

    def give(**values):
        given = ann.ask("POST", f"/api/videos/{ready}/links", {"name": "Grandma", **values})
        return given["link"] | {"token": given["token"]}

    return give


@pytest.fixture
def somewhere(stage):
    """Return a function that opens a browser in a network of its own; all of 127/8 is this machine."""
    with ExitStack() as open_browsers:

        def make():
            network = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(255)}.9"
            return open_browsers.enter_context(closing(Person(stage["edge"], address=network)))

        yield make


def play(browser, playlist):
    """Fetch the first segment of the first quality, as a player would."""
    base = playlist.rsplit("/", 1)[0]
    master = browser.get(playlist)
    assert master.status_code == 200
    (first, *_) = [line for line in master.text.splitlines() if line and not line.startswith("#")]
    quality = browser.get(f"{base}/{first}")
    (segment, *_) = [line for line in quality.text.splitlines() if line and not line.startswith("#")]
    return browser.get(f"{base}/{first.rpartition('/')[0]}/{segment}", range="bytes=0-1023")


def granted_until(browser, video_id):
    """Return the second until which the cookies that a browser holds open a video."""
    policy = browser.cookies[f"/media/{video_id}/", "CloudFront-Policy"]
    (statement,) = json.loads(base64.b64decode(policy.translate(str.maketrans("-_~", "+=/"))))["Statement"]
    assert re.search(rf"/media/{video_id}/\*$", statement["Resource"])
    return statement["Condition"]["DateLessThan"]["AWS:EpochTime"]


def test_a_stranger_watches_a_private_draft_until_its_link_is_revoked(ann, ready, stranger, give):
    link = give(passcode=PASSCODE, max_views=2)
    assert stranger.get(f"/api/videos/{ready}/watch").status_code == 404
    assert stranger.post("/api/shared", {"token": link["token"]}).json()["code"] == "passcode_needed"
    shown = stranger.ask("POST", "/api/shared", {"token": link["token"], "passcode": PASSCODE})
    segment = play(stranger, shown["playback"]["url"])
    assert (segment.status_code, len(segment.content)) == (206, 1024)
    go_on = {"token": link["token"], "viewing": shown["viewing"]}
    assert stranger.ask("POST", "/api/shared/grant", go_on)["expires_in"] <= 60
    assert stranger.post("/api/shared/original", go_on).status_code == 404, "not allowed"
    (seen,) = [it for it in ann.ask("GET", f"/api/videos/{ready}/links")["items"] if it["id"] == link["id"]]
    assert (seen["views"], seen["last_opened_at"] is not None) == (1, True)

    ann.ask("DELETE", f"/api/links/{link['id']}")
    revoked_at = time.time()
    wrong = stranger.post("/api/shared", {"token": secrets.token_urlsafe(32), "passcode": PASSCODE})
    opened = stranger.post("/api/shared", {"token": link["token"], "passcode": PASSCODE})
    assert (opened.status_code, opened.text) == (wrong.status_code, wrong.text)
    assert opened.status_code == 404
    assert stranger.post("/api/shared/grant", go_on).status_code == 404
    assert granted_until(stranger, ready) <= revoked_at + 61, "what was granted ends within the minute"


def test_the_original_is_downloaded_where_the_link_allows_it(stranger, give):
    link = give(may_download=True)
    shown = stranger.ask("POST", "/api/shared", {"token": link["token"]})
    body = {"token": link["token"], "viewing": shown["viewing"]}
    answer = stranger.http.get(stranger.ask("POST", "/api/shared/original", body)["url"])
    assert (answer.status_code, answer.content[4:8]) == (200, b"ftyp")
    assert answer.headers["content-disposition"].startswith("attachment")


def test_of_many_openings_at_once_no_more_are_let_in_than_the_limit_says(ann, ready, browser, give):
    link = give(max_views=5)
    holders = [browser() for _ in range(4)]

    def open_(n):
        return holders[n % 4].post("/api/shared", {"token": link["token"]}).status_code

    with ThreadPoolExecutor(GUESSING) as pool:
        answers = list(pool.map(open_, range(20)))
    assert (answers.count(200), answers.count(404)) == (5, 15)
    (seen,) = [it for it in ann.ask("GET", f"/api/videos/{ready}/links")["items"] if it["id"] == link["id"]]
    assert seen["views"] == 5


def test_guesses_at_a_passcode_from_many_networks(somewhere, give, show):
    link = give(passcode=PASSCODE)
    attackers = [somewhere() for _ in range(12)]

    def guess(n):
        return attackers[n % 12].post("/api/shared", {"token": link["token"], "passcode": f"{n:06}"})

    began = time.monotonic()
    with ThreadPoolExecutor(GUESSING) as pool:
        answers = list(pool.map(guess, range(40)))
    seconds = time.monotonic() - began
    passed = [answer for answer in answers if answer.status_code != 429]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["code"] for answer in passed} == {"wrong_passcode"}
    assert all(0 < int(answer.headers["retry-after"]) <= 90 for answer in refused)
    show(f"Passcodes of one link: {len(passed)} of 40 at once got through, then {24 * 3600 // 90} a day")
    assert 10 <= len(passed) <= 10 + math.ceil(seconds / 90)
