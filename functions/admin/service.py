"""Use cases of administration: what whoever runs the drive may change of other people's accounts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from functions.core import events
from functions.core.database import after_commit
from functions.core.errors import InvalidInputError
from functions.core.identity import IdentityProvider
from functions.core.journal import Journal
from functions.core.models import AuditAction, Role, User, now
from functions.core.repositories import Account, RecoveryCodeRepository, SessionRepository, UserRepository

TICKETS_ARE_OVER = 45
"""Seconds, from when the last ticket was given: it is good for 30, and opening a socket takes a moment."""


@dataclass(frozen=True)
class Administration:
    """What every use case needs: the tables in one transaction, the user pool, the audit log, who acts."""

    session: Session
    provider: IdentityProvider
    journal: Journal
    admin: User

    @property
    def users(self) -> UserRepository:
        return UserRepository(self.session)

    def change(
        self, user_id: UUID, *, role: Role | None, quota_bytes: int | None, disabled: bool | None
    ) -> Account:
        """Change what is not None."""
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = role
            self._write(AuditAction.ROLE_SET, user_id, role=role)
        if quota_bytes is not None:
            values["quota_bytes"] = quota_bytes
            self._write(AuditAction.QUOTA_SET, user_id, bytes=quota_bytes)
        if disabled is not None:
            values["disabled_at"] = func.coalesce(User.disabled_at, now()) if disabled else None
            self._write(AuditAction.DISABLED if disabled else AuditAction.ENABLED, user_id)
        if not values:
            raise InvalidInputError("Say what to change: the role, the quota, or whether the account is off.")
        self.users.change(user_id, by=self.admin.id, **values)
        if disabled is not None:
            self._cut_off(user_id)
        return self.users.account(user_id)

    def _cut_off(self, user_id: UUID) -> None:
        """End the sessions and close the sockets, and those that a ticket of before still opens.

        Also of who is enabled: a session that began while they were being disabled would come to life.
        """
        SessionRepository(self.session).remove_all(user_id)
        events.watch("close_sockets", user_id, seconds=TICKETS_ARE_OVER)
        after_commit(self.session, lambda: events.close_sockets(user_id))

    def reset_totp(self, user_id: UUID) -> Account:
        """Let somebody who has lost their authenticator app in by the password alone; their sessions end.

        The pool is asked last: where it refuses, nothing has happened.
        """
        with self.session.begin_nested():
            self.users.change(user_id, by=self.admin.id, totp_since=None)
            RecoveryCodeRepository(self.session).replace(user_id, [])
            SessionRepository(self.session).remove_all(user_id)
            self._write(AuditAction.TOTP_RESET, user_id)
            self.session.flush()
            self.provider.disable_totp(user_id)
        return self.users.account(user_id)

    def _write(self, action: AuditAction, user_id: UUID, **details: str | int) -> None:
        self.journal.write(action, user_id, actor_id=self.admin.id, **details)
