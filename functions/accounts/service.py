"""Use cases of accounts: the user pool says who it is, the session is ours."""

import secrets

from functions.core.caller import token_hash
from functions.core.errors import FieldError, InvalidCredentialsError, InvalidInputError
from functions.core.identity import IdentityProvider
from functions.core.models import Role, Session, User
from functions.core.repositories import SessionRepository, UserRepository
from functions.core.settings import settings
from functions.core.views import Me


def sign_up(provider: IdentityProvider, *, email: str, password: str, display_name: str) -> None:
    if not display_name.strip():
        raise InvalidInputError("Tell us your name.", FieldError("display_name", "Enter a name."))
    provider.sign_up(email.lower(), password, display_name.strip())


def sign_in(
    provider: IdentityProvider,
    users: UserRepository,
    sessions: SessionRepository,
    *,
    email: str,
    password: str,
    user_agent: str,
) -> tuple[User, str]:
    """Return the account and the token of its new session; only the token's hash is kept."""
    identity = provider.authenticate(email.lower(), password)
    user = users.add_if_new(
        User(
            id=identity.subject,
            email=identity.email,
            display_name=identity.display_name[:100],
            role=Role.ADMIN if identity.email.lower() == settings().admin_email else Role.MEMBER,
            quota_bytes=settings().quota_bytes,
        )
    )
    if user.disabled_at is not None:
        raise InvalidCredentialsError("This account is switched off. Ask the person who runs this drive.")
    token = secrets.token_urlsafe(32)
    sessions.add(Session(token_hash=token_hash(token), user_id=user.id, user_agent=user_agent[:400]))
    return user, token


def describe(users: UserRepository, user: User) -> Me:
    originals, renditions, _ = users.usage(user.id)
    return Me.of(user, used_bytes=originals + renditions)


def sign_out(sessions: SessionRepository, token: str | None) -> None:
    if token:
        sessions.remove(token_hash(token))
