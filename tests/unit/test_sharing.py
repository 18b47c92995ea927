"""Share links: who may give them, what they open and for whom, and when that ends."""

import io
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from functions.core import database
from functions.core.caller import token_hash
from functions.core.models import Audit, Link, User, Video, VideoState, now
from functions.core.observability import logger
from functions.core.repositories import LinkRepository
from functions.sharing import service
from functions.sharing.service import PASSCODES_FROM, PASSCODES_OF

PASSCODE = "tulips"


@pytest.fixture
def draft(ann, add_video):
    return add_video(ann)


@pytest.fixture
def give(ann, draft):
    """Return a function that gives a link of Ann's draft, and returns its view with its token."""

    def give(**values):
        answer = ann.post(f"/api/videos/{draft}/links", {"name": "Grandma", **values})
        assert answer.status == 201, answer.json
        return answer.json["link"] | {"token": answer.json["token"]}

    return give


def open_(browser, link, **more):
    return browser.post("/api/shared", {"token": link["token"], **more})


def go_on(browser, link, viewing, path="/api/shared/grant"):
    return browser.post(path, {"token": link["token"], "viewing": viewing})


def write(table, key, **values):
    with database.transaction() as session:
        session.execute(update(table).where(table.id == key).values(values))


def links(browser, video_id):
    return browser.get(f"/api/videos/{video_id}/links").json["items"]


def log():
    with database.transaction() as session:
        return [it.action.value for it in session.scalars(select(Audit).order_by(Audit.id))]


# Giving


def test_a_link_is_told_once_and_kept_as_its_hash(ann, draft, give):
    link = give()
    assert len(link["token"]) == 43
    assert "token" not in links(ann, draft)[0]
    with database.transaction() as session:
        kept = session.scalars(select(Link)).one()
    assert kept.token_hash == token_hash(link["token"])
    assert link["token"] not in str(vars(kept))
    assert timedelta(days=29) < kept.expires_at - now() <= timedelta(days=30)


def test_a_passcode_is_kept_as_a_hash_of_argon2(give):
    assert give(passcode=PASSCODE)["has_passcode"]
    with database.transaction() as session:
        kept = session.scalars(select(Link)).one()
    assert kept.passcode_hash.startswith("$argon2id$")
    assert PASSCODE not in kept.passcode_hash


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"expires_at": (now() - timedelta(seconds=1)).isoformat()}, "expires_at"),
        ({"expires_at": (now() + timedelta(days=366)).isoformat()}, "expires_at"),
        ({"expires_at": "2026-12-24T00:00:00"}, "expires_at"),
        ({"passcode": "123"}, "passcode"),
        ({"passcode": "half \ud800 of it"}, "passcode"),
        ({"max_views": 0}, "max_views"),
        ({"views": 7}, "views"),
        ({"token_hash": "0" * 64}, "token_hash"),
    ],
)
def test_what_cannot_be_a_link_names_its_field(ann, draft, values, field):
    answer = ann.post(f"/api/videos/{draft}/links", {"name": "Grandma", **values})
    assert (answer.status, [it["field"] for it in answer.json["errors"]]) == (400, [field])
    assert links(ann, draft) == []


def test_somebody_elses_links_answer_like_none(ann, bob, anybody, draft, give):
    link = give()
    for path, method, body in [
        ("/api/videos/{video}/links", "GET", None),
        ("/api/videos/{video}/links", "POST", {"name": "Eve"}),
        ("/api/links/{link}", "PATCH", {"name": "Eve"}),
        ("/api/links/{link}", "DELETE", None),
    ]:
        theirs = bob.send(method, path.format(video=draft, link=link["id"]), body)
        none = bob.send(method, path.format(video=uuid4(), link=uuid4()), body)
        assert (theirs.status, theirs.json) == (none.status, none.json) == (404, none.json)
        assert anybody.send(method, path.format(video=draft, link=link["id"]), body).status == 401
    assert [it["name"] for it in links(ann, draft)] == ["Grandma"]


