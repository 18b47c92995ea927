"""Use cases of sharing: links that an owner gives, and what they open."""

import hmac
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core.caller import token_hash
from functions.core.errors import (
    FieldError,
    InvalidInputError,
    InvalidStateError,
    NotFoundError,
    PasscodeNeededError,
    WrongPasscodeError,
)
from functions.core.journal import Journal
from functions.core.limits import Limit
from functions.core.models import AuditAction, Link, User, Video, now
from functions.core.repositories import LinkRepository, VideoRepository
from functions.core.settings import settings
from functions.core.storage import MediaStorage, playback_cookies

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PASSCODES_OF = Limit("passcodes-of", burst=10, every=timedelta(seconds=90))
"""Guesses at the passcode of one link; right ones don't count."""
PASSCODES_FROM = Limit("passcodes-from", burst=10, every=timedelta(seconds=90))
"""Guesses from one network, at whichever link."""


@dataclass(frozen=True)
class Sharing:
    """What every use case needs: the tables in one transaction, and the audit log."""

    session: Session
    journal: Journal

    @property
    def links(self) -> LinkRepository:
        return LinkRepository(self.session)

    # The owner's

    def list(self, owner: User, video_id: UUID) -> Sequence[Link]:
        VideoRepository(self.session).owned(video_id, owner.id)
        return self.links.of(video_id, owner.id)

    def give(self, owner: User, video_id: UUID, **values: Any) -> tuple[Link, str]:
        """Return a new link and its token, which is never told again."""
        video = VideoRepository(self.session).owned(video_id, owner.id, lock=True)
        if video.trashed_at is not None:
            raise InvalidStateError("This video is in your trash. Restore it to share it.")
        token = secrets.token_urlsafe(32)
        link = Link(video_id=video.id, token_hash=token_hash(token), name="")
        _set(link, **values)
        self.links.add(link)
        self._write(AuditAction.LINK_CREATED, owner, link)
        return link, token

    def change(self, owner: User, link_id: UUID, **values: Any) -> Link:
        """Change what is given."""
        link = self.links.locked(link_id, owner.id)
        if link.revoked_at is not None:
            raise InvalidStateError("This link was revoked. Make a new one.")
        _set(link, **values)
        self._write(AuditAction.LINK_CHANGED, owner, link)
        return link

    def revoke(self, owner: User, link_id: UUID) -> None:
        """Open nothing by the link any more; doing it again changes nothing."""
        link = self.links.locked(link_id, owner.id)
        if link.revoked_at is None:
            link.revoked_at = now()
            self._write(AuditAction.LINK_REVOKED, owner, link)

    def _write(self, action: AuditAction, owner: User, link: Link) -> None:
        self.journal.write(action, owner.id, actor_id=owner.id, link=str(link.id))

    # The holder's

    def open(self, token: str, passcode: str | None) -> tuple[Link, str]:
        """Count a view; return the link and what its player renews the grant with, its viewing."""
        key, network = token_hash(token), self.journal.visit.network
        if passcode is not None:
            PASSCODES_FROM.take(network)
            PASSCODES_OF.take(key)
        link = self.links.open(key, anew=True)
        if link.passcode_hash is not None:
            if passcode is None:
                raise PasscodeNeededError
            if not _is_right(link.passcode_hash, passcode):
                self.journal.write(AuditAction.LINK_DOUBTED, link.video.owner_id, link=str(link.id))
                raise WrongPasscodeError
        if passcode is not None:
            PASSCODES_FROM.give_back(network)
            PASSCODES_OF.give_back(key)
        self.links.count_view(link.id)
        self.journal.write(AuditAction.LINK_OPENED, link.video.owner_id, link=str(link.id))
        return link, _sign(link, int(time.time()))

    def go_on(self, token: str, viewing: str) -> Link:
        """Return the link of an opening that lasts, without counting it again."""
        link = self.links.open(token_hash(token))
        opened_at, _, _ = viewing.partition(".")
        genuine = viewing.isascii() and opened_at.isdecimal() and len(opened_at) <= len("1800000000")
        if not genuine or not hmac.compare_digest(_sign(link, int(opened_at)), viewing):
            raise NotFoundError
        if int(opened_at) + link.VIEWING.total_seconds() <= time.time():
            raise NotFoundError
        return link

    def download(self, storage: MediaStorage, token: str, viewing: str) -> str:
        """Return a short-lived address of the original, if the link allows that."""
        link = self.go_on(token, viewing)
        if not link.may_download:
            raise NotFoundError
        return storage.download_url(link.video.source_key, link.video.file_name)


def grant(video: Video, site: str) -> tuple[dict[str, str], int]:
    """Return the cookies that open the video and for how many seconds; taking it back works within them."""
    seconds = settings().playback_grant_seconds
    return playback_cookies(site, video.id, seconds), seconds


def _set(link: Link, **values: Any) -> None:
    """Change what is given; None is no passcode, no limit of views, the usual time."""
    if "name" in values:
        link.name = _name(values["name"])
    if "expires_at" in values:
        link.expires_at = _end(values["expires_at"])
    if "max_views" in values:
        link.max_views = values["max_views"]
    if "may_download" in values:
        link.may_download = values["may_download"]
    if "passcode" in values:
        passcode = values["passcode"]
        link.protect(None if passcode is None else _hash(passcode.get_secret_value()))


def _name(name: str) -> str:
    if not name.strip():
        raise InvalidInputError("Say whom this link is for.", FieldError("name", "Enter a name."))
    return name.strip()


def _end(expires_at: datetime | None) -> datetime:
    moment = now()
    if expires_at is None:
        return moment + Link.LIFETIME
    if not moment < expires_at <= moment + Link.LONGEST:
        days = Link.LONGEST.days
        detail = f"A link ends in the future, and within {days} days."
        raise InvalidInputError(detail, FieldError("expires_at", detail))
    return expires_at


def _sign(link: Link, opened_at: int) -> str:
    """Write when the link was opened, so that only we can; `opened_at` in seconds of the epoch."""
    signature = hmac.digest(bytes.fromhex(link.viewing_key), str(opened_at).encode(), "sha256")
    return f"{opened_at}.{signature.hex()}"


def _hash(passcode: str) -> str:
    return _hasher().hash(passcode)


def _is_right(passcode_hash: str, passcode: str) -> bool:
    from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415  # as below

    try:
        return _hasher().verify(passcode_hash, passcode)
    except VerifyMismatchError:
        return False


def _hasher() -> "PasswordHasher":
    """Hash by argon2id with OWASP's figures for one processor, which is what the function has."""
    from argon2 import PasswordHasher  # noqa: PLC0415  # most requests meet no passcode

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
