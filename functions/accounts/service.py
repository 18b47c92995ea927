"""Use cases of accounts: the user pool says who it is, the session is ours."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events, leaving, sessions
from functions.core.caller import token_hash
from functions.core.database import after_commit
from functions.core.errors import (
    ChallengeOverError,
    CodeRequiredError,
    FieldError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    InvalidStateError,
    NotFoundError,
    SignUpRefusedError,
    TooManyRequestsError,
    WrongPasswordError,
)
from functions.core.identity import Identity, IdentityProvider, PasswordProof, demand_strength
from functions.core.journal import Journal
from functions.core.keys import export_key
from functions.core.limits import Limit
from functions.core.models import AuditAction, Challenge, Export, Role, User, now
from functions.core.models import Session as BrowserSession
from functions.core.repositories import (
    OLDER_ACCOUNT,
    ChallengeRepository,
    ExportRepository,
    RecoveryCodeRepository,
    SessionRepository,
    UserRepository,
)
from functions.core.settings import settings
from functions.core.storage import MediaStorage
from functions.core.views import Me

PASSWORDS_OF = Limit("passwords-of", burst=10, every=timedelta(minutes=3))
"""Guesses at the password of one address, by anybody who is not signed in."""
PASSWORDS_FROM = Limit("passwords-from", burst=60, every=timedelta(seconds=6))
"""Guesses from one network, whoever's password it is; right ones don't count."""
OWN_PASSWORDS = Limit("own-passwords", burst=10, every=timedelta(minutes=3))
"""Guesses in a session, counted apart: strangers who guess keep nobody from what they do in theirs."""
CODES_OF = Limit("codes-of", burst=10, every=timedelta(minutes=6))
CODES_FROM = Limit("codes-from", burst=60, every=timedelta(seconds=6))
CODES_OF_APPS = Limit("codes-of-apps", burst=5, every=timedelta(minutes=30))
"""Guesses at a second factor, by somebody who has the password: each code is good for a minute and a half."""
SAME_CODE = Limit("same-code", burst=1, every=timedelta(minutes=3))
"""Longer than any code is good for: whoever looked over a shoulder can't use it again."""
RECOVERY_CODES_OF = Limit("recovery-codes-of", burst=10, every=timedelta(minutes=6))
RECOVERY_CODES = 10
CODE_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 that are not mistaken for each other."""
ADDRESS_CHANGED = (
    "Your StreamTime account has another address",
    (
        "Another e-mail address signs in to your StreamTime account now, and this one no longer does.\n\n"
        "If this was not you, tell the person who runs the drive.\n"
    ),
)
EXPORTS_OF = Limit("exports-of", burst=3, every=timedelta(hours=1))
MAILS_TO = Limit("mails-to", burst=5, every=timedelta(minutes=10))


@dataclass(frozen=True)
class SignedIn:
    """Who it is, and the token of their new session: only its hash is kept."""

    user: User
    token: str


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
    def challenges(self) -> ChallengeRepository:
        return ChallengeRepository(self.session)

    @property
    def recovery_codes(self) -> RecoveryCodeRepository:
        return RecoveryCodeRepository(self.session)

    @property
    def exports(self) -> ExportRepository:
        return ExportRepository(self.session)

    @property
    def network(self) -> str:
        return self.journal.visit.network

    # Accounts that begin

    def sign_up(self, *, email: str, password: str, display_name: str) -> None:
        name = _name(display_name)
        demand_strength(password)
        admit(email)
        with self._mail(email):
            user_id = self.provider.sign_up(email, password, name)
        self.journal.write(AuditAction.SIGNED_UP, user_id)

    def confirm(self, email: str, code: str) -> None:
        self._try_code(email)
        self.journal.write(AuditAction.CONFIRMED, self.provider.confirm(email, code))

    def resend(self, email: str) -> None:
        with self._mail(email):
            self.provider.resend(email)
        self.journal.write(AuditAction.CODE_SENT, None)

    # Sessions

    def sign_in(self, *, email: str, password: str, replacing: str | None) -> SignedIn | str:
        """Begin a session, or return the token of a challenge: what `answer_challenge` wants.

        Whoever was signed in with the token `replacing` no longer is.
        """
        PASSWORDS_FROM.take(self.network)
        PASSWORDS_OF.take(email)
        try:
            proved = self.provider.authenticate(email, password)
        except InvalidCredentialsError:
            self.journal.write(AuditAction.SIGN_IN_FAILED, self.users.id_of(email), by="password")
            raise
        PASSWORDS_FROM.give_back(self.network)
        PASSWORDS_OF.give_back(email)
        if isinstance(proved, Identity):
            return self._begin_session(self._known(proved), replacing)
        token = _new_token()
        self.challenges.add(
            Challenge(
                token_hash=token_hash(token),
                user_id=self.users.id_of(email),
                email=email,
                provider_session=proved.session,
            )
        )
        return token

    def answer_challenge(self, token: str, code: str, *, replacing: str | None) -> SignedIn:
        """Begin a session with a code of the authenticator app, or with a recovery code."""
        challenge = self.challenges.take_try(token_hash(token))
        if challenge is None:
            raise ChallengeOverError
        try:
            user = self._second_factor(challenge.email, challenge.user_id, challenge.provider_session, code)
        except InvalidCodeError:
            self.journal.write(AuditAction.SIGN_IN_FAILED, challenge.user_id, by="code")
            raise
        self.challenges.remove(challenge)
        return self._begin_session(user, replacing)

    def _second_factor(self, email: str, user_id: UUID | None, provider_session: str, code: str) -> User:
        """Return whose code it is; each code is good for one time."""
        if not code.isdecimal():
            return self._recover(user_id, code)
        CODES_OF_APPS.take(email)
        identity = self.provider.answer(PasswordProof(email, provider_session), code)
        CODES_OF_APPS.give_back(email)
        try:
            SAME_CODE.take(f"{identity.subject} {code}")
        except TooManyRequestsError as error:
            raise InvalidCodeError("This code was used already. Wait for the next one.") from error
        user = self._known(identity)
        user.totp_since = user.totp_since or now()  # the pool knows better, should we have forgotten
        return user

    def _recover(self, user_id: UUID | None, code: str) -> User:
        RECOVERY_CODES_OF.take(str(user_id))
        if user_id is None or not self.recovery_codes.spend(user_id, _code_hash(code)):
            raise InvalidCodeError("This is not one of your recovery codes, or it was used already.")
        self.journal.write(AuditAction.CODE_SPENT, user_id, left=self.recovery_codes.count(user_id))
        return self.users.get(user_id)

    def _known(self, identity: Identity) -> User:
        """Return the account of whom the pool knows; the first time it is made.

        The pool knows better too which address is theirs, should we not have learned of a change.
        """
        user = self.users.add_if_new(
            User(
                id=identity.subject,
                email=identity.email,
                display_name=identity.display_name[:100],
                role=Role.ADMIN if is_admins(identity.email) else Role.MEMBER,
                quota_bytes=settings().quota_bytes,
            )
        )
        if user.email != identity.email and self.users.id_of(identity.email) is None:
            user.email = identity.email
        return user

    def _begin_session(self, user: User, replacing: str | None) -> SignedIn:
        if user.disabled_at is not None:
            self.journal.write(AuditAction.SIGN_IN_FAILED, user.id, reason="disabled")
            raise InvalidCredentialsError("This account is switched off. Ask the person who runs this drive.")
        if user.has_ended():
            raise InvalidCredentialsError("This account is deleted. What is left of it goes within a day.")
        if replacing:
            sessions.end(self.session, token_hash(replacing))
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
        return SignedIn(user, token)

    def sign_out(self, token: str | None) -> None:
        if token and (user_id := sessions.end(self.session, token_hash(token))):
            self.journal.write(AuditAction.SIGNED_OUT, user_id, actor_id=user_id)

    def end_session(self, user: User, session_id: UUID) -> None:
        sessions.end_one(self.session, session_id, user.id)
        self.journal.write(AuditAction.SESSION_ENDED, user.id, actor_id=user.id)

    def end_sessions(self, user: User, *, but: UUID | None = None) -> None:
        ended = sessions.end_all(self.session, user.id, but=but)
        self.journal.write(AuditAction.SESSIONS_ENDED, user.id, actor_id=user.id, count=ended)

    def reauthenticate(self, browser: BrowserSession, password: str, code: str | None) -> str:
        """Take the password again, and the second factor of who has one; return the session's new token."""
        user = browser.user
        proved = self._prove(user, password)
        if isinstance(proved, PasswordProof):
            if code is None:
                raise CodeRequiredError
            try:
                self._second_factor(user.email, user.id, proved.session, code)
            except InvalidCodeError:
                self.journal.write(AuditAction.IDENTITY_DOUBTED, user.id, actor_id=user.id, by="code")
                raise
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
        demand_strength(password)
        self._try_code(email)
        user_id = self.users.id_of(email)
        try:
            self.provider.reset(email, code, password)
        except InvalidCodeError:
            self.journal.write(AuditAction.IDENTITY_DOUBTED, user_id, by="code")
            raise
        if user_id:
            sessions.end_all(self.session, user_id)
        self.journal.write(AuditAction.PASSWORD_RESET, user_id)

    def change_password(self, browser: BrowserSession, *, old: str, new: str) -> str:
        """Change the password, end every other session, and return this one's new token."""
        user = browser.user
        self._prove(user, old)
        with self._unless_refused():
            browser.authenticated_at = now()
            sessions.end_all(self.session, user.id, but=browser.id)
            self.journal.write(AuditAction.PASSWORD_CHANGED, user.id, actor_id=user.id)
            token = _rotate(browser)
            self.session.flush()
            self.provider.set_password(user.id, new)
        return token

    # The second factor

    def start_totp(self, user: User, password: str) -> str:
        """Return a secret for an authenticator app, in base 32."""
        if user.totp_since is not None:
            raise InvalidStateError("An authenticator app is set up already. Turn it off first.")
        self._prove(user, password)
        return self.provider.start_totp(user.email, password)

    def enable_totp(self, browser: BrowserSession, password: str, code: str) -> tuple[list[str], str]:
        """Want a code at every sign-in from now on; return the recovery codes and the session's new token.

        Every other session ends: it may be whoever made this necessary.
        """
        user = browser.user
        self._prove(user, password)
        CODES_OF_APPS.take(user.email)
        with self._unless_refused():
            user.totp_since = now()
            codes = self._new_codes(user)
            sessions.end_all(self.session, user.id, but=browser.id)
            self.journal.write(AuditAction.TOTP_ON, user.id, actor_id=user.id)
            token = _rotate(browser)
            self.session.flush()
            self.provider.enable_totp(user.id, user.email, password, code)
        CODES_OF_APPS.give_back(user.email)
        return codes, token

    def disable_totp(self, browser: BrowserSession) -> str:
        """Take the password alone again; return the session's new token."""
        user = browser.user
        with self._unless_refused():
            user.totp_since = None
            self.recovery_codes.replace(user.id, [])
            sessions.end_all(self.session, user.id, but=browser.id)
            self.journal.write(AuditAction.TOTP_OFF, user.id, actor_id=user.id)
            token = _rotate(browser)
            self.session.flush()
            self.provider.disable_totp(user.id)
        return token

    def renew_codes(self, user: User) -> list[str]:
        if user.totp_since is None:
            raise InvalidStateError("Set up an authenticator app first.")
        self.journal.write(AuditAction.CODES_RENEWED, user.id, actor_id=user.id)
        return self._new_codes(user)

    def _new_codes(self, user: User) -> list[str]:
        codes = [_new_code() for _ in range(RECOVERY_CODES)]
        self.recovery_codes.replace(user.id, [_code_hash(code) for code in codes])
        return codes

    # The account

    def ask_for_email(self, user: User, email: str) -> None:
        """Send a code to another address that somebody wants to sign in with."""
        if email == user.email:
            same = "This is your address already."
            raise InvalidInputError(same, FieldError("email", same))
        _within_domains(email)
        with self._mail(email):
            self.provider.prove_address(user.id, email)
        self.journal.write(AuditAction.EMAIL_ASKED, user.id, actor_id=user.id)

    def change_email(self, browser: BrowserSession, email: str, code: str) -> str:
        """Sign in with another address from now on; end every other session, return this one's new token."""
        user = browser.user
        self._try_code(email)
        proof = self.provider.confirm(email, code)
        if self.users.id_of(email) is not None:
            self.provider.delete(proof)
            raise InvalidStateError(OLDER_ACCOUNT)
        before = user.email
        with self._unless_refused():
            user.email = email
            sessions.end_all(self.session, user.id, but=browser.id)
            self.journal.write(AuditAction.EMAIL_CHANGED, user.id, actor_id=user.id)
            token = _rotate(browser)
            self.session.flush()
            self.provider.move(user.id, email, proved_by=proof)
        events.write_to(self.session, before, *ADDRESS_CHANGED)
        return token

    def ask_for_export(self, user: User, site: str) -> Export:
        """Have all that is kept of somebody put together for them."""
        EXPORTS_OF.take(str(user.id))
        asked = self.exports.ask(user.id, site)
        self.journal.write(AuditAction.EXPORT_ASKED, user.id, actor_id=user.id)
        # After the commit: a row that is not there yet is nothing that the job could wait at. The daily sweep
        # sends for what was lost.
        after_commit(self.session, lambda: events.watch("export", user.id))
        return asked

    def fetch_export(self, user: User, storage: MediaStorage) -> str:
        """Return an address that gives out what was put together."""
        found = self.exports.of(user.id)
        if found is None or found.ready_at is None:
            raise NotFoundError
        self.journal.write(AuditAction.EXPORT_FETCHED, user.id, actor_id=user.id)
        return storage.download_url(export_key(user.id), f"StreamTime {found.ready_at:%Y-%m-%d}.zip")

    def give_up(self, browser: BrowserSession) -> None:
        """Have the account deleted after a while; every other session ends."""
        leaving.give_up(self.session, self.journal, browser.user_id, by=browser.user_id, but=browser.id)

    def keep(self, user: User) -> None:
        leaving.keep(self.session, self.journal, user.id, by=user.id)

    def rename(self, user: User, display_name: str) -> None:
        user.display_name = _name(display_name)
        self.journal.write(AuditAction.RENAMED, user.id, actor_id=user.id)

    # What they have in common

    def describe(self, user: User) -> Me:
        originals, renditions, _ = self.users.usage(user.id)
        return Me.of(user, used_bytes=originals + renditions)

    def _unless_refused(self) -> AbstractContextManager[object]:
        """Change the tables first and ask the pool last: where it refuses, nothing of that has happened."""
        return self.session.begin_nested()

    def _prove(self, user: User, password: str) -> Identity | PasswordProof:
        OWN_PASSWORDS.take(str(user.id))
        try:
            proved = self.provider.authenticate(user.email, password)
        except InvalidCredentialsError as error:
            self.journal.write(AuditAction.IDENTITY_DOUBTED, user.id, actor_id=user.id, by="password")
            raise WrongPasswordError from error
        OWN_PASSWORDS.give_back(str(user.id))
        return proved

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


def _name(display_name: str) -> str:
    if not display_name.strip():
        raise InvalidInputError("Tell us your name.", FieldError("display_name", "Enter a name."))
    return display_name.strip()


def admit(email: str) -> None:
    """Refuse an address that may not sign up here; the administrator's always may."""
    if is_admins(email):
        return
    if settings().sign_up == "closed":
        raise SignUpRefusedError("This drive takes no new accounts. Ask the person who runs it.")
    _within_domains(email)


def _within_domains(email: str) -> None:
    domains = settings().sign_up_domains
    if domains and email.rpartition("@")[2] not in domains:
        only = f"This drive takes addresses of {' or '.join(domains)} only."
        raise SignUpRefusedError(only, errors=[{"field": "email", "message": only}])


def is_admins(email: str) -> bool:
    return email == settings().admin_email


def _new_code() -> str:
    """Make a recovery code of 80 bits, such as "7k2m-qx4d-…": to be typed off a sheet of paper."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _code_hash(code: str) -> str:
    """Hash what matters of a recovery code, however it was typed."""
    return token_hash("".join(letter for letter in code.lower() if letter.isalnum()))


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _rotate(browser: BrowserSession) -> str:
    token = _new_token()
    browser.rotate(token_hash(token))
    return token
