"""Accounts: who gets in, what ends a session, what is written down, how often one may guess."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from functions.accounts import devices
from functions.accounts.service import (
    CODES_OF,
    CODES_OF_APPS,
    MAILS_TO,
    OWN_PASSWORDS,
    PASSWORDS_FROM,
    PASSWORDS_OF,
)
from functions.core import database, mail
from functions.core.errors import InvalidCodeError
from functions.core.journal import network_of
from functions.core.models import Audit, Challenge, RecoveryCode, Role, User, now
from functions.core.models import Session as BrowserSession
from functions.core.settings import settings
from functions.live import notify
from tests.unit.conftest import PASSWORD, Browser

NEW_PASSWORD = "Battery-staple-8"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML) Chrome/156.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"


@pytest.fixture
def stage_with(monkeypatch):
    """Return a function that changes the stage's settings."""

    def change(**values):
        for name, value in values.items():
            monkeypatch.setenv(name.upper(), value)
        settings.cache_clear()

    return change


@pytest.fixture
def log():
    """Return a function that tells what the audit log says, oldest first."""

    def tell(user=None):
        with database.transaction() as session:
            found = session.scalars(select(Audit).order_by(Audit.id)).all()
        return [it.action.value for it in found if user is None or it.user_id == user.id]

    return tell


def enter(browser, email="ann@example.org", password=PASSWORD, **headers):
    answer = browser.post("/api/auth/sign-in", {"email": email, "password": password}, **headers)
    browser.keep(answer)
    return answer


def sign_up(browser, email="new@example.org", password=PASSWORD):
    return browser.post("/api/auth/sign-up", {"email": email, "password": password, "display_name": "New"})


def grow_old(browser, **ages):
    """Let the session of a browser have happened longer ago than it did."""
    with database.transaction() as session:
        values = {name: now() - age for name, age in ages.items()}
        session.execute(
            update(BrowserSession).where(BrowserSession.user_id == browser.user.id).values(values)
        )


# Sign-up


def test_an_account_begins_with_a_code(anybody, log):
    assert sign_up(anybody).json == {"email": "new@example.org", "code_hint": "123456"}
    code = {"email": "New@Example.org", "code": " 123456 "}
    assert anybody.post("/api/auth/confirm", code).status == 204
    assert enter(anybody, "new@example.org").json["display_name"] == "New"
    assert log() == ["signed_up", "confirmed", "signed_in"]


def test_a_closed_drive_takes_nobody_but_its_administrator(anybody, stage_with, pool):
    stage_with(sign_up="closed", admin_email="boss@example.org")
    answer = sign_up(anybody)
    assert (answer.status, answer.json["code"]) == (403, "sign_up_refused")
    assert sign_up(anybody, "Boss@example.org").status == 202
    assert pool.mails == ["boss@example.org"]
    assert anybody.get("/api/auth/policy").json == {"sign_up": "closed", "domains": []}


@pytest.mark.parametrize("email", ["a@evil.org", "a@sub.example.org", "a@example.org.evil.org"])
def test_a_drive_of_some_domains_takes_no_address_of_another(anybody, stage_with, email):
    stage_with(sign_up_domains="example.org example.com")
    answer = sign_up(anybody, email)
    assert (answer.status, answer.json["errors"][0]["field"]) == (403, "email")
    assert "example.org or example.com" in answer.json["detail"]
    assert sign_up(anybody, "a@Example.com").status == 202


def test_whoever_has_the_address_of_the_administrator_is_one(anybody, stage_with, pool):
    stage_with(admin_email="boss@example.org")
    pool.add("boss@example.org", "Boss")
    assert enter(anybody, "BOSS@example.org").json["role"] == Role.ADMIN


# Sessions


def test_signing_in_leaves_nothing_of_the_session_before(ann):
    before = ann.token
    assert enter(ann).status == 200
    assert ann.token != before
    assert Browser(before).get("/api/me").status == 401


def test_the_devices_of_an_account_say_what_they_are_and_which_one_asks(ann, bob):
    other = Browser()
    enter(other, user_agent=CHROME, x_viewer_address="203.0.113.77")
    enter(ann, user_agent=FIREFOX, x_viewer_address="2001:db8:1:2ff::7")
    found = {it["browser"]: it for it in ann.get("/api/me/sessions").json["items"]}
    assert (found["Firefox"]["system"], found["Firefox"]["network"]) == ("Linux", "2001:db8:1:200::/56")
    assert (found["Chrome"]["system"], found["Chrome"]["network"]) == ("Windows", "203.0.113.0/24")
    assert [found["Firefox"]["current"], found["Chrome"]["current"]] == [True, False]
    assert len(bob.get("/api/me/sessions").json["items"]) == 1