def test_only_what_is_given_is_changed(ann, draft, give, anybody):
    link = give(passcode=PASSCODE, max_views=3, may_download=True)
    changed = ann.send("PATCH", f"/api/links/{link['id']}", {"name": "Grandpa"}).json
    assert changed == {key: value for key, value in link.items() if key != "token"} | {"name": "Grandpa"}
    changed = ann.send("PATCH", f"/api/links/{link['id']}", {"passcode": None, "max_views": None}).json
    assert (changed["has_passcode"], changed["max_views"], changed["may_download"]) == (False, None, True)
    assert open_(anybody, link).status == 200


def test_a_video_has_a_hundred_links_that_open_and_the_revoked_ones_are_listed_last(
    ann, draft, give, monkeypatch
):
    monkeypatch.setattr(LinkRepository, "MOST", 2)
    first, second = give(name="first"), give(name="second")
    refused = ann.post(f"/api/videos/{draft}/links", {"name": "third"})
    assert (refused.status, refused.json["code"]) == (409, "invalid_state")
    ann.send("DELETE", f"/api/links/{second['id']}")
    third = give(name="third")
    assert [it["id"] for it in links(ann, draft)] == [third["id"], first["id"], second["id"]]


def test_what_is_in_the_trash_is_not_shared(ann, draft):
    ann.send("DELETE", f"/api/videos/{draft}")
    assert ann.post(f"/api/videos/{draft}/links", {"name": "Grandma"}).status == 409


# Opening


def test_a_stranger_opens_a_private_draft_and_that_video_only(anybody, ann, draft, give):
    link = give()
    answer = open_(anybody, link)
    assert (answer.status, answer.json["title"], answer.json["owner_name"]) == (200, "Cat", "Ann")
    assert answer.json["playback"]["url"] == f"/media/{draft}/1/master.m3u8"
    assert answer.json["expires_in"] == 60
    assert len(answer.cookies) == 4
    assert all(f"Path=/media/{draft}/" in it and "Max-Age=60" in it for it in answer.cookies)
    assert "ann@example.org" not in str(answer.json)
    assert anybody.get(f"/api/videos/{draft}/watch").status == 404
    shown = links(ann, draft)[0]
    assert (shown["views"], shown["last_opened_at"] is not None) == (1, True)


def test_going_on_is_no_view(anybody, ann, draft, give):
    link = give(max_views=1)
    viewing = open_(anybody, link).json["viewing"]
    for _ in range(3):
        renewed = go_on(anybody, link, viewing)
        assert (renewed.status, renewed.json, len(renewed.cookies)) == (200, {"expires_in": 60}, 4)
    assert links(ann, draft)[0]["views"] == 1
    assert open_(anybody, link).status == 404, "used up"


def test_nobody_goes_on_who_has_not_opened(anybody, give):
    link, other = give(max_views=1), give()
    viewing = open_(anybody, link).json["viewing"]
    opened_at, _, signature = viewing.partition(".")
    for made_up in [
        f"{int(opened_at) + 1}.{signature}",
        f"{opened_at}.{'0' * 64}",
        opened_at,
        "-1.0",
        "٣." + signature,
        "9" * 190 + ".",
        open_(anybody, other).json["viewing"],
    ]:
        assert go_on(anybody, link, made_up).status == 404, made_up
    assert go_on(anybody, other, viewing).status == 404


def test_an_opening_lasts_a_day(anybody, give, monkeypatch):
    link = give()
    viewing = open_(anybody, link).json["viewing"]
    opened_at = int(viewing.partition(".")[0])
    monkeypatch.setattr(service.time, "time", lambda: opened_at + 24 * 3600 - 1)
    assert go_on(anybody, link, viewing).status == 200
    monkeypatch.setattr(service.time, "time", lambda: opened_at + 24 * 3600)
    assert go_on(anybody, link, viewing).status == 404


def test_a_download_is_there_where_the_link_allows_it(anybody, ann, bucket, draft, give):
    link = give(may_download=True)
    viewing = open_(anybody, link).json["viewing"]
    path = "/api/shared/original"
    assert f"source/{draft}" in go_on(anybody, link, viewing, path).json["url"]
    ann.send("PATCH", f"/api/links/{link['id']}", {"may_download": False})
    assert go_on(anybody, link, viewing, path).status == 404
    assert go_on(anybody, link, viewing).status == 200


