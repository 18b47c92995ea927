"""Accounts on a real stage: devices, passwords, and how many guesses get through."""

import io
import json
import math
import secrets
import statistics
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import httpx
import pytest
from client import PASSWORD, Person, app_code, eventually

GUESSING = 4
"""Guesses under way at once: each of them keeps a function of its own busy."""
NEW_PASSWORD = "Battery-staple-8"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML) Chrome/156.0 Safari/537.36"


@pytest.fixture
def somewhere(stage):
    """Return a function that opens a browser in a network of its own; all of 127/8 is this machine."""
    with ExitStack() as open_browsers:

        def make(email: str | None = None) -> Person:
            network = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(255)}.9"
            found = open_browsers.enter_context(closing(Person(stage["edge"], address=network)))
            found.email = email or found.email
            return found

        yield make


@pytest.fixture
def victim(person) -> Person:
    """Make an account, which has used up one code and one message of its own."""
    return person("Victim")


def through(
    tries: int,
    guess: Callable[[int], httpx.Response],
    show: Callable[[str], None],
    *,
    burst: int,
    every: float,
    what: str,
) -> list[httpx.Response]:
    """Guess many times at once; hold what got through against what the limit says, and show it."""
    began = time.monotonic()
    with ThreadPoolExecutor(GUESSING) as pool:
        answers = list(pool.map(guess, range(tries)))
    seconds = time.monotonic() - began
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["code"] for answer in refused} == {"too_many_requests"}
    assert all(0 < int(answer.headers["retry-after"]) <= math.ceil(every) for answer in refused)
    passed = tries - len(refused)
    per_day = 24 * 3600 / every
    show(f"{what}: {passed} of {tries} at once got through, then {per_day:.0f} a day")
    assert burst <= passed <= burst + seconds / every + 1
    return answers


def test_a_device_is_listed_and_signed_out_from_another(victim, browser, rows):
    other = browser()
    other.email = victim.email
    other.http.headers["user-agent"] = CHROME
    other.sign_in()
    devices = victim.ask("GET", "/api/me/sessions")["items"]
    (found,) = [it for it in devices if not it["current"]]
    assert (found["browser"], found["system"], found["network"]) == ("Chrome", "Windows", "127.0.0.0/24")
    victim.ask("DELETE", f"/api/me/sessions/{found['id']}")
    assert (other.get("/api/me").status_code, victim.get("/api/me").status_code) == (401, 200)
    me = victim.ask("GET", "/api/me")["id"]
    written = rows("SELECT action, network FROM audit WHERE user_id = %s ORDER BY id", me)
    assert [action for action, _ in written] == [
        "signed_up",
        "confirmed",
        "signed_in",
        "signed_in",
        "session_ended",
    ]
    assert {network for _, network in written} == {"127.0.0.0/24"}


def test_a_forgotten_password_is_set_anew_by_the_code_that_was_sent(victim, browser):
    visitor = browser()
    visitor.email = victim.email
    code = visitor.ask("POST", "/api/auth/forgot", {"email": victim.email})["code_hint"]
    new = {"email": victim.email, "code": code, "password": NEW_PASSWORD}
    assert visitor.post("/api/auth/reset", new | {"code": "000000"}).json()["code"] == "invalid_code"
    assert visitor.post("/api/auth/reset", new | {"password": "short"}).status_code == 400
    visitor.ask("POST", "/api/auth/reset", new)
    assert victim.get("/api/me").status_code == 401
    assert [visitor.sign_in(it).status_code for it in (PASSWORD, NEW_PASSWORD)] == [401, 200]
    assert visitor.post("/api/auth/reset", new).json()["code"] == "invalid_code"  # a code works once


def test_a_new_password_ends_every_other_session(victim, browser):
    other = browser()
    other.email = victim.email
    other.sign_in()
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    assert victim.post("/api/me/password", body | {"password": "wrong"}).json()["code"] == "wrong_password"
    assert victim.post("/api/me/password", body | {"new_password": "short"}).status_code == 400
    assert other.get("/api/me").status_code == 200
    victim.ask("POST", "/api/me/password", body)
    assert (victim.get("/api/me").status_code, other.get("/api/me").status_code) == (200, 401)
    assert [other.sign_in(it).status_code for it in (PASSWORD, NEW_PASSWORD)] == [401, 200]


def test_another_address_is_confirmed_and_the_old_one_is_free_again(victim, browser, person):
    old, new = victim.email, f"new-{victim.email}"
    taken, free = (victim.ask("POST", "/api/me/email", {"email": it}) for it in (person("Other").email, new))
    assert taken["code_hint"] == free["code_hint"]
    told = {"email": taken["email"], "code": taken["code_hint"]}
    assert victim.post("/api/me/email/confirm", told).json()["code"] == "invalid_code"
    told = {"email": new, "code": free["code_hint"]}
    wrong = victim.post("/api/me/email/confirm", told | {"code": "000000"})
    assert wrong.json()["code"] == "invalid_code"
    other = browser()
    other.email = old
    assert other.sign_in().status_code == 200
    assert victim.ask("POST", "/api/me/email/confirm", told)["email"] == new
    assert (victim.get("/api/me").status_code, other.get("/api/me").status_code) == (200, 401)
    assert other.sign_in().status_code == 401
    other.email = new
    assert other.sign_in().json()["id"] == victim.ask("GET", "/api/me")["id"]
    assert other.post("/api/auth/reauthenticate", {"password": PASSWORD}).status_code == 204
    other.email = old
    assert other.sign_up("Somebody else").ask("GET", "/api/me")["email"] == old