def test_a_device_is_signed_out_by_its_owner_alone(ann, bob, log):
    other = Browser()
    enter(other)
    theirs = next(it["id"] for it in ann.get("/api/me/sessions").json["items"] if not it["current"])
    assert bob.send("DELETE", f"/api/me/sessions/{theirs}").status == 404
    assert other.get("/api/me").status == 200
    assert ann.send("DELETE", f"/api/me/sessions/{theirs}").status == 204
    assert [other.get("/api/me").status, ann.get("/api/me").status] == [401, 200]
    assert log(ann.user)[-1] == "session_ended"


def test_all_other_devices_are_signed_out_at_once(ann, bob):
    other = Browser()
    enter(other)
    assert ann.send("DELETE", "/api/me/sessions").status == 204
    assert [it.get("/api/me").status for it in (ann, other, bob)] == [200, 401, 200]


def test_signing_out_everywhere_ends_this_session_too(ann, bob):
    other = Browser()
    enter(other)
    answer = ann.post("/api/auth/sign-out-everywhere")
    assert "Max-Age=0" in answer.cookies[0]
    assert [it.get("/api/me").status for it in (ann, other, bob)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("age", "status"), [({"created_at": timedelta(days=30)}, 401), ({"created_at": timedelta(days=29)}, 200)]
)
def test_a_session_ends_for_good_after_thirty_days(ann, age, status):
    grow_old(ann, **age)
    assert ann.get("/api/me").status == status


def test_confirming_who_one_is_renews_the_sessions_token(ann, log):
    before = ann.token
    assert ann.post("/api/auth/reauthenticate", {"password": "wrong"}).json["code"] == "wrong_password"
    answer = ann.post("/api/auth/reauthenticate", {"password": PASSWORD})
    ann.keep(answer)
    assert answer.status == 204
    assert ann.token != before
    grow_old(ann, rotated_at=BrowserSession.GRACE)
    assert [Browser(before).get("/api/me").status, ann.get("/api/me").status] == [401, 200]
    assert log(ann.user) == ["identity_doubted", "identity_confirmed"]


def test_what_is_under_way_while_the_token_changes_is_answered_and_may_do_no_more_than_before(ann):
    before, totp = Browser(ann.token), "/api/me/totp"
    grow_old(ann, authenticated_at=BrowserSession.RECENT)
    ann.keep(ann.post("/api/auth/reauthenticate", {"password": PASSWORD}))
    assert [before.get("/api/events").status, ann.get("/api/events").status] == [200, 200]
    assert before.send("DELETE", totp).json["code"] == "reauthenticate"
    assert ann.send("DELETE", totp).status == 204


@pytest.mark.parametrize("path", ["/api/auth/sign-out", "/api/auth/sign-out-everywhere"])
def test_signing_out_while_the_token_changes_ends_the_session(ann, path):
    before = Browser(ann.token)
    ann.keep(ann.post("/api/auth/reauthenticate", {"password": PASSWORD}))
    assert before.post(path).status == 204
    assert [before.get("/api/me").status, ann.get("/api/me").status] == [401, 401]


# Passwords


def test_a_new_password_asks_for_the_old_one_and_ends_every_other_session(ann, log):
    other = Browser()
    enter(other)
    wrong = {"password": "wrong", "new_password": NEW_PASSWORD}
    assert ann.post("/api/me/password", wrong).json["errors"][0]["field"] == "password"
    answer = ann.post("/api/me/password", {"password": PASSWORD, "new_password": NEW_PASSWORD})
    before, _ = ann.token, ann.keep(answer)
    assert answer.status == 204
    grow_old(ann, rotated_at=BrowserSession.GRACE)
    assert [it.get("/api/me").status for it in (ann, other, Browser(before))] == [200, 401, 401]
    assert enter(Browser(), password=PASSWORD).status == 401
    assert enter(Browser(), password=NEW_PASSWORD).status == 200
    assert "password_changed" in log(ann.user)


def test_a_password_that_is_too_weak_changes_nothing(ann):
    other = Browser()
    enter(other)
    assert ann.post("/api/me/password", {"password": PASSWORD, "new_password": "weak"}).status == 400
    assert [it.get("/api/me").status for it in (ann, other)] == [200, 200]


