"""Use cases of accounts: the user pool says who it is, the session is ours."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core.caller import token_hash
from functions.core.errors import (
    FieldError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    SignUpRefusedError,
    WrongPasswordError,
)
from functions.core.identity import IdentityProvider
from functions.core.journal import Journal
from functions.core.limits import Limit
from functions.core.models import AuditAction, Role, User, now
from functions.core.models import Session as BrowserSession
from functions.core.repositories import SessionRepository, UserRepository
from functions.core.settings import settings
from functions.core.views import Me

PASSWORDS_OF = Limit("passwords-of", burst=10, every=timedelta(minutes=3))
"""Guesses at the password of one address, by anybody who is not signed in."""
PASSWORDS_FROM = Limit("passwords-from", burst=60, every=timedelta(seconds=6))
"""Guesses from one network, whoever's password it is; right ones don't count."""
OWN_PASSWORDS = Limit("own-passwords", burst=10, every=timedelta(minutes=3))
"""Guesses in a session, counted apart: strangers who guess keep nobody from what they do in theirs."""
CODES_OF = Limit("codes-of", burst=10, every=timedelta(minutes=6))
CODES_FROM = Limit("codes-from", burst=60, every=timedelta(seconds=6))
MAILS_TO = Limit("mails-to", burst=5, every=timedelta(minutes=10))


@dataclass(frozen=True)
class Accounts:
    """What every use case needs: the tables in one transaction, the user pool, the audit log."""

    session: Session
    provider: IdentityProvider
    journal: Journal

    @property
    def users(self) -> UserRepository:
        return UserRepository(self.session)

    @property
    def sessions(self) -> SessionRepository:
        return SessionRepository(self.session)

    @property
    def network(self) -> str:
        return self.journal.visit.network

    # Accounts that begin

    def sign_up(self, *, email: str, password: str, display_name: str) -> None:
        if not display_name.strip():
            raise InvalidInputError("Tell us your name.", FieldError("display_name", "Enter a name."))
        admit(email)
        with self._mail(email):
            user_id = self.provider.sign_up(email, password, display_name.strip())
        self.journal.write(AuditAction.SIGNED_UP, user_id)

    def confirm(self, email: str, code: str) -> None:
        self._try_code(email)
        self.journal.write(AuditAction.CONFIRMED, self.provider.confirm(email, code))

    def resend(self, email: str) -> None:
        with self._mail(email):
            self.provider.resend(email)
        self.journal.write(AuditAction.CODE_SENT, None)

    # Sessions

    def sign_in(self, *, email: str, password: str, replacing: str | None) -> tuple[User, str]:
        """Return the account and the token of its new session; only the token's hash is kept.

        Whoever was signed in with the token `replacing` no longer is.
        """
        PASSWORDS_FROM.take(self.network)
        PASSWORDS_OF.take(email)
        try:
            identity = self.provider.authenticate(email, password)
        except InvalidCredentialsError:
            self.journal.write(AuditAction.SIGN_IN_FAILED, self.users.id_of(email))
            raise
        PASSWORDS_FROM.give_back(self.network)
        PASSWORDS_OF.give_back(email)
        user = self.users.add_if_new(
            User(
                id=identity.subject,
                email=identity.email,
                display_name=identity.display_name[:100],
                role=Role.ADMIN if is_admins(identity.email) else Role.MEMBER,
                quota_bytes=settings().quota_bytes,
            )
        )
        if user.disabled_at is not None:
            self.journal.write(AuditAction.SIGN_IN_FAILED, user.id, reason="disabled")
            raise InvalidCredentialsError("This account is switched off. Ask the person who runs this drive.")
        if replacing:
            self.sessions.remove(token_hash(replacing))
        token = _new_token()
        visit = self.journal.visit
        self.sessions.add(
            BrowserSession(
                token_hash=token_hash(token),
                user_id=user.id,
                user_agent=visit.user_agent,
                network=visit.network,
            )
        )
        self.journal.write(AuditAction.SIGNED_IN, user.id, actor_id=user.id)
        return user, token

    def sign_out(self, token: str | None) -> None:
        if token and (user_id := self.sessions.remove(token_hash(token))):
            self.journal.write(AuditAction.SIGNED_OUT, user_id, actor_id=user_id)

    def end_session(self, user: User, session_id: UUID) -> None:
        self.sessions.remove_one(session_id, user.id)
        self.journal.write(AuditAction.SESSION_ENDED, user.id, actor_id=user.id)

    def end_sessions(self, user: User, *, but: UUID | None = None) -> None:
        ended = self.sessions.remove_all(user.id, but=but)
        self.journal.write(AuditAction.SESSIONS_ENDED, user.id, actor_id=user.id, count=ended)

    def reauthenticate(self, browser: BrowserSession, password: str) -> str:
        """Take the password again; return the session's new token."""
        self._prove(browser.user, password)
        browser.authenticated_at = now()
        self.journal.write(AuditAction.IDENTITY_CONFIRMED, browser.user_id, actor_id=browser.user_id)
        return _rotate(browser)

    # Passwords

    def forget_password(self, email: str) -> None:
        with self._mail(email):
            self.provider.forgot(email)
        self.journal.write(AuditAction.RESET_ASKED, self.users.id_of(email))

    def reset_password(self, email: str, code: str, password: str) -> None:
        """Set a new password with the code that was sent, and end every session of that account."""
        self._try_code(email)
        user_id = self.users.id_of(email)
        try:
            self.provider.reset(email, code, password)
        except InvalidCodeError:
            self.journal.write(AuditAction.IDENTITY_DOUBTED, user_id, by="code")
            raise
        if user_id:
            self.sessions.remove_all(user_id)
        self.journal.write(AuditAction.PASSWORD_RESET, user_id)

    def change_password(self, browser: BrowserSession, *, old: str, new: str) -> str:
        """Change the password, end every other session, and return this one's new token."""
        user = browser.user
        self._prove(user, old)
        browser.authenticated_at = now()
        self.sessions.remove_all(user.id, but=browser.id)
        self.journal.write(AuditAction.PASSWORD_CHANGED, user.id, actor_id=user.id)
        token = _rotate(browser)
        self.session.flush()
        self.provider.set_password(user.id, new)
        return token

    # What they have in common

    def rename(self, user: User, display_name: str) -> None:
        if not display_name.strip():
            raise InvalidInputError("Tell us your name.", FieldError("display_name", "Enter a name."))
        user.display_name = display_name.strip()
        self.journal.write(AuditAction.RENAMED, user.id, actor_id=user.id)

    def describe(self, user: User) -> Me:
        originals, renditions, _ = self.users.usage(user.id)
        return Me.of(user, used_bytes=originals + renditions)

    def _prove(self, user: User, password: str) -> None:
        OWN_PASSWORDS.take(str(user.id))
        try:
            self.provider.authenticate(user.email, password)
        except InvalidCredentialsError as error:
            self.journal.write(AuditAction.IDENTITY_DOUBTED, user.id, actor_id=user.id, by="password")
            raise WrongPasswordError from error
        OWN_PASSWORDS.give_back(str(user.id))

    @contextmanager
    def _mail(self, email: str) -> Iterator[None]:
        """Count a message to `email`, unless nothing is sent because the details won't do."""
        per_hour = settings().mails_per_hour
        mails_from = Limit("mails-from", burst=per_hour, every=timedelta(hours=1) / per_hour)
        mails_from.take(self.network)
        MAILS_TO.take(email)
        try:
            yield
        except InvalidInputError:
            mails_from.give_back(self.network)
            MAILS_TO.give_back(email)
            raise

    def _try_code(self, email: str) -> None:
        CODES_FROM.take(self.network)
        CODES_OF.take(email)


def admit(email: str) -> None:
    """Refuse an address that may not sign up here; the administrator's always may."""
    if is_admins(email):
        return
    if settings().sign_up == "closed":
        raise SignUpRefusedError("This drive takes no new accounts. Ask the person who runs it.")
    domains = settings().sign_up_domains
    if domains and email.rpartition("@")[2] not in domains:
        only = f"This drive takes addresses of {' or '.join(domains)} only."
        raise SignUpRefusedError(only, errors=[{"field": "email", "message": only}])


def is_admins(email: str) -> bool:
    return email == settings().admin_email


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _rotate(browser: BrowserSession) -> str:
    """Give the session another token, since it may do more from now on than the one before."""
    token = _new_token()
    browser.token_hash = token_hash(token)
    return token
