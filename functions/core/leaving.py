"""Accounts that are given up: what ends at once, and for how long they may be kept after all."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from functions.core import events, sessions
from functions.core.errors import InvalidStateError
from functions.core.journal import Journal
from functions.core.models import AuditAction, User, now
from functions.core.repositories import UserRepository

GRACE = timedelta(days=7)
GIVEN_UP = (
    "Your StreamTime account will be deleted",
    (
        f"In {GRACE.days} days your StreamTime account and all videos in it are deleted for good.\n\n"
        "To keep it, sign in before then and choose “Keep my account”.\n"
    ),
)
DELETED = (
    "Your StreamTime account is deleted",
    (
        "Your StreamTime account and all videos in it are being deleted for good.\n\n"
        "If you did not expect this, ask the person who runs the drive.\n"
    ),
)


def give_up(
    session: Session,
    journal: Journal,
    user_id: UUID,
    *,
    by: UUID,
    grace: timedelta = GRACE,
    but: UUID | None = None,
) -> None:
    """Have an account deleted for good after the grace; others see nothing of it from now on.

    `by` is whose it is or an administrator, `but` the session that goes on. Whoever asks again may bring the
    end nearer, never put it off. Without any grace the sweep begins as soon as this is committed. Raises
    InvalidStateError if nobody would be left to run the drive.
    """
    end = func.least(User.delete_at, now() + grace)  # of nothing and a date, the date
    UserRepository(session).change(user_id, by=None if by == user_id else by, delete_at=end)
    journal.write(AuditAction.DELETION_ASKED, user_id, actor_id=by)
    sessions.end_all(session, user_id, but=but)
    email = UserRepository(session).get(user_id).email
    events.write_to(session, email, *(GIVEN_UP if grace else DELETED))
    if not grace:
        events.watch("delete_account", user_id)


def keep(session: Session, journal: Journal, user_id: UUID, *, by: UUID) -> None:
    """Let an account be as it was; one that nobody has given up stays what it is."""
    user = UserRepository(session).lock(user_id)
    if user.has_ended():
        raise InvalidStateError("It is too late: this account is being deleted.")
    if user.delete_at is not None:
        user.delete_at = None
        journal.write(AuditAction.ACCOUNT_KEPT, user_id, actor_id=by)
