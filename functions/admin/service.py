"""Use cases of administration: what whoever runs the drive may change of accounts, jobs and dead letters."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from functions.admin.remedies import remedy
from functions.core import leaving, letters, processing, sessions
from functions.core.database import after_commit
from functions.core.errors import InvalidInputError, NotFoundError
from functions.core.identity import IdentityProvider
from functions.core.journal import Journal
from functions.core.letters import LetterQueue
from functions.core.models import AuditAction, Role, User, now
from functions.core.repositories import (
    Account,
    Figures,
    RecoveryCodeRepository,
    UserRepository,
    VideoRepository,
)
from functions.core.settings import settings

LETTERS_AT_ONCE = 100
GIGABYTE, HOUR_MS = 1000**3, 3_600_000


@dataclass(frozen=True)
class Estimate:
    """US dollars: of a month of what is stored, and of what was processed in a day."""

    storage_usd: float
    processing_usd: float

    @classmethod
    def of(cls, figures: Figures) -> "Estimate":
        """Multiply by the prices that the stage was deployed with; what AWS gives for free is left in."""
        gigabytes = (figures.originals_bytes + figures.renditions_bytes) / GIGABYTE
        hours = figures.processed_ms / HOUR_MS
        return cls(
            storage_usd=round(gigabytes * settings().usd_per_gb_month, 6),
            processing_usd=round(hours * settings().usd_per_processed_hour, 6),
        )


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
            # Also of who is enabled: a session that began while they were being disabled would come to life.
            sessions.end_all(self.session, user_id)
        return self.users.account(user_id)

    def delete(self, user_id: UUID) -> Account:
        """Switch an account off, and have it deleted for good after a while; its owner has no say in that."""
        values = {"disabled_at": func.coalesce(User.disabled_at, now())}
        self.users.change(user_id, by=self.admin.id, **values)
        leaving.give_up(self.session, self.journal, user_id, by=self.admin.id)
        return self.users.account(user_id)

    def keep(self, user_id: UUID) -> Account:
        """Have an account deleted after all not; it stays switched off if it was."""
        self.users.get(user_id)
        leaving.keep(self.session, self.journal, user_id, by=self.admin.id)
        return self.users.account(user_id)

    def reset_totp(self, user_id: UUID) -> Account:
        """Let somebody who has lost their authenticator app in by the password alone; their sessions end.

        The pool is asked last: where it refuses, nothing has happened.
        """
        with self.session.begin_nested():
            self.users.change(user_id, by=self.admin.id, totp_since=None)
            RecoveryCodeRepository(self.session).replace(user_id, [])
            sessions.end_all(self.session, user_id)
            self._write(AuditAction.TOTP_RESET, user_id)
            self.session.flush()
            self.provider.disable_totp(user_id)
        return self.users.account(user_id)

    def retry(self, video_id: UUID) -> None:
        """Process the kept source of somebody's failed video once more."""
        video = VideoRepository(self.session).find(video_id)
        if video is None or video.purge_started_at is not None:
            raise NotFoundError
        processing.retry(self.session, video_id)
        self._write(AuditAction.JOB_RETRIED, video.owner_id, video=str(video_id))

    def cancel(self, video_id: UUID) -> None:
        """Stop processing somebody's video, or let it wait no longer; its owner can try again."""
        video = processing.cancel(self.session, video_id)
        self._write(AuditAction.JOB_CANCELLED, video.owner_id, video=str(video_id))

    def redrive(self, queue: LetterQueue) -> tuple[int, int]:
        """Handle what is in a dead letter queue; return how many were, and how many nobody understands.

        A letter is removed after the commit: if that fails, it is handled once more.
        """
        handled = left = 0
        for letter in letters.take(queue, most=LETTERS_AT_ONCE):
            found = remedy(queue, letter.body)
            if found is None:
                left += 1
                continue
            found.act(self.session)
            after_commit(self.session, partial(letters.remove, queue, letter))
            handled += 1
        self.journal.write(
            AuditAction.LETTERS_REDRIVEN, None, actor_id=self.admin.id, queue=queue.value, letters=handled
        )
        return handled, left

    def _write(self, action: AuditAction, user_id: UUID, **details: str | int) -> None:
        self.journal.write(action, user_id, actor_id=self.admin.id, **details)