ENDS = {
    "revoked": lambda ann, _video, link: ann.send("DELETE", f"/api/links/{link['id']}"),
    "expired": lambda _ann, _video, link: write(Link, link["id"], expires_at=now()),
    "in the trash": lambda ann, video, _link: ann.send("DELETE", f"/api/videos/{video}"),
    "being deleted": lambda _ann, video, _link: write(Video, video, purge_started_at=now()),
    "not ready": lambda _ann, video, _link: write(Video, video, state=VideoState.PROCESSING),
    "failed": lambda _ann, video, _link: write(Video, video, state=VideoState.FAILED),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_no_longer_opens_answers_like_a_wrong_token_and_no_viewing_goes_on(
    ann, anybody, draft, give, end
):
    link = give(passcode=PASSCODE)
    viewing = open_(anybody, link, passcode=PASSCODE).json["viewing"]
    end(ann, draft, link)
    wrong = {"token": "A" * 43}
    for more in ({}, {"passcode": PASSCODE}, {"passcode": "wrong"}):
        ended, unknown = open_(anybody, link, **more), open_(anybody, wrong, **more)
        assert (
            (ended.status, ended.json, ended.cookies)
            == (unknown.status, unknown.json, [])
            == (
                404,
                unknown.json,
                [],
            )
        )
    ended, unknown = go_on(anybody, link, viewing), go_on(anybody, wrong, viewing)
    assert (ended.status, ended.json, ended.cookies) == (404, unknown.json, [])


def test_an_end_is_found_by_one_question_whatever_it_is(ann, anybody, draft, give, monkeypatch):
    """What is asked of the database decides how long an answer takes."""
    used_up, revoked = give(passcode=PASSCODE, max_views=1), give(passcode=PASSCODE)
    open_(anybody, used_up, passcode=PASSCODE)
    ann.send("DELETE", f"/api/links/{revoked['id']}")
    counted = []
    monkeypatch.setattr(LinkRepository, "count_view", lambda *_: counted.append("a second statement"))
    monkeypatch.setattr(service, "_is_right", lambda *_: counted.append("a passcode"))
    for link in (used_up, revoked, {"token": "A" * 43}):
        assert open_(anybody, link, passcode=PASSCODE).status == 404
    assert counted == []


def test_a_restored_video_is_shown_again(ann, anybody, draft, give):
    link = give()
    ann.send("DELETE", f"/api/videos/{draft}")
    assert open_(anybody, link).status == 404
    ann.post(f"/api/videos/{draft}/restore")
    assert open_(anybody, link).status == 200


def test_a_revoked_link_stays_revoked(ann, draft, give):
    link = give()
    assert [ann.send("DELETE", f"/api/links/{link['id']}").status for _ in range(2)] == [204, 204]
    later = (now() + timedelta(days=1)).isoformat()
    assert ann.send("PATCH", f"/api/links/{link['id']}", {"expires_at": later}).status == 409
    assert links(ann, draft)[0]["revoked_at"]
    assert log().count("link_revoked") == 1


def test_links_go_with_their_video(draft, give):
    give()
    with database.transaction() as session:
        session.delete(session.get_one(Video, draft))
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Link)) == 0


def test_of_fifty_openings_at_once_no_more_are_let_in_than_the_limit_says(ann, draft, give):
    link = give(max_views=20)
    gate, outcomes = threading.Barrier(50), []

    def open_once():
        gate.wait()
        try:
            with database.transaction() as session:
                LinkRepository(session).count_view(link["id"])
        except service.NotFoundError:
            outcomes.append("refused")
        else:
            outcomes.append("let in")

    threads = [threading.Thread(target=open_once) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("let in"), outcomes.count("refused")) == (20, 30)
    assert links(ann, draft)[0]["views"] == 20


# Passcodes


def test_a_passcode_is_asked_for_and_a_wrong_one_is_no_view(ann, anybody, draft, give):
    link = give(passcode=PASSCODE)
    assert open_(anybody, link).json["code"] == "passcode_needed"
    wrong = open_(anybody, link, passcode="wrong")
    assert (wrong.status, wrong.json["code"], wrong.json["errors"][0]["field"]) == (
        403,
        "wrong_passcode",
        "passcode",
    )
    assert links(ann, draft)[0]["views"] == 0
    assert open_(anybody, link, passcode=PASSCODE).status == 200
    assert log() == ["link_created", "link_doubted", "link_opened"]