def test_a_copy_of_ones_data_is_fetched_by_its_owner_only(victim, stranger, person):
    assert victim.ask("POST", "/api/me/export")["ready_at"] is None
    made = eventually(
        lambda: it if (it := victim.ask("GET", "/api/me/export"))["ready_at"] else None, what="the export"
    )
    answer = httpx.get(victim.ask("GET", "/api/me/export/file")["url"])
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert len(answer.content) == made["size_bytes"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert json.loads(archive.read("profile.json"))["email"] == victim.email
    others = (stranger, person("Other"))
    assert [it.get("/api/me/export/file").status_code for it in others] == [401, 404]


def set_up_app(person: Person) -> tuple[str, list[str]]:
    """Let somebody have an authenticator app; return its secret and the recovery codes."""
    secret = person.ask("POST", "/api/me/totp", {"password": PASSWORD})["secret"]
    body = {"password": PASSWORD, "code": app_code(secret)}
    return secret, person.ask("POST", "/api/me/totp/verify", body)["codes"]


def test_an_authenticator_app_guards_the_account_until_it_is_turned_off(victim, browser):
    secret, codes = set_up_app(victim)
    visitor = browser()
    visitor.email = victim.email
    begun = visitor.sign_in()
    assert begun.status_code == 202
    assert visitor.get("/api/me").status_code == 401
    challenge = begun.json()["challenge"]
    wrong = {"challenge": challenge, "code": "000000"}
    assert visitor.post("/api/auth/challenge", wrong).json()["code"] == "invalid_code"
    right = {"challenge": challenge, "code": app_code(secret, steps=1)}
    assert visitor.ask("POST", "/api/auth/challenge", right)["email"] == victim.email
    assert visitor.post("/api/auth/challenge", right).json()["code"] == "challenge_over"
    # The same code again, within its minute, and a recovery code twice.
    again = visitor.sign_in().json()["challenge"]
    assert visitor.post("/api/auth/challenge", right | {"challenge": again}).json()["code"] == "invalid_code"
    spare = {"challenge": again, "code": codes[0]}
    assert visitor.post("/api/auth/challenge", spare).status_code == 200
    last = visitor.sign_in().json()["challenge"]
    assert visitor.post("/api/auth/challenge", spare | {"challenge": last}).json()["code"] == "invalid_code"
    assert victim.send("DELETE", "/api/me/totp").status_code == 204
    assert visitor.sign_in().status_code == 200


def test_guesses_at_the_second_factor(victim, somewhere, show):
    set_up_app(victim)
    attackers = [somewhere(victim.email) for _ in range(12)]

    def guess(n: int) -> httpx.Response:
        attacker = attackers[n % 12]
        challenge = attacker.sign_in().json()["challenge"]
        return attacker.post("/api/auth/challenge", {"challenge": challenge, "code": f"{n:06}"})

    through(24, guess, show, burst=5, every=1800, what="Codes of one authenticator app")


def test_guesses_at_one_password_from_many_networks(victim, somewhere, show):
    attackers = [somewhere(victim.email) for _ in range(12)]

    def wrong(n):
        return attackers[n % 12].sign_in(f"Guess-{n:08}")

    answers = through(48, wrong, show, burst=10, every=180, what="Passwords of one account")
    assert {answer.status_code for answer in answers} == {401, 429}
    # Whoever is signed in stays so, and may show who they are.
    assert victim.get("/api/me").status_code == 200
    assert victim.post("/api/auth/reauthenticate", {"password": PASSWORD}).status_code == 204


def test_guesses_from_one_network_at_many_accounts(somewhere, show):
    attacker = somewhere()

    def stuff(n: int) -> httpx.Response:
        email = f"{secrets.token_hex(6)}@example.org"
        return attacker.post("/api/auth/sign-in", {"email": email, "password": f"Guess-{n:08}"})

    through(120, stuff, show, burst=60, every=6, what="Passwords from one network")


def test_guesses_at_a_code(victim, somewhere, show):
    attackers = [somewhere(victim.email) for _ in range(12)]
    body = {"email": victim.email, "password": NEW_PASSWORD}

    def guess(n: int) -> httpx.Response:
        return attackers[n % 12].post("/api/auth/reset", body | {"code": f"{n:06}"})

    through(40, guess, show, burst=9, every=360, what="Codes of one account")


def test_messages_to_one_address(victim, somewhere, show):
    attackers = [somewhere(victim.email) for _ in range(12)]

    def ask(n):
        return attackers[n % 12].post("/api/auth/forgot", {"email": victim.email})

    through(24, ask, show, burst=4, every=600, what="Messages to one address")


@pytest.mark.parametrize("path", ["/api/auth/sign-in", "/api/auth/forgot", "/api/auth/sign-up"])
def test_known_and_unknown_addresses_are_answered_alike(person, somewhere, show, path):
    """The times are printed for whoever reads them: on a machine that others share, they decide nothing."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(2):
        known = person("Known").email
        for _ in range(4):  # fewer than are limited
            for email in (known, f"{secrets.token_hex(6)}@example.org"):
                body = {"email": email, "password": NEW_PASSWORD, "display_name": "X"}
                began = time.perf_counter()
                answer = somewhere().post(path, body)
                took[email == known].append((time.perf_counter() - began) * 1000)
                assert answer.status_code == (401 if path.endswith("sign-in") else 202)
    middle = {known: statistics.median(times) for known, times in took.items()}
    show(f"{path}: known {middle[True]:.0f} ms, unknown {middle[False]:.0f} ms (median of 8)")