def test_a_forgotten_password_is_set_anew_by_a_code_and_ends_every_session(ann, anybody, log):
    assert anybody.post("/api/auth/forgot", {"email": "Ann@example.org"}).status == 202
    body = {"email": "Ann@example.org", "code": "000000", "password": NEW_PASSWORD}
    assert anybody.post("/api/auth/reset", body).json["code"] == "invalid_code"
    assert anybody.post("/api/auth/reset", body | {"code": "123456"}).status == 204
    assert ann.get("/api/me").status == 401
    assert enter(anybody, password=NEW_PASSWORD).status == 200
    assert log(ann.user) == ["reset_asked", "identity_doubted", "password_reset", "signed_in"]


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/api/auth/sign-in", {"password": "wrong"}),
        ("/api/auth/forgot", {}),
        ("/api/auth/resend", {}),
        ("/api/auth/reset", {"code": "000000", "password": NEW_PASSWORD}),
        ("/api/auth/sign-up", {"password": PASSWORD, "display_name": "X"}),
    ],
)
def test_known_and_unknown_addresses_get_the_same_answer(ann, anybody, path, more):
    known, unknown = (
        anybody.post(path, {"email": email, **more}) for email in ("ann@example.org", "nobody@example.org")
    )
    assert known.status == unknown.status
    assert str(known.json).replace("ann@", "nobody@") == str(unknown.json)


# The second factor


@pytest.fixture
def codes(ann):
    """Let Ann have an authenticator app; return her recovery codes."""
    answer = ann.post("/api/me/totp/verify", {"password": PASSWORD, "code": "111111"})
    ann.keep(answer)
    return answer.json["codes"]


def challenged(browser, **headers):
    """Give the right password; return the challenge that it is answered with."""
    answer = enter(browser, **headers)
    assert (answer.status, answer.json["expires_in"], answer.cookies) == (202, 300, [])
    return answer.json["challenge"]


def respond(browser, challenge, code):
    answer = browser.post("/api/auth/challenge", {"challenge": challenge, "code": code})
    browser.keep(answer)
    return answer


def test_an_authenticator_app_is_set_up_with_the_password_and_a_code_of_it(ann, log):
    assert ann.post("/api/me/totp", {"password": "wrong"}).json["code"] == "wrong_password"
    secret = ann.post("/api/me/totp", {"password": PASSWORD}).json
    assert secret["uri"] == (
        "otpauth://totp/StreamTime%3Aann%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=StreamTime"
    )
    assert {len(row) for row in secret["qr"]} == {len(secret["qr"])}
    wrong = ann.post("/api/me/totp/verify", {"password": PASSWORD, "code": "999999"})
    assert (wrong.status, wrong.json["code"]) == (400, "invalid_code")
    assert ann.get("/api/me/totp").json == {"since": None, "recovery_codes_left": 0}
    other = Browser()
    enter(other)
    answer = ann.post("/api/me/totp/verify", {"password": PASSWORD, "code": "111111"})
    ann.keep(answer)
    assert len({*answer.json["codes"]}) == 10
    assert ann.get("/api/me/totp").json["recovery_codes_left"] == 10
    assert [it.get("/api/me").status for it in (ann, other)] == [200, 401]
    assert log(ann.user)[-1] == "totp_on"


def test_a_password_alone_signs_nobody_in_where_a_code_is_wanted(codes, anybody, log, ann):
    challenge = challenged(anybody)
    assert anybody.get("/api/me").status == 401
    assert respond(anybody, challenge, "999999").json["code"] == "invalid_code"
    assert respond(anybody, challenge, "222222").json["email"] == "ann@example.org"
    assert anybody.get("/api/me").status == 200
    assert respond(Browser(), challenge, "333333").json["code"] == "challenge_over"
    assert log(ann.user)[-2:] == ["sign_in_failed", "signed_in"]


def test_a_code_of_the_app_is_good_for_one_sign_in(codes, anybody):
    assert respond(anybody, challenged(anybody), "222222").status == 200
    again = Browser()
    assert respond(again, challenged(again), "222222").json["code"] == "invalid_code"
    assert respond(again, challenged(again), "333333").status == 200


def test_a_recovery_code_stands_in_once_however_it_is_typed(codes, anybody, ann, bob, log):
    code = codes[3].upper().replace("-", " ")
    assert respond(anybody, challenged(anybody), code).status == 200
    assert ann.get("/api/me/totp").json["recovery_codes_left"] == 9
    again = Browser()
    assert respond(again, challenged(again), codes[3]).json["code"] == "invalid_code"
    assert "code_spent" in log(ann.user)
    with database.transaction() as session:
        assert not {it.code_hash for it in session.scalars(select(RecoveryCode))} & {*codes}