def test_another_passcode_ends_what_the_one_before_opened(ann, anybody, give):
    link = give(passcode=PASSCODE)
    viewing = open_(anybody, link, passcode=PASSCODE).json["viewing"]
    ann.send("PATCH", f"/api/links/{link['id']}", {"passcode": "daffodils"})
    assert go_on(anybody, link, viewing).status == 404
    assert open_(anybody, link, passcode=PASSCODE).status == 403
    assert open_(anybody, link, passcode="daffodils").status == 200


def guesses(send, limit):
    """Count the tries that get through before the first that is refused."""
    answers = [send(n) for n in range(limit.burst + 1)]
    refused = answers[-1]
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= limit.every.total_seconds()
    return sum(answer.status != 429 for answer in answers)


def test_guesses_at_one_link_end_from_wherever_they_come(anybody, give, counters):
    link, other = give(passcode=PASSCODE), give(passcode=PASSCODE)

    def guess(n):
        body = {"token": link["token"], "passcode": "wrong"}
        return anybody.post("/api/shared", body, x_viewer_address=f"203.0.{n}.9")

    assert guesses(guess, PASSCODES_OF) == 10
    assert open_(anybody, link, passcode=PASSCODE).status == 429, "the right one too: else refusing tells"
    assert open_(anybody, other, passcode=PASSCODE).status == 200
    counters.moment += 90_000
    assert open_(anybody, link, passcode=PASSCODE).status == 200


def test_guesses_from_one_network_end_at_whichever_link(anybody, give):
    link = give(passcode=PASSCODE)

    def guess(n):
        body = {"token": f"{n:043}", "passcode": "wrong"}
        return anybody.post("/api/shared", body, x_viewer_address=f"203.0.113.{n}")

    assert guesses(guess, PASSCODES_FROM) == 10
    body = {"token": link["token"], "passcode": PASSCODE}
    assert anybody.post("/api/shared", body, x_viewer_address="198.51.100.1").status == 200


def test_right_passcodes_do_not_count(anybody, give):
    link = give(passcode=PASSCODE)
    assert {open_(anybody, link, passcode=PASSCODE).status for _ in range(30)} == {200}


def test_a_refused_guess_asks_the_database_nothing(anybody, give, monkeypatch):
    link = give(passcode=PASSCODE)
    for _ in range(10):
        open_(anybody, link, passcode="wrong")
    monkeypatch.setattr(LinkRepository, "open", lambda *_, **__: pytest.fail("asked"))
    assert open_(anybody, link, passcode="wrong").status == 429


# What is written


def test_no_log_and_no_answer_names_a_token_or_a_passcode(ann, anybody, draft, give, monkeypatch):
    logged = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", logged)
    link = give(passcode=PASSCODE)
    viewing = open_(anybody, link, passcode=PASSCODE).json["viewing"]
    open_(anybody, link, passcode="a-wrong-one")
    go_on(anybody, link, viewing)
    refused = anybody.post("/api/shared", {"token": link["token"], "passcode": 7, "viewing": viewing})
    assert refused.status == 400
    with database.transaction() as session:
        audit = [
            (it.action.value, it.user_id, it.actor_id, it.details) for it in session.scalars(select(Audit))
        ]
    assert {user for _, user, _, _ in audit} == {ann.user.id}
    assert {details["link"] for *_, details in audit} == {link["id"]}
    written = logged.getvalue() + str(audit) + str(refused.json) + str(links(ann, draft))
    assert "/api/shared" in written, "requests are logged"
    for secret in (link["token"], token_hash(link["token"]), viewing, PASSCODE, "a-wrong-one"):
        assert secret not in written


def test_the_owner_is_told_by_name_and_nothing_more(anybody, ann, give):
    link = give()
    write(User, ann.user.id, display_name="Ann Other")
    shown = open_(anybody, link).json
    assert shown["owner_name"] == "Ann Other"
    assert str(ann.user.id) not in str(shown)
