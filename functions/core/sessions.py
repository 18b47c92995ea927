"""How sessions end: in the tables with the transaction, and after it the sockets that they opened."""

from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events
from functions.core.database import after_commit
from functions.core.repositories import SessionRepository

TICKETS_ARE_OVER = 45
"""Seconds, from when the last ticket was given: it is good for 30, and opening a socket takes a moment."""


def end(session: Session, token_hash: str) -> UUID | None:
    """End the session of that token; return whose it was, None if there was none."""
    user_id = SessionRepository(session).remove(token_hash)
    if user_id:
        _close_sockets(session, user_id)
    return user_id


def end_one(session: Session, session_id: UUID, user_id: UUID) -> None:
    """End one session of an account. Raises NotFoundError if it has no such session."""
    SessionRepository(session).remove_one(session_id, user_id)
    _close_sockets(session, user_id)


def end_all(session: Session, user_id: UUID, *, but: UUID | None = None) -> int:
    """End every session of an account, `but` for one; return how many."""
    ended = SessionRepository(session).remove_all(user_id, but=but)
    _close_sockets(session, user_id)
    return ended


def _close_sockets(session: Session, user_id: UUID) -> None:
    """Close what the ended sessions opened, and once more what a ticket of before still opens."""
    going_on = SessionRepository(session).of(user_id)
    events.watch("close_sockets", user_id, seconds=TICKETS_ARE_OVER)
    after_commit(session, lambda: events.close_sockets(user_id, but=going_on))
