"""The word by which the APIs know the edge: nothing else is answered, and nothing of it is told."""

import pytest

from functions.core import database
from functions.core import settings as settings_module
from functions.live import connect, sockets


@pytest.fixture
def two_words(monkeypatch):
    """Give the functions two versions, as while one takes over from the other."""
    monkeypatch.setenv("ORIGIN_SECRETS", "older newer")
    settings_module.settings.cache_clear()


def open_socket(context, **headers):
    event = {
        "requestContext": {"routeKey": "$connect", "connectionId": "c"},
        "headers": {
            "Host": "live.test",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        "queryStringParameters": {"ticket": "t"},
    }
    return connect.handle(event, context)["statusCode"]


@pytest.mark.parametrize("word", ["older", "newer"])
def test_every_version_of_the_word_is_accepted(anybody, two_words, word):
    assert anybody.get("/api/health", x_origin_secret=word).status == 200


@pytest.mark.parametrize("headers", [{}, {"x_origin_secret": ""}, {"x_origin_secret": "older newer"}])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/health", None),
        ("GET", "/api/no-such-route", None),
        ("POST", "/api/auth/sign-in", "{"),
        ("OPTIONS", "/api/me", None),
    ],
)
def test_what_did_not_come_through_the_edge_is_refused_before_anything_else(
    anybody, two_words, monkeypatch, method, path, body, headers
):
    monkeypatch.setattr(database, "engine", lambda: pytest.fail("the database was asked"))
    answer = anybody.send(method, path, body, **headers)
    assert (answer.status, answer.json["code"]) == (403, "not_through_edge")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("word", ["öld", "\ud800", "olde", "OLDER"])
def test_an_odd_word_is_a_wrong_one_and_not_our_failure(anybody, two_words, word):
    assert anybody.get("/api/health", x_origin_secret=word).status == 403


def test_a_stage_without_a_cdn_asks_for_no_word(anybody):
    assert anybody.get("/api/health", x_origin_secret="anything").status == 200


def test_a_socket_past_the_edge_is_refused_and_its_ticket_still_good(two_words, lambda_context, monkeypatch):
    monkeypatch.setattr(sockets, "redeem_ticket", lambda _ticket: pytest.fail("the ticket was used"))
    assert open_socket(lambda_context) == 403
    assert open_socket(lambda_context, x_origin_secret="wrong") == 403


def test_a_socket_through_the_edge_opens(two_words, lambda_context, monkeypatch):
    remembered, page = [], sockets.Page("user", "session")
    monkeypatch.setattr(sockets, "redeem_ticket", lambda _ticket: page)
    monkeypatch.setattr(sockets, "remember", lambda *facts: remembered.append(facts))
    assert open_socket(lambda_context, **{"X-Origin-Secret": "newer"}) == 200
    assert remembered == [("c", page)]


def test_neither_the_word_nor_a_guess_is_logged(anybody, two_words, lambda_context, caplog):
    anybody.get("/api/health", x_origin_secret="a-guess")
    open_socket(lambda_context, x_origin_secret="a-guess")
    logged = [str(vars(record)) for record in caplog.records]
    assert len(logged) == 2
    told = "".join(logged) + repr(settings_module.settings())
    assert not [word for word in ("older", "newer", "a-guess") if word in told]