def test_new_recovery_codes_end_the_ones_before(codes, ann, anybody):
    new = ann.post("/api/me/totp/recovery-codes").json["codes"]
    assert not {*new} & {*codes}
    assert respond(anybody, challenged(anybody), codes[0]).status == 400
    assert respond(anybody, challenged(anybody), new[0]).status == 200


def test_a_challenge_ends_after_five_tries_or_minutes(codes, anybody, counters):
    challenge = challenged(anybody)
    wrong = [f"aaaa-aaaa-aaaa-aaa{n}" for n in range(5)]
    assert {respond(anybody, challenge, code).json["code"] for code in wrong} == {"invalid_code"}
    assert respond(anybody, challenge, "222222").json["code"] == "challenge_over"
    challenge = challenged(anybody)
    with database.transaction() as session:
        session.execute(update(Challenge).values(expires_at=now()))
    assert respond(anybody, challenge, "222222").json["code"] == "challenge_over"
    assert respond(anybody, "made-up", "222222").json["code"] == "challenge_over"


def test_guesses_at_the_app_end_whatever_new_challenges_are_begun(codes, anybody):
    assert guesses(lambda: respond(anybody, challenged(anybody), "999999"), CODES_OF_APPS) == 5
    assert respond(anybody, challenged(anybody), codes[0]).status == 200


def test_the_app_is_turned_off_by_who_has_just_shown_who_they_are(codes, ann, anybody, log):
    grow_old(ann, authenticated_at=timedelta(minutes=16))
    for method, path in (("DELETE", "/api/me/totp"), ("POST", "/api/me/totp/recovery-codes")):
        answer = ann.send(method, path)
        assert (answer.status, answer.json["code"]) == (401, "reauthenticate")
    proof = {"password": PASSWORD}
    assert ann.post("/api/auth/reauthenticate", proof).json["code"] == "code_required"
    assert ann.post("/api/auth/reauthenticate", proof | {"code": "999999"}).status == 400
    ann.keep(ann.post("/api/auth/reauthenticate", proof | {"code": "222222"}))
    answer = ann.send("DELETE", "/api/me/totp")
    ann.keep(answer)
    assert answer.status == 204
    assert ann.get("/api/me").json["totp_since"] is None
    assert enter(anybody).status == 200
    assert log(ann.user)[-2:] == ["totp_off", "signed_in"]


def test_a_second_app_waits_until_the_first_is_gone(codes, ann):
    assert ann.post("/api/me/totp", {"password": PASSWORD}).json["code"] == "invalid_state"


# The account


def test_a_name_is_changed_and_never_empty(ann, log):
    assert ann.send("PATCH", "/api/me", {"display_name": "  Ann Other "}).json["display_name"] == "Ann Other"
    assert ann.send("PATCH", "/api/me", {"display_name": "  "}).json["errors"][0]["field"] == "display_name"
    assert log(ann.user) == ["renamed"]


def test_a_disabled_account_is_told_so_only_by_its_password(ann, anybody, log):
    with database.transaction() as session:
        session.execute(update(User).where(User.id == ann.user.id).values(disabled_at=now()))
    assert ann.get("/api/me").status == 401
    assert "switched off" in enter(anybody).json["detail"]
    assert "switched off" not in enter(anybody, password="wrong").json["detail"]
    assert log(ann.user) == ["sign_in_failed", "sign_in_failed"]


def test_the_log_tells_from_where_and_never_what_was_typed(anybody, ann):
    enter(anybody, password="a-secret-guess", x_viewer_address="203.0.113.9", user_agent=FIREFOX)
    enter(anybody, email="a-secret@example.org", password="wrong")
    with database.transaction() as session:
        first, second = session.scalars(select(Audit).order_by(Audit.id)).all()
    assert (first.user_id, first.network, first.user_agent) == (ann.user.id, "203.0.113.0/24", FIREFOX)
    assert second.user_id is None
    assert "secret" not in f"{first.details} {second.details}"


# Guessing


def guesses(send, limit):
    """Count the tries that get through before the first that is refused."""
    answers = [send() for _ in range(limit.burst + 1)]
    refused = answers[-1]
    assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= limit.every.total_seconds()
    return sum(answer.status != 429 for answer in answers)


