"""Whose address is known: nobody learns it from an answer, nor from how much is done before it comes."""

from contextlib import contextmanager

import boto3
import pytest
from sqlalchemy import event

from functions.core import database, identity, limits

KNOWN, UNKNOWN = "ann@example.org", "nobody@example.org"


class Cognito:
    """Answers as Cognito does that keeps to itself who exists, and writes down what it is asked."""

    exceptions = boto3.client(
        "cognito-idp", region_name="eu-west-1", aws_access_key_id="-", aws_secret_access_key="-"
    ).exceptions

    def __init__(self, work):
        self.work = work

    def __getattr__(self, operation):
        def call(*, Username=None, AuthParameters=None, **_):  # noqa: N803 (boto's names)
            self.work.append(operation)
            known = (Username or AuthParameters["USERNAME"]) == KNOWN
            return getattr(self, f"_{operation}")(known=known)

        return call

    def _admin_get_user(self, *, known):
        self._refuse(None if known else "UserNotFoundException")
        return {
            "Username": "a0000000-0000-4000-8000-000000000000",
            "UserStatus": "CONFIRMED",
            "UserAttributes": [{"Name": "name", "Value": "Ann"}],
        }

    def _sign_up(self, *, known):
        self._refuse("UsernameExistsException" if known else None)
        return {"UserSub": "b0000000-0000-4000-8000-000000000000"}

    def _admin_initiate_auth(self, **_):
        self._refuse("NotAuthorizedException")

    def _confirm_sign_up(self, *, known):
        self._refuse("NotAuthorizedException" if known else "ExpiredCodeException")

    def _confirm_forgot_password(self, *, known):
        self._refuse("CodeMismatchException" if known else "ExpiredCodeException")

    def _resend_confirmation_code(self, *, known):
        self._refuse("InvalidParameterException" if known else None)

    def _forgot_password(self, **_):
        return {}

    def _refuse(self, reason):
        if reason:
            raise getattr(self.exceptions, reason)({"Error": {"Code": reason}}, "")


@pytest.fixture
def work(ann, monkeypatch):
    """Return a function that lists what is asked of the pool, the counters and the database meanwhile."""
    monkeypatch.setattr("functions.accounts.routes.IdentityProvider", identity.IdentityProvider)
    book = limits._book

    @contextmanager
    def listen():
        done = []
        monkeypatch.setattr(identity, "_cognito", lambda: Cognito(done))
        monkeypatch.setattr(limits, "_book", lambda *of, **by: done.append("a try") or book(*of, **by))
        engine = database.engine()

        def written(_connection, _cursor, statement, *_):
            done.append(statement)

        event.listen(engine, "before_cursor_execute", written)
        yield done
        event.remove(engine, "before_cursor_execute", written)

    return listen


@pytest.mark.parametrize("password", ["Wrong-horse-7", "short", "without a digit"])
@pytest.mark.parametrize("action", ["sign-in", "sign-up", "resend", "forgot", "confirm", "reset"])
def test_as_much_is_done_for_a_known_address_as_for_an_unknown_one(anybody, work, action, password):
    told, done = {}, {}
    for email in (KNOWN, UNKNOWN):
        body = {"email": email, "password": password, "code": "000000", "display_name": "Eve"}
        with work() as done[email]:
            answer = anybody.post(f"/api/auth/{action}", body)
        told[email] = (answer.status, str(answer.json).replace(email, ""), answer.cookies)
    assert told[KNOWN] == told[UNKNOWN]
    assert done[KNOWN] == done[UNKNOWN]
    refused = password != "Wrong-horse-7" and action in {"sign-up", "reset"}
    assert bool(done[KNOWN]) is not refused
