"""All that is kept of a person, for them to take along: a ZIP of JSON, with links to the originals."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from functions.core.models import Audit, Link, Progress, User, Video, VideoState
from functions.core.models import Session as BrowserSession

AT_ONCE = 500  # rows; a drive of any size is written in little memory

PROFILE = ("id", "email", "display_name", "role", "quota_bytes", "totp_since", "delete_at", "created_at")
VIDEO = (
    *("id", "title", "description", "file_name", "visibility", "state", "size_bytes", "stored_bytes"),
    *("duration_ms", "width", "height", "fps", "rotation", "hdr", "video_codec", "audio_codec"),
    *("published_at", "trash_at", "trashed_at", "purge_at", "created_at", "updated_at"),
)
LINK = (
    *("id", "video_id", "name", "has_passcode", "max_views", "views", "may_download"),
    *("expires_at", "revoked_at", "last_opened_at", "created_at"),
)
POSITION = ("video_id", "position_ms", "updated_at")
DEVICE = ("user_agent", "network", "created_at", "last_seen_at", "expires_at")


def write_export(session: Session, user: User, site: str, file: Path) -> None:
    """Write what is kept of `user` into a new file; `site` is the drive's own address."""

    def video(found: Video) -> dict[str, Any]:
        page, original = f"{site}/watch/{found.id}", f"{site}/api/videos/{found.id}/original/file"
        arrived = found.state is not VideoState.UPLOADING
        return _facts(found, VIDEO) | {"page": page, "original": original if arrived else None}

    def entry(found: Audit) -> dict[str, Any]:
        facts = _facts(found, ("created_at", "action", "details"))
        # Where somebody else was, who did it, is theirs.
        return facts | (_facts(found, ("network", "user_agent")) if found.actor_id == user.id else {})

    tables: dict[str, tuple[Select[Any], Callable[[Any], dict[str, Any]]]] = {
        "videos": (_mine(Video, Video.owner_id, user.id).order_by(Video.id), video),
        "links": (
            select(Link).join(Link.video).where(Video.owner_id == user.id).order_by(Link.id),
            lambda it: _facts(it, LINK),
        ),
        "positions": (_mine(Progress, Progress.user_id, user.id), lambda it: _facts(it, POSITION)),
        "devices": (_mine(BrowserSession, BrowserSession.user_id, user.id), lambda it: _facts(it, DEVICE)),
        "history": (_mine(Audit, Audit.user_id, user.id).order_by(Audit.id), entry),
    }
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("profile.json", _json(_facts(user, PROFILE)))
        for name, (statement, read) in tables.items():
            found = session.scalars(statement.execution_options(yield_per=AT_ONCE))
            _write_list(archive, f"{name}.json", map(read, found))


def _mine(table: Any, whose: Any, user_id: UUID) -> Select[Any]:
    return select(table).where(whose == user_id)


def _facts(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _write_list(archive: ZipFile, name: str, items: Iterable[dict[str, Any]]) -> None:
    with archive.open(name, "w") as file:
        file.write(b"[")
        for number, item in enumerate(items):
            file.write((",\n" if number else "\n").encode() + _json(item))
        file.write(b"\n]\n")


def _json(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, default=str).encode()