def test_guesses_at_one_password_end_and_one_more_comes_with_time(ann, anybody, counters):
    def wrong():
        return enter(anybody, password="wrong")

    assert guesses(wrong, PASSWORDS_OF) == PASSWORDS_OF.burst
    assert enter(anybody).status == 429
    counters.moment += int(PASSWORDS_OF.every.total_seconds() * 1000)
    assert [wrong().status, wrong().status] == [401, 429]


def test_a_locked_account_stays_open_in_the_sessions_it_has(ann, anybody):
    guesses(lambda: enter(anybody, password="wrong"), PASSWORDS_OF)
    assert ann.get("/api/me").status == 200
    assert ann.post("/api/auth/reauthenticate", {"password": PASSWORD}).status == 204


def test_guesses_from_one_network_end_whoever_they_are_about(anybody):
    mails = iter(f"{n}@example.org" for n in range(PASSWORDS_FROM.burst + 1))

    def everywhere():
        return enter(anybody, next(mails), "wrong", x_viewer_address="203.0.113.1")

    assert guesses(everywhere, PASSWORDS_FROM) == PASSWORDS_FROM.burst
    assert enter(anybody, "x@example.org", x_viewer_address="203.0.113.200").status == 429
    assert enter(anybody, "x@example.org", x_viewer_address="203.0.114.1").status == 401


def test_right_passwords_are_no_guesses(ann):
    assert {enter(ann).status for _ in range(PASSWORDS_OF.burst + 2)} == {200}


def test_guesses_in_a_session_end_too(ann):
    def wrong():
        return ann.post("/api/auth/reauthenticate", {"password": "wrong"})

    assert guesses(wrong, OWN_PASSWORDS) == OWN_PASSWORDS.burst
    new = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    assert ann.post("/api/me/password", new).status == 429


def test_guesses_at_one_code_end(anybody):
    body = {"email": "ann@example.org", "code": "000000", "password": NEW_PASSWORD}
    assert guesses(lambda: anybody.post("/api/auth/reset", body), CODES_OF) == CODES_OF.burst
    assert anybody.post("/api/auth/confirm", {"email": "ann@example.org", "code": "123456"}).status == 429


def test_nobodys_mailbox_is_flooded(anybody, pool):
    address = {"email": "ann@example.org"}
    assert guesses(lambda: anybody.post("/api/auth/forgot", address), MAILS_TO) == MAILS_TO.burst
    assert [anybody.post("/api/auth/resend", address).status, sign_up(anybody, **address).status] == [429] * 2
    assert len(pool.mails) == MAILS_TO.burst


def test_a_password_that_is_too_weak_costs_no_message(anybody):
    assert {sign_up(anybody, password="weak").status for _ in range(MAILS_TO.burst + 1)} == {400}
    assert sign_up(anybody).status == 202


def test_messages_from_one_network_are_counted_by_the_hour(anybody, stage_with):
    stage_with(mails_per_hour="3")
    answers = [sign_up(anybody, f"{uuid4()}@example.org") for _ in range(4)]
    assert [answer.status for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1].headers["Retry-After"]) == 20 * 60


# What is written down of a visitor


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2ff::7", "2001:db8:1:200::/56"),
        ("", ""),
        ("evil", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("user_agent", "known"),
    [
        (CHROME, ("Chrome", "Windows")),
        (f"{CHROME} Edg/156.0", ("Edge", "Windows")),
        (FIREFOX, ("Firefox", "Linux")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) Version/20.0 Mobile/15E148 Safari/604.1",
            ("Safari", "iPhone"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 17; Pixel 12) Chrome/156.0 Mobile Safari/537.36",
            ("Chrome", "Android"),
        ),
        ("curl/8", (None, None)),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(user_agent, known):
    assert devices.describe(user_agent) == known


# Another address


NEW = "ann@new.example.org"


def ask_for(browser, email=NEW):
    return browser.post("/api/me/email", {"email": email})


def confirm_new(browser, email=NEW, code="123456"):
    answer = browser.post("/api/me/email/confirm", {"email": email, "code": code})
    browser.keep(answer)
    return answer


def test_another_address_signs_in_once_it_has_answered(ann, log, pool, doorbells):
    other = Browser()
    enter(other)
    assert ask_for(ann, "Ann@new.example.org").json["code_hint"] == "123456"
    assert pool.mails == [NEW]
    assert enter(Browser(), NEW).status == 401
    assert confirm_new(ann, code="000000").json["code"] == "invalid_code"
    assert [enter(Browser()).status, other.get("/api/me").status] == [200, 200]
    before = ann.token
    assert doorbells.announced == []
    assert confirm_new(ann).json["email"] == NEW
    assert [it["mail"]["to"] for it in doorbells.announced if "mail" in it] == ["ann@example.org"]
    assert ann.token != before
    assert [ann.get("/api/me").status, other.get("/api/me").status] == [200, 401]
    assert [enter(Browser()).status, enter(Browser(), NEW).status] == [401, 200]
    assert ann.post("/api/auth/reauthenticate", {"password": PASSWORD}).status == 204
    told = [it for it in log(ann.user) if "email" in it]
    assert told == ["email_asked", "email_changed"]


def test_another_address_asks_for_a_recent_sign_in(ann, anybody):
    sign_up(anybody, NEW)  # whoever holds a cookie may have a code sent to an address of theirs
    grow_old(ann, authenticated_at=BrowserSession.RECENT)
    assert [ask_for(ann).json["code"], confirm_new(ann).json["code"]] == ["reauthenticate"] * 2
    assert ann.get("/api/me").json["email"] == "ann@example.org"


def test_a_taken_address_is_answered_like_a_free_one(ann, bob):
    taken, free = ask_for(ann, "bob@example.org"), ask_for(ann, NEW)
    assert (taken.status, free.status) == (202, 202)
    assert taken.json["code_hint"] == free.json["code_hint"]
    wrong = [confirm_new(ann, it, "123450").json for it in ("bob@example.org", NEW)]
    assert wrong[0] == wrong[1]
    assert confirm_new(ann, "bob@example.org").json == wrong[0]
    assert enter(Browser(), "bob@example.org").json["id"] == str(bob.user.id)


def test_the_address_of_an_account_that_the_pool_forgot_is_not_taken_over(ann, bob, pool):
    pool.delete(bob.user.id)
    ask_for(ann, "bob@example.org")
    assert confirm_new(ann, "bob@example.org").json["code"] == "invalid_state"
    assert ann.get("/api/me").json["email"] == "ann@example.org"
    assert enter(Browser()).status == 200


@pytest.mark.parametrize(
    ("email", "status"),
    [("ANN@example.org", 400), ("ann@evil.org", 403), ("ann", 400), ("a@example.org", 202)],
)
def test_which_addresses_may_be_asked_for(ann, stage_with, email, status):
    stage_with(sign_up_domains="example.org", sign_up="closed")
    assert ask_for(ann, email).status == status


def test_whoever_takes_the_administrators_address_becomes_none(ann, stage_with):
    stage_with(admin_email=NEW)
    ask_for(ann)
    confirm_new(ann)
    assert enter(ann, NEW).json["role"] == "member"


def test_a_pool_that_refuses_changes_nothing(ann, pool, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise InvalidCodeError("no")

    monkeypatch.setattr(pool, "move", refuse)
    ask_for(ann)
    assert confirm_new(ann).status == 400
    assert ann.get("/api/me").json["email"] == "ann@example.org"
    assert enter(Browser()).status == 200


def test_a_change_that_only_the_pool_learned_of_is_learned_at_the_next_sign_in(ann, pool):
    pool.ids[NEW] = pool.ids.pop("ann@example.org")
    assert enter(ann, NEW).json["email"] == NEW


def test_a_message_goes_out_as_the_stages_sender_or_not_at_all(stage_with, monkeypatch, lambda_context):
    class Ses:
        @staticmethod
        def send_email(**message):
            sent.append(message)

    sent = []
    monkeypatch.setattr(mail, "client", {"sesv2": Ses}.__getitem__)
    change = {"mail": {"to": "ann@example.org", "subject": "Changed", "text": "Your address"}}
    event = {"Records": [{"Sns": {"Message": json.dumps(change)}}]}
    notify.handle(event, lambda_context)
    assert sent == []
    stage_with(email_sender="drive@example.org")
    notify.handle(event, lambda_context)
    (message,) = sent
    assert message["FromEmailAddress"] == "StreamTime <drive@example.org>"
    assert message["Destination"] == {"ToAddresses": ["ann@example.org"]}
    assert message["Content"]["Simple"]["Body"]["Text"]["Data"] == "Your address"


def test_messages_to_new_addresses_are_counted(ann):
    answers = [ask_for(ann).status for _ in range(MAILS_TO.burst + 1)]
    assert answers == [202] * MAILS_TO.burst + [429]
