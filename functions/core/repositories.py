"""Every question asked of the tables, with the owner checked inside the SQL."""

import base64
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Subquery,
    Text,
    and_,
    cast,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from functions.core.errors import (
    FailureCode,
    InTrashError,
    InvalidInputError,
    InvalidStateError,
    NotFoundError,
)
from functions.core.models import (
    SEARCHED,
    Audit,
    AuditAction,
    Challenge,
    Chunk,
    Event,
    EventKind,
    Export,
    Link,
    Progress,
    RecoveryCode,
    Rendition,
    Role,
    Run,
    Upload,
    User,
    Video,
    VideoState,
    Visibility,
    Walk,
    now,
    uuid7,
)
from functions.core.models import Session as BrowserSession
from functions.core.settings import settings

FRESH = {"populate_existing": True}
"""Rows as they are now, also those this session has seen before: a lock is worth nothing on an old look."""

OLDER_ACCOUNT = "This address belongs to an older account of this drive. Ask the person who runs it."

IN_TRASH = Video.trashed_at.is_not(None)
NOT_PURGED = Video.purge_started_at.is_(None)
IS_SHOWN = and_(User.disabled_at.is_(None), User.delete_at.is_(None))
OWNER_SHOWN = select(User.id).where(User.id == Video.owner_id, IS_SHOWN).correlate(Video).exists()
ON_SHOW: tuple[ColumnElement[bool], ...] = (
    Video.published_at.is_not(None),
    Video.state == VideoState.READY,
    Video.trashed_at.is_(None),
    NOT_PURGED,
    OWNER_SHOWN,
)
IS_RECEIPT = Audit.action == AuditAction.VIDEO_PURGED
HAS_VIEWS_LEFT = or_(Link.max_views.is_(None), Link.views < Link.max_views)


def open_to(viewer_id: UUID | None) -> ColumnElement[bool]:
    """Hold for videos that the viewer may watch: on show and not private, or their own."""
    shown = and_(Video.visibility.in_([Visibility.PUBLIC, Visibility.UNLISTED]), *ON_SHOW)
    if viewer_id is None:
        return shown
    return shown | and_(Video.owner_id == viewer_id, NOT_PURGED)


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: the sort key of its last row, opaque to the browser."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        text = json.dumps(self.values, ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, *types: Callable[[str], Any]) -> tuple[Any, ...]:
        """Return the values of a cursor, each read by its type."""
        try:
            values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return tuple(read(_plain(value)) for read, value in zip(types, values, strict=True))
        except (LookupError, ValueError, TypeError, RecursionError) as error:
            detail = "This page address is damaged. Start again from the first page."
            raise InvalidInputError(detail) from error


def _plain(value: Any) -> str:
    """Take what the database takes as text: anybody can write a cursor."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a text of ours")
    value.encode()
    return value


def _bigint(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("more than a column holds")
    return number


Row = TypeVar("Row")
SortKey = Callable[[Row], tuple[str, ...]]


def _cut(rows: Sequence[Row], limit: int, key: SortKey[Row]) -> tuple[Sequence[Row], str | None]:
    """Return `limit` of the rows, and the cursor of what comes after them if one more was found."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], str(Cursor(key(rows[limit - 1])))


class Sort(StrEnum):
    """What the drive is sorted by, and with a "-" in front from its end.

    The size is all that a video takes; a length that is not known yet counts as none.
    """

    OLDEST = "created"
    NEWEST = "-created"
    TITLE = "title"
    TITLE_REVERSED = "-title"
    SMALLEST = "size"
    LARGEST = "-size"
    SHORTEST = "duration"
    LONGEST = "-duration"


TAKEN_BYTES = Video.size_bytes + Video.stored_bytes
# name → (what is compared, how a cursor spells it)
_Keys = dict[str, tuple[ColumnElement[Any], Callable[[str], Any]]]
_SORTED_BY: _Keys = {
    "created": (Video.id.expression, UUID),
    "title": (func.lower(Video.title), str),
    "size": (TAKEN_BYTES, _bigint),
    "duration": (func.coalesce(Video.duration_ms, literal_column("0")), _bigint),
}
_WORDS: ColumnElement[str] = literal_column(SEARCHED, Text)


@dataclass(frozen=True)
class Listing:
    """What of a drive is looked at, and in which order."""

    state: VideoState | None = None
    visibility: Visibility | None = None
    search: str = ""
    sort: Sort = Sort.NEWEST

    LOOKED_THROUGH = 1000
    """Videos that are looked through in their order before the index of the search is asked.

    What many videos have in common is found among the first of them at once; the index would find too many
    (docs/decisions/0016).
    """

    @property
    def states(self) -> Sequence[VideoState]:
        return [*VideoState] if self.state is None else [self.state]

    @property
    def visibilities(self) -> Sequence[Visibility]:
        return [*Visibility] if self.visibility is None else [self.visibility]

    @property
    def words(self) -> Sequence[str]:
        return self.search.split()

    @property
    def found(self) -> Sequence[ColumnElement[bool]]:
        """Each word stands somewhere in the text, as a part of a word too; none has signs of its own."""
        return [func.strpos(func.search_text(_WORDS), func.search_text(word)) > 0 for word in self.words]


@dataclass(frozen=True)
class Slice:
    """One page of videos and the cursor of the next, None at the end."""

    videos: Sequence[Video]
    next_cursor: str | None


@dataclass(frozen=True)
class Job:
    """A video that is or was processed, and since when: its attempt's start, or its last change."""

    video: Video
    since: datetime


class UserSort(StrEnum):
    """What people are sorted by, and with a "-" in front from its end."""

    NAME = "name"
    NAME_REVERSED = "-name"
    EMAIL = "email"
    EMAIL_REVERSED = "-email"
    OLDEST = "created"
    NEWEST = "-created"
    LEAST = "used"
    MOST = "-used"
    LONGEST_AGO = "seen"
    LAST_SEEN = "-seen"


@dataclass(frozen=True)
class Account:
    """A person, with the bytes of their drive and when they were last heard of."""

    user: User
    used_bytes: int
    last_seen_at: datetime


@dataclass(frozen=True)
class Figures:
    """What videos take, in bytes, the trash included; what was processed in a day, as ms of full HD."""

    videos: int
    originals_bytes: int
    renditions_bytes: int
    trash_bytes: int
    processed_ms: int


IS_ADMIN = and_(User.role == Role.ADMIN, IS_SHOWN)
_USED: ColumnElement[int] = (
    select(cast(func.coalesce(func.sum(TAKEN_BYTES), 0), BigInteger))
    .where(Video.owner_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
# A session that has ended is gone; what was done in it stays in the log.
_SEEN: ColumnElement[datetime] = func.greatest(
    User.created_at,
    select(func.max(BrowserSession.last_seen_at))
    .where(BrowserSession.user_id == User.id)
    .correlate(User)
    .scalar_subquery(),
    select(Audit.created_at)
    .where(Audit.user_id == User.id, Audit.actor_id == User.id)
    .order_by(Audit.id.desc())
    .limit(1)
    .correlate(User)
    .scalar_subquery(),
    type_=DateTime(timezone=True),
)
_PEOPLE_BY: _Keys = {
    "name": (func.lower(User.display_name), str),
    "email": (User.email.expression, str),
    "created": (User.created_at.expression, datetime.fromisoformat),
    "used": (_USED, _bigint),
    "seen": (_SEEN, datetime.fromisoformat),
}


class UserRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, user_id: UUID) -> User:
        user = self._session.get(User, user_id)
        if user is None:
            raise NotFoundError
        return user

    def shown(self, user_id: UUID) -> User:
        """Return somebody whose page may be seen."""
        user = self.get(user_id)
        if not user.is_shown:
            raise NotFoundError
        return user

    def id_of(self, email: str) -> UUID | None:
        """Return whose address it is; asking takes as long when it is nobody's."""
        return self._session.scalar(select(User.id).where(User.email == email))

    def add_if_new(self, user: User) -> User:
        """Remember an account at its first sign-in; two at once are one."""
        values = {
            "id": user.id,
            "email": user.email,
            "display_name": user.display_name,
            "role": user.role,
            "quota_bytes": user.quota_bytes,
            "last_event_seq": 0,
            "created_at": user.created_at,
        }
        self._session.execute(insert(User).values(values).on_conflict_do_nothing())
        known = self._session.get(User, user.id)
        if known is None:
            raise InvalidStateError(OLDER_ACCOUNT)
        return known

    def lock(self, user_id: UUID) -> User:
        """Hold the user's row until the commit: quota is decided by one at a time."""
        statement = select(User).where(User.id == user_id).with_for_update()
        return self._session.execute(statement, execution_options=FRESH).scalar_one()

    def usage(self, user_id: UUID) -> tuple[int, int, int]:
        """Return the bytes of (originals, renditions, those of both that are in the trash).

        Every row is summed each time. In a drive of 100,000 that takes about as long as the rest of the
        request (`./dev bench library`); sums that are kept would have to be right after every change.
        """
        statement = select(
            func.coalesce(func.sum(Video.size_bytes), 0),
            func.coalesce(func.sum(Video.stored_bytes), 0),
            func.coalesce(func.sum(TAKEN_BYTES).filter(IN_TRASH), 0),
        ).where(Video.owner_id == user_id)
        originals, renditions, trash = self._session.execute(statement).one()
        return int(originals), int(renditions), int(trash)

    def ended(self, user_id: UUID) -> User | None:
        """Lock an account that is over and return it; None for any other, and for one that is gone."""
        statement = select(User).where(User.id == user_id).with_for_update()
        user = self._session.execute(statement, execution_options=FRESH).scalar_one_or_none()
        return user if user is not None and user.has_ended() else None

    def due_for_deletion(self, limit: int) -> Sequence[UUID]:
        statement = select(User.id).where(User.delete_at <= now()).order_by(User.delete_at)
        return self._session.scalars(statement.limit(limit)).all()

    def remove(self, user: User) -> None:
        """Remove an account that has no videos any more, and whatever else is kept of it."""
        self._session.delete(user)
        self._session.flush()

    # For who runs the drive

    def change(self, user_id: UUID, *, by: UUID | None, **values: object) -> None:
        """Change an account, unless its drive would be left without an administrator.

        `by` is an administrator, None whose account it is. One statement decides: it locks all
        administrators, in one order, and looks at each as it is by then. Of two who demote each other at
        once, the second to come is an administrator no more.
        """
        admins = (
            select(User.id).where(IS_ADMIN).order_by(User.id).with_for_update(key_share=True).cte("admins")
        )
        count = select(func.count()).select_from(admins)
        ends = (
            values.get("role") is Role.MEMBER
            or values.get("disabled_at") is not None
            or values.get("delete_at") is not None
        )
        others_stay = or_(
            count.where(admins.c.id == user_id).scalar_subquery() == 0,
            count.where(admins.c.id != user_id).scalar_subquery() >= 1,
        )
        statement = (
            update(User)
            .where(
                User.id == user_id,
                true() if by is None else count.where(admins.c.id == by).scalar_subquery() == 1,
                others_stay if ends else true(),
            )
            .values(**values)
            .returning(User)
        )
        if self._session.scalars(statement, execution_options=FRESH).one_or_none() is not None:
            return
        if by is not None and self._session.scalar(select(User.id).where(User.id == by, IS_ADMIN)) is None:
            raise NotFoundError
        self.get(user_id)
        raise InvalidStateError("Nobody would run this drive any more. Make somebody else an administrator.")

    def account(self, user_id: UUID) -> Account:
        statement = select(User, _USED, _SEEN).where(User.id == user_id)
        found = self._session.execute(statement, execution_options=FRESH).one_or_none()
        if found is None:
            raise NotFoundError
        return Account(*found)

    def accounts(
        self, *, search: str, sort: UserSort, cursor: str | None, limit: int
    ) -> tuple[Sequence[Account], str | None]:
        """Return everybody in whose e-mail address or name each word of the search is found."""
        order = _Order.of(sort, cursor, _PEOPLE_BY, User.id.expression)
        names = func.search_text(User.email + " " + User.display_name)
        found = [func.strpos(names, func.search_text(word)) > 0 for word in search.split()]
        statement = select(User, _USED, _SEEN, order.key.label("key")).where(*found, *order.behind)
        rows = self._session.execute(statement.order_by(*order.by).limit(limit + 1)).all()
        page, cursor = _cut(rows, limit, lambda row: (sort, str(row.key), str(row[0].id)))
        return [Account(user, used, seen) for user, used, seen, _ in page], cursor

    def figures(self, *, cursor: str | None, limit: int) -> tuple[Sequence[tuple[User, Figures]], str | None]:
        """Return what everybody's videos take, whoever has most first."""
        columns, joined = _figures()
        used = columns[1] + columns[2]
        statement = joined.add_columns(User, *columns)
        if cursor is not None:
            last = Cursor.parse(cursor, _bigint, UUID)
            statement = statement.where(tuple_(used, User.id) < last)
        ordered = statement.order_by(used.desc(), User.id.desc())
        rows = self._session.execute(ordered.limit(limit + 1)).all()
        found = [(user, Figures(*figures)) for user, *figures in rows]
        return _cut(
            found, limit, lambda it: (str(it[1].originals_bytes + it[1].renditions_bytes), str(it[0].id))
        )

    def figures_of_all(self) -> tuple[int, Figures]:
        """Return how many people there are, and what all their videos take."""
        columns, joined = _figures()
        sums = [cast(func.coalesce(func.sum(column), 0), BigInteger) for column in columns]
        people, *figures = self._session.execute(joined.add_columns(func.count(), *sums)).one()
        return people, Figures(*figures)


def _figures() -> tuple[list[ColumnElement[int]], Select[Any]]:
    """Return the columns of Figures, in its order, and everybody joined with what they are counted from."""
    videos = (
        select(
            Video.owner_id,
            func.count().label("videos"),
            func.sum(Video.size_bytes).label("originals"),
            func.sum(Video.stored_bytes).label("renditions"),
            func.sum(TAKEN_BYTES).filter(IN_TRASH).label("trash"),
        )
        .group_by(Video.owner_id)
        .subquery()
    )
    runs = (
        select(Run.user_id, func.sum(Run.cost_ms).label("processed"))
        .where(Run.started_at > now() - Run.COUNTS_FOR)
        .group_by(Run.user_id)
        .subquery()
    )
    counted = (videos.c.videos, videos.c.originals, videos.c.renditions, videos.c.trash, runs.c.processed)
    columns: list[ColumnElement[int]] = [cast(func.coalesce(it, 0), BigInteger) for it in counted]
    everybody = (
        select()
        .select_from(User)
        .outerjoin(videos, videos.c.owner_id == User.id)
        .outerjoin(runs, runs.c.user_id == User.id)
    )
    return columns, everybody


class SessionRepository:
    """Signed-in browsers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, browser: BrowserSession) -> None:
        self._session.add(browser)

    def find(self, token_hash: str) -> BrowserSession | None:
        """Return the live session of that token."""
        statement = _live_sessions().options(joinedload(BrowserSession.user)).where(_has_token(token_hash))
        return self._session.scalars(statement).one_or_none()

    def of(self, user_id: UUID) -> Sequence[BrowserSession]:
        """Return the live sessions of an account, the one seen last first."""
        newest = (BrowserSession.last_seen_at.desc(), BrowserSession.id.desc())
        statement = _live_sessions().where(BrowserSession.user_id == user_id).order_by(*newest)
        return self._session.scalars(statement).all()

    def remove(self, token_hash: str) -> UUID | None:
        """End the session of that token; return whose it was, None if there was none."""
        statement = delete(BrowserSession).where(_has_token(token_hash))
        return self._session.scalar(statement.returning(BrowserSession.user_id))

    def remove_one(self, session_id: UUID, user_id: UUID) -> None:
        statement = delete(BrowserSession).where(
            BrowserSession.id == session_id, BrowserSession.user_id == user_id
        )
        if self._session.scalar(statement.returning(BrowserSession.id)) is None:
            raise NotFoundError

    def remove_all(self, user_id: UUID, *, but: UUID | None = None) -> int:
        """End every session of an account, `but` for one; return how many."""
        statement = delete(BrowserSession).where(BrowserSession.user_id == user_id)
        if but is not None:
            statement = statement.where(BrowserSession.id != but)
        return len(self._session.scalars(statement.returning(BrowserSession.id)).all())

    def remove_expired(self) -> None:
        self._session.execute(delete(BrowserSession).where(BrowserSession.expires_at <= now()))


def _has_token(token_hash: str) -> ColumnElement[bool]:
    """Hold for the session of that token, which may just have been given another one."""
    under_way = BrowserSession.rotated_at > now() - BrowserSession.GRACE
    return or_(
        BrowserSession.token_hash == token_hash,
        and_(BrowserSession.token_hash_before == token_hash, under_way),
    )


def _live_sessions() -> Select[BrowserSession]:
    """Select those that neither slid to their end nor reached the last one, of accounts that may be used."""
    moment = now()
    return (
        select(BrowserSession)
        .join(BrowserSession.user)
        .where(
            BrowserSession.expires_at > moment,
            BrowserSession.created_at > moment - BrowserSession.ABSOLUTE,
            User.disabled_at.is_(None),
            or_(User.delete_at.is_(None), User.delete_at > moment),
        )
    )


class ChallengeRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, challenge: Challenge) -> None:
        self._session.add(challenge)

    def take_try(self, token_hash: str) -> Challenge | None:
        """Count a try and return what it is at; None when there are no more, or it is over."""
        statement = (
            update(Challenge)
            .where(
                Challenge.token_hash == token_hash,
                Challenge.expires_at > now(),
                Challenge.tries < Challenge.TRIES,
            )
            .values(tries=Challenge.tries + 1)
            .returning(Challenge)
        )
        return self._session.scalars(statement, execution_options=FRESH).one_or_none()

    def remove(self, challenge: Challenge) -> None:
        self._session.delete(challenge)

    def remove_expired(self) -> None:
        self._session.execute(delete(Challenge).where(Challenge.expires_at <= now()))


class RecoveryCodeRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(self, user_id: UUID, code_hashes: Sequence[str]) -> None:
        """Let these count, and none from before."""
        self._session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        self._session.add_all(RecoveryCode(user_id=user_id, code_hash=it) for it in code_hashes)

    def count(self, user_id: UUID) -> int:
        counted = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
        return self._session.execute(counted).scalar_one()

    def spend(self, user_id: UUID, code_hash: str) -> bool:
        """Take a code away; whoever gets it may use it, and nobody else."""
        statement = delete(RecoveryCode).where(
            RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash
        )
        return self._session.scalar(statement.returning(RecoveryCode.code_hash)) is not None


class VideoRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, video: Video) -> None:
        self._session.add(video)
        self._session.flush()

    def find(self, video_id: UUID, *, lock: bool = False) -> Video | None:
        """Return the video whoever owns it; for functions that act for the drive itself."""
        statement = select(Video).where(Video.id == video_id)
        if lock:
            statement = statement.with_for_update()
        return self._session.execute(statement, execution_options=FRESH).scalar_one_or_none()

    def owned(self, video_id: UUID, owner_id: UUID, *, lock: bool = False) -> Video:
        statement = select(Video).where(Video.id == video_id, Video.owner_id == owner_id, NOT_PURGED)
        if lock:
            statement = statement.with_for_update()
        video = self._session.scalars(statement, execution_options=FRESH).one_or_none()
        if video is None:
            raise NotFoundError
        return video

    def locked(self, video_ids: Sequence[UUID], owner_id: UUID) -> dict[UUID, Video]:
        """Lock those of the videos that are the owner's, in one order for all: nobody waits in a ring."""
        statement = (
            select(Video)
            .where(Video.id.in_(video_ids), Video.owner_id == owner_id, NOT_PURGED)
            .order_by(Video.id)
            .with_for_update()
        )
        return {video.id: video for video in self._session.scalars(statement, execution_options=FRESH)}

    def drive(self, owner_id: UUID, listing: Listing, *, cursor: str | None, limit: int) -> Slice:
        """One person's videos without the trash."""
        order = _Order.of(listing.sort, cursor, _SORTED_BY, Video.id.expression)
        if not listing.words:
            return self._page(order, self._in_order(owner_id, listing, order, limit + 1), limit)
        near = self._in_order(owner_id, listing, order, listing.LOOKED_THROUGH)
        found = self._page(order, near, limit, *listing.found)
        if found.next_cursor is not None or not self._is_full(near, listing.LOOKED_THROUGH):
            return found
        return self._page(order, self._indexed(owner_id, listing, order), limit, *listing.found)

    def _in_order(self, owner_id: UUID, listing: Listing, order: "_Order", count: int) -> Subquery:
        """Name the next `count` videos: of each state and visibility in the index's order, then merged."""
        shelves = [
            select(Video.id, order.key.label("key"))
            .where(Video.owner_id == owner_id, Video.state == state, Video.visibility == visibility)
            .where(~IN_TRASH, NOT_PURGED, *order.behind)
            .order_by(*order.by)
            .limit(count)
            for state in listing.states
            for visibility in listing.visibilities
        ]
        merged = union_all(*(select(shelf.subquery()) for shelf in shelves)).subquery()
        return select(merged).order_by(*order.of_columns(merged.c.key, merged.c.id)).limit(count).subquery()

    def _indexed(self, owner_id: UUID, listing: Listing, order: "_Order") -> Subquery:
        """Name the videos that have every pair of letters of the words."""
        grams = func.search_grams(Video.owner_id, _WORDS)
        found = (
            select(Video.id, order.key.label("key"))
            .where(Video.owner_id == owner_id, ~IN_TRASH, NOT_PURGED, *order.behind)
            .where(Video.state.in_(listing.states), Video.visibility.in_(listing.visibilities))
            .where(*(grams.op("@>")(func.search_grams(owner_id, word)) for word in listing.words))
            .cte("found")
            .prefix_with("MATERIALIZED")
        )
        return select(found).subquery()

    def _is_full(self, named: Subquery, count: int) -> bool:
        return self._session.scalars(select(named.c.id).offset(count - 1)).first() is not None

    def _page(self, order: "_Order", named: Subquery, limit: int, *conditions: ColumnElement[bool]) -> Slice:
        statement = (
            select(Video, named.c.key)
            .join(named, named.c.id == Video.id)
            .where(*conditions)
            .order_by(*order.of_columns(named.c.key, named.c.id))
            .limit(limit + 1)
        )
        rows = self._session.execute(statement).all()
        videos = [row[0] for row in rows[:limit]]
        if len(rows) <= limit:
            return Slice(videos, None)
        last, key = rows[limit - 1]
        return Slice(videos, str(Cursor((order.sort, str(key), str(last.id)))))

    def largest(self, owner_id: UUID, limit: int) -> Sequence[Video]:
        """Return the videos that take most, without the trash."""
        return self.drive(owner_id, Listing(sort=Sort.LARGEST), cursor=None, limit=limit).videos

    def trash(self, owner_id: UUID, *, cursor: str | None, limit: int) -> Slice:
        """Last trashed first."""
        statement = select(Video).where(Video.owner_id == owner_id, IN_TRASH, NOT_PURGED)
        if cursor is not None:
            last = Cursor.parse(cursor, datetime.fromisoformat, UUID)
            statement = statement.where(tuple_(Video.trashed_at, Video.id) < last)
        statement = statement.order_by(Video.trashed_at.desc(), Video.id.desc())
        return self._slice(statement, limit, lambda video: (str(video.trashed_at), str(video.id)))

    def renditions(self, video: Video) -> Sequence[Rendition]:
        """Return the rungs that are served, the tallest first."""
        statement = select(Rendition).where(
            Rendition.video_id == video.id, Rendition.revision == video.revision
        )
        return self._session.scalars(statement.order_by(Rendition.height.desc())).all()

    def feed(
        self, *, viewer_id: UUID | None, owner_id: UUID | None = None, cursor: str | None, limit: int
    ) -> Slice:
        """Videos on show, of everybody or of one, last published first: public ones, and the viewer's own.

        Each kind is asked for by itself: so each is read off the end of an index, however many there are.
        """
        kinds = [Video.visibility == Visibility.PUBLIC]
        if viewer_id is not None and owner_id in {None, viewer_id}:
            others = (Visibility.UNLISTED, Visibility.PRIVATE)
            kinds += [and_(Video.owner_id == viewer_id, Video.visibility == kind) for kind in others]
        statement = select(Video).options(joinedload(Video.owner)).where(*ON_SHOW)
        if owner_id is not None:
            statement = statement.where(Video.owner_id == owner_id)
        if cursor is not None:
            last = Cursor.parse(cursor, datetime.fromisoformat, UUID)
            statement = statement.where(tuple_(Video.published_at, Video.id) < last)
        newest = statement.order_by(Video.published_at.desc(), Video.id.desc()).limit(limit + 1)
        found = [video for kind in kinds for video in self._session.scalars(newest.where(kind))]
        found.sort(key=lambda video: (video.published_at, video.id), reverse=True)
        return Slice(*_cut(found, limit, lambda video: (str(video.published_at), str(video.id))))

    def watchable(self, video_id: UUID, viewer_id: UUID | None) -> Video:
        """Return a video that the viewer may watch; only its owner is told that it is in the trash."""
        statement = (
            select(Video).options(joinedload(Video.owner)).where(Video.id == video_id, open_to(viewer_id))
        )
        video = self._session.scalars(statement).one_or_none()
        if video is None:
            raise NotFoundError
        if video.trashed_at is not None:
            raise InTrashError
        return video

    def same_file(self, owner_id: UUID, fingerprint: str, size: int) -> Video | None:
        """Return the newest video of the drive made of this very file, if it is whole and did not fail."""
        statement = select(Video).where(
            Video.owner_id == owner_id,
            Video.fingerprint == fingerprint,
            Video.size_bytes == size,
            Video.state.not_in((VideoState.UPLOADING, VideoState.FAILED)),
            ~IN_TRASH,
            NOT_PURGED,
        )
        return self._session.scalars(statement.order_by(Video.id.desc()).limit(1)).first()

    def move(
        self, video_id: UUID, *, to: VideoState, expected: Sequence[VideoState], **values: object
    ) -> Video | None:
        """Change the state if it is one of `expected`, else return None: a late message changes nothing.

        `attempt` and `execution` among the values that start with `if_` narrow the expectation.
        """
        conditions = [Video.id == video_id, Video.state.in_(expected), NOT_PURGED]
        conditions += [
            getattr(Video, name.removeprefix("if_")) == values.pop(name)
            for name in list(values)
            if name.startswith("if_")
        ]
        statement = (
            update(Video).where(*conditions).values(state=to, updated_at=now(), **values).returning(Video)
        )
        return self._session.execute(statement, execution_options=FRESH).scalar_one_or_none()

    def of(self, owner_id: UUID, limit: int) -> Sequence[UUID]:
        """Return some of all videos of a person, whatever has become of them."""
        return self._session.scalars(select(Video.id).where(Video.owner_id == owner_id).limit(limit)).all()

    def due_for_trash(self, limit: int) -> Sequence[UUID]:
        """Return videos whose owner said that they should be deleted by now."""
        due = select(Video.id).where(Video.trash_at <= now(), ~IN_TRASH, NOT_PURGED)
        whole = due.where(Video.state != VideoState.UPLOADING)
        return self._session.scalars(whole.order_by(Video.trash_at).limit(limit)).all()

    def due_for_purge(self, limit: int) -> Sequence[UUID]:
        """Return videos whose time in the trash is over, and those whose purge was cut short."""
        statement = select(Video.id).where(Video.purge_at <= now()).order_by(Video.purge_at).limit(limit)
        return self._session.scalars(statement).all()

    def expire_trash(self, owner_id: UUID) -> None:
        """Let the time of all that is in somebody's trash be over, locked in the order of `locked`."""
        waiting = (
            select(Video.id)
            .where(Video.owner_id == owner_id, IN_TRASH, NOT_PURGED, Video.purge_at > now())
            .order_by(Video.id)
            .with_for_update()
        )
        self._session.execute(update(Video).where(Video.id.in_(waiting)).values(purge_at=now()))

    def due_in_trash_of(self, owner_id: UUID, limit: int) -> Sequence[Video]:
        """Lock the first videos whose time in somebody's trash is over and whose purge has not begun."""
        statement = (
            select(Video)
            .where(Video.owner_id == owner_id, IN_TRASH, NOT_PURGED, Video.purge_at <= now())
            .order_by(Video.id)
            .limit(limit)
            .with_for_update()
        )
        return self._session.scalars(statement, execution_options=FRESH).all()

    def has_turn(self, video_id: UUID) -> bool:
        """Tell whether the video may be at work: there are as many turns free as it is from the line's head.

        One that outlived its lease takes nobody's turn.
        """
        count = self._session.scalars(select(func.count()).select_from(Video).where(_at_work())).one()
        free = settings().videos_at_once - count
        return free > 0 and video_id in self.next_in_line(free, and_also=video_id)

    def next_in_line(self, most: int, *, and_also: UUID | None = None) -> Sequence[UUID]:
        """Return the whole uploads whose turn comes next; `and_also` one that is about to be whole.

        Everybody's first comes before anybody's second, those at work counted, and among equals whoever's
        last run began the longest ago; within a drive the one that has waited longest comes first. Nobody
        has all the turns there are: one is left for somebody else.
        """
        at_work = (
            select(Video.owner_id, func.count().label("videos"))
            .where(_at_work())
            .group_by(Video.owner_id)
            .subquery()
        )
        last = select(Run.user_id, func.max(Run.started_at).label("began")).group_by(Run.user_id).subquery()
        place = func.row_number().over(partition_by=Video.owner_id, order_by=[Video.updated_at, Video.id])
        line = (
            select(
                Video.id,
                place.label("place"),
                (place + func.coalesce(at_work.c.videos, 0)).label("turn"),
                last.c.began,
            )
            .outerjoin(at_work, at_work.c.owner_id == Video.owner_id)
            .outerjoin(last, last.c.user_id == Video.owner_id)
            .where((Video.state == VideoState.UPLOADED) | (Video.id == and_also), NOT_PURGED)
            .subquery()
        )
        statement = (
            select(line.c.id)
            .where(line.c.turn <= max(1, settings().videos_at_once - 1))
            .order_by(line.c.turn, line.c.began.nulls_first(), line.c.place)
        )
        return self._session.scalars(statement.limit(most)).all()

    def known(self, video_ids: Collection[UUID]) -> set[UUID]:
        """Return which of them there are."""
        return set(self._session.scalars(select(Video.id).where(Video.id.in_(video_ids))))

    def settled(
        self,
        states: Sequence[VideoState],
        *,
        but: Collection[UUID],
        after: UUID | None,
        until: UUID | None,
        since: datetime,
        limit: int,
    ) -> Sequence[UUID]:
        """Return videos between two ids that are in one of the states and have not changed `since`.

        Of one that is known to be lost there is nothing to look for.
        """
        statement = select(Video.id).where(
            Video.state.in_(states),
            Video.failure_code.is_distinct_from(FailureCode.LOST),
            Video.updated_at < since,
            Video.id.not_in(but),
            NOT_PURGED,
        )
        if after is not None:
            statement = statement.where(Video.id > after)
        if until is not None:
            statement = statement.where(Video.id <= until)
        return self._session.scalars(statement.order_by(Video.id).limit(limit)).all()

    def stuck(self, limit: int) -> Sequence[UUID]:
        """Return videos waiting or working for longer than they may."""
        waiting = (Video.state == VideoState.UPLOADED) & (Video.updated_at < now() - timedelta(minutes=15))
        working = (Video.state == VideoState.PROCESSING) & (Video.lease_expires_at < now())
        return self._session.scalars(select(Video.id).where(waiting | working, NOT_PURGED).limit(limit)).all()

    def remove(self, video: Video) -> None:
        """Delete the row with all that hangs on it, and what other rows tell of the video.

        The log of changes says no more than that it is gone, as pages that were away have to learn; its runs
        go on counting for their owner's day, under a name that is nobody's.
        """
        self._session.delete(video)
        told = update(Event).where(Event.user_id == video.owner_id, Event.video_id == video.id)
        self._session.execute(told.values(kind=EventKind.REMOVED, payload=None))
        runs = update(Run).where(Run.video_id == video.id)
        self._session.execute(runs.values(video_id=uuid7()))

    def record_chunk(self, video: Video, index: int, rungs: Sequence[tuple[int, int, int]]) -> int:
        """Insert (height, bytes, duration_ms) of each rung unless there already; return the chunks now done.

        The caller holds the video's row, so that two chunks finishing at once are counted one by one.
        """
        rows = [
            {
                "video_id": video.id,
                "revision": video.attempt,
                "index": index,
                "height": height,
                "bytes": size,
                "duration_ms": duration,
            }
            for height, size, duration in rungs
        ]
        self._session.execute(insert(Chunk).values(rows).on_conflict_do_nothing())
        statement = select(func.count(func.distinct(Chunk.index))).where(
            Chunk.video_id == video.id, Chunk.revision == video.attempt
        )
        return self._session.execute(statement).scalar_one()

    def forget_other_revisions(self, video: Video) -> None:
        """Remove what was recorded of the attempts until now, but for the one that is served."""
        for table in (Chunk, Rendition):
            ended = (table.video_id == video.id) & (table.revision <= video.attempt)
            served = table.revision == video.revision
            self._session.execute(delete(table).where(ended, ~served if video.revision else true()))

    def record_renditions(self, renditions: Sequence[Rendition]) -> None:
        for rendition in renditions:
            self._session.merge(rendition)

    def _slice(self, statement: Select[Video], limit: int, key: SortKey[Video]) -> Slice:
        return Slice(*_cut(self._session.scalars(statement.limit(limit + 1)).all(), limit, key))

    def jobs(
        self, *, states: Sequence[VideoState], owner_id: UUID | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[Job], str | None]:
        """Return everybody's videos in these states, last uploaded first; failures in the trash are over."""
        at_work = and_(
            Run.video_id == Video.id, Run.attempt == Video.attempt, Video.state == VideoState.PROCESSING
        )
        statement = (
            select(Video, func.coalesce(Run.started_at, Video.updated_at))
            .outerjoin(Run, at_work)
            .options(joinedload(Video.owner))
            # Each visibility by its name: the index begins with it.
            .where(Video.visibility.in_([*Visibility]), Video.state.in_(states), NOT_PURGED)
            .where(~IN_TRASH | (Video.state != VideoState.FAILED))
        )
        if owner_id is not None:
            statement = statement.where(Video.owner_id == owner_id)
        if cursor is not None:
            (last,) = Cursor.parse(cursor, UUID)
            statement = statement.where(Video.id < last)
        rows = self._session.execute(statement.order_by(Video.id.desc()).limit(limit + 1)).all()
        found = [Job(video, since) for video, since in rows]
        return _cut(found, limit, lambda job: (str(job.video.id),))


@dataclass(frozen=True)
class _Order:
    """An order of rows and the place in it from which on they are wanted."""

    sort: StrEnum
    key: ColumnElement[Any]
    id: ColumnElement[UUID]
    behind: Sequence[ColumnElement[bool]]

    @classmethod
    def of(cls, sort: StrEnum, cursor: str | None, keys: _Keys, id_: ColumnElement[UUID]) -> "_Order":
        key, read = keys[sort.removeprefix("-")]
        if cursor is None:
            return cls(sort, key, id_, [])
        _, *last = Cursor.parse(cursor, {sort.value: sort}.__getitem__, read, UUID)
        here = tuple_(key, id_)
        there = tuple_(literal(last[0], key.type), literal(last[1]))
        return cls(sort, key, id_, [here < there if sort.startswith("-") else here > there])

    @property
    def by(self) -> Sequence[ColumnElement[Any]]:
        return self.of_columns(self.key, self.id)

    def of_columns(self, *columns: Any) -> Sequence[ColumnElement[Any]]:
        return [column.desc() for column in columns] if self.sort.startswith("-") else columns


def _at_work() -> ColumnElement[bool]:
    return (Video.state == VideoState.PROCESSING) & (Video.lease_expires_at >= now())


class RunRepository:
    """What has been processed for whom."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, video: Video) -> None:
        self._session.add(Run(video_id=video.id, attempt=video.attempt, user_id=video.owner_id))

    def admit(self, video: Video, cost_ms: int) -> bool:
        """Count the cost of the video's attempt, unless it would be more than its owner has in a day.

        The caller holds the owner's row: of two that ask at the same time, the second sees what the first
        was given. One that asks again is answered alike.
        """
        others = select(func.coalesce(func.sum(Run.cost_ms), 0)).where(
            Run.user_id == video.owner_id,
            Run.started_at > now() - Run.COUNTS_FOR,
            tuple_(Run.video_id, Run.attempt) != (video.id, video.attempt),
        )
        row = {
            Run.video_id: video.id,
            Run.attempt: video.attempt,
            Run.user_id: video.owner_id,
            Run.cost_ms: cost_ms,
            Run.started_at: now(),  # by a release that did not write down when runs start
        }
        within = others.scalar_subquery() + cost_ms <= 1000 * settings().daily_processing_seconds
        values = select(*(literal(value, column.type) for column, value in row.items())).where(within)
        statement = (
            insert(Run)
            .from_select([column.key for column in row], values)
            .on_conflict_do_update(index_elements=[Run.video_id, Run.attempt], set_={"cost_ms": cost_ms})
            .returning(Run.attempt)
        )
        return self._session.execute(statement).scalar_one_or_none() is not None

    def remove_old(self) -> None:
        self._session.execute(delete(Run).where(Run.started_at < now() - Run.COUNTS_FOR))


class UploadRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, upload: Upload) -> None:
        self._session.add(upload)

    def owned(self, video_id: UUID, owner_id: UUID) -> Upload:
        upload = self.find(video_id, owner_id)
        if upload is None:
            raise NotFoundError
        return upload

    def find(self, video_id: UUID, owner_id: UUID) -> Upload | None:
        statement = self._with_video().where(Upload.video_id == video_id, Video.owner_id == owner_id)
        return self._session.scalars(statement).one_or_none()

    def get(self, video_id: UUID) -> Upload | None:
        """Return the upload whoever owns it; for functions that act for the drive itself."""
        return self._session.scalars(self._with_video().where(Upload.video_id == video_id)).one_or_none()

    def of(self, owner_id: UUID) -> Sequence[Upload]:
        statement = self._with_video().where(Video.owner_id == owner_id).order_by(Upload.video_id.desc())
        return self._session.scalars(statement).all()

    def same_file(self, owner_id: UUID, fingerprint: str, size: int) -> Upload | None:
        """Return the newest unfinished upload of this very file."""
        statement = self._with_video().where(
            Video.owner_id == owner_id, Upload.fingerprint == fingerprint, Upload.size_bytes == size
        )
        return self._session.scalars(statement.order_by(Upload.video_id.desc()).limit(1)).first()

    def expired(self, limit: int) -> Sequence[UUID]:
        """Return the videos of uploads that nobody finished in time."""
        return self._session.scalars(
            select(Upload.video_id).where(Upload.expires_at <= now()).limit(limit)
        ).all()

    def remove(self, video_id: UUID) -> None:
        self._session.execute(delete(Upload).where(Upload.video_id == video_id))

    def _with_video(self) -> Select[Upload]:
        return select(Upload).join(Upload.video).options(joinedload(Upload.video)).where(NOT_PURGED)


class ProgressRepository:
    """Where people stopped watching."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def position(self, user_id: UUID, video_id: UUID) -> int:
        """Return the milliseconds into the video, 0 for who has not begun it."""
        found = self._session.get(Progress, (user_id, video_id))
        return 0 if found is None else found.position_ms

    def save(self, user_id: UUID, video_id: UUID, position_ms: int) -> None:
        """Remember a place in a video that the person may watch, at most its end; the last told counts."""
        place = func.least(position_ms, Video.duration_ms)  # a length that is not known yet limits nothing
        # The lock waits for a deletion under way and then finds nothing, where a bare insert would fail.
        allowed = (
            select(literal(user_id), Video.id, place, literal(now()))
            .where(Video.id == video_id, open_to(user_id), ~IN_TRASH)
            .with_for_update(read=True, key_share=True)
        )
        told = insert(Progress).from_select(["user_id", "video_id", "position_ms", "updated_at"], allowed)
        newest = {"position_ms": told.excluded.position_ms, "updated_at": told.excluded.updated_at}
        statement = told.on_conflict_do_update(index_elements=["user_id", "video_id"], set_=newest)
        if self._session.scalar(statement.returning(Progress.video_id)) is None:
            raise NotFoundError


class LinkRepository:
    """Share links: their owner's, and those that still open."""

    MOST = 100
    """Links of one video that are not revoked."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, link: Link) -> None:
        """Add a link of a video that the caller has locked."""
        given = select(func.count()).where(Link.video_id == link.video_id, Link.revoked_at.is_(None))
        if self._session.scalars(given).one() >= self.MOST:
            raise InvalidStateError("This video has as many links as it may have. Revoke one first.")
        self._session.add(link)
        self._session.flush()

    def of(self, video_id: UUID, owner_id: UUID) -> Sequence[Link]:
        """Return the links of one's own video: every one that is not revoked, and the last of the others."""
        statement = (
            select(Link)
            .join(Link.video)
            .where(Link.video_id == video_id, Video.owner_id == owner_id, NOT_PURGED)
            .order_by(Link.revoked_at.is_not(None), Link.id.desc())
            .limit(2 * self.MOST)
        )
        return self._session.scalars(statement).all()

    def locked(self, link_id: UUID, owner_id: UUID) -> Link:
        """Lock a link of one's own video."""
        statement = (
            select(Link)
            .join(Link.video)
            .where(Link.id == link_id, Video.owner_id == owner_id, NOT_PURGED)
            .with_for_update(of=Link)
        )
        link = self._session.scalars(statement, execution_options=FRESH).one_or_none()
        if link is None:
            raise NotFoundError
        return link

    def open(self, token_hash: str, *, anew: bool = False) -> Link:
        """Return the link of that token with its video, if it shows it still, or `anew` to one more viewer.

        One statement for every reason why not: nobody learns which it is, by the answer or by its time.
        """
        statement = (
            select(Link)
            .join(Link.video)
            .join(Video.owner)
            .options(contains_eager(Link.video).contains_eager(Video.owner))
            .where(
                Link.token_hash == token_hash,
                Link.revoked_at.is_(None),
                Link.expires_at > now(),
                HAS_VIEWS_LEFT if anew else true(),
                Video.state == VideoState.READY,
                ~IN_TRASH,
                NOT_PURGED,
                IS_SHOWN,
            )
        )
        link = self._session.scalars(statement).one_or_none()
        if link is None:
            raise NotFoundError
        return link

    def count_view(self, link_id: UUID) -> None:
        """Count an opening, in one statement: of many at once, no more are let in than the limit leaves."""
        moment = now()
        statement = (
            update(Link)
            .where(
                Link.id == link_id,
                Link.revoked_at.is_(None),
                Link.expires_at > moment,
                HAS_VIEWS_LEFT,
            )
            .values(views=Link.views + 1, last_opened_at=moment)
            .returning(Link.id)
        )
        if self._session.scalar(statement) is None:
            raise NotFoundError


class ExportRepository:
    """What people take along: one for each, while it is made and offered."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, user_id: UUID, site: str) -> Export:
        """Begin a new one in the place of the one before."""
        values = {"site": site, "asked_at": now(), "ready_at": None, "size_bytes": None}
        statement = insert(Export).values(user_id=user_id, **values)
        statement = statement.on_conflict_do_update(index_elements=[Export.user_id], set_=values)
        return self._session.scalars(statement.returning(Export), execution_options=FRESH).one()

    def of(self, user_id: UUID) -> Export | None:
        """Return what is being made or offered."""
        statement = select(Export).where(Export.user_id == user_id, ~_OFFERED_LONG_ENOUGH)
        return self._session.scalars(statement).one_or_none()

    def find(self, user_id: UUID, *, lock: bool = False) -> Export | None:
        statement = select(Export).where(Export.user_id == user_id)
        if lock:
            statement = statement.with_for_update()
        return self._session.scalars(statement, execution_options=FRESH).one_or_none()

    def unmade(self, limit: int) -> Sequence[UUID]:
        """Return whose were asked for a while ago and are not made: what was sent for them may be lost."""
        late = Export.asked_at <= now() - Export.MADE
        waiting = select(Export.user_id).where(Export.ready_at.is_(None), late)
        return self._session.scalars(waiting.limit(limit)).all()

    def over(self, limit: int) -> Sequence[UUID]:
        """Return whose were offered for long enough."""
        return self._session.scalars(select(Export.user_id).where(_OFFERED_LONG_ENOUGH).limit(limit)).all()

    def remove(self, export: Export) -> None:
        self._session.delete(export)


_OFFERED_LONG_ENOUGH = and_(Export.ready_at.is_not(None), Export.ready_at <= func.now() - Export.OFFERED)


class EventRepository:
    KEPT = timedelta(days=7)
    PAGE = 200

    def __init__(self, session: Session) -> None:
        self._session = session

    def after(self, user_id: UUID, seq: int) -> Sequence[Event]:
        statement = (
            select(Event)
            .where(Event.user_id == user_id, Event.seq > seq)
            .order_by(Event.seq)
            .limit(self.PAGE)
        )
        return self._session.scalars(statement).all()

    def remove_old(self) -> None:
        self._session.execute(delete(Event).where(Event.created_at < now() - self.KEPT))


@dataclass(frozen=True)
class Entry:
    """An entry of the audit log, and whom it names; None for who is unknown or gone."""

    audit: Audit
    user: User | None
    actor: User | None


class WalkRepository:
    """How far the sweep has got."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def on(self, shelf: str) -> Walk:
        """Return the walk along a shelf, locked; a new one has not begun."""
        self._session.execute(insert(Walk).values(shelf=shelf).on_conflict_do_nothing())
        return self._session.get_one(Walk, shelf, with_for_update=True, populate_existing=True)


class AuditRepository:
    """What happened to accounts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def entries(
        self,
        *,
        user_id: UUID | None,
        action: AuditAction | None,
        since: datetime | None,
        until: datetime | None,
        cursor: str | None,
        limit: int,
    ) -> tuple[Sequence[Entry], str | None]:
        """Return what happened to or was done by somebody from `since` on, before `until`, newest first."""
        user, actor = aliased(User), aliased(User)
        statement = (
            select(Audit, user, actor)
            .outerjoin(user, user.id == Audit.user_id)
            .outerjoin(actor, actor.id == Audit.actor_id)
        )
        if user_id is not None:
            statement = statement.where((Audit.user_id == user_id) | (Audit.actor_id == user_id))
        if action is not None:
            statement = statement.where(Audit.action == action)
        if since is not None:
            statement = statement.where(Audit.created_at >= since)
        if until is not None:
            statement = statement.where(Audit.created_at < until)
        if cursor is not None:
            (last,) = Cursor.parse(cursor, UUID)
            statement = statement.where(Audit.id < last)
        rows = self._session.execute(statement.order_by(Audit.id.desc()).limit(limit + 1)).all()
        return _cut([Entry(*row) for row in rows], limit, lambda entry: (str(entry.audit.id),))

    def receipts(
        self, user_id: UUID, *, since: datetime, cursor: str | None, limit: int
    ) -> tuple[Sequence[Audit], str | None]:
        """Return what was deleted for good of a person's, newest first."""
        statement = select(Audit).where(Audit.user_id == user_id, IS_RECEIPT, Audit.created_at >= since)
        if cursor is not None:
            (last,) = Cursor.parse(cursor, UUID)
            statement = statement.where(Audit.id < last)
        rows = self._session.scalars(statement.order_by(Audit.id.desc()).limit(limit + 1)).all()
        return _cut(rows, limit, lambda receipt: (str(receipt.id),))

    def has_receipt(self, video_id: UUID) -> bool:
        """Tell whether the video was deleted for good."""
        named = Audit.details["video"].as_string() == str(video_id)
        return self._session.scalar(select(Audit.id).where(IS_RECEIPT, named).limit(1)) is not None

    def close(self, user_id: UUID) -> None:
        """Leave one entry of an account: that it was deleted, and which administrator wanted it, if one did.

        What the account did to others stays told of them, without by whom and from where; the receipts of its
        videos stay, as nobody's.
        """
        about, by = Audit.user_id == user_id, Audit.actor_id == user_id
        asked = select(Audit.actor_id).where(about, ~by, Audit.action == AuditAction.DELETION_ASKED)
        actor_id = self._session.scalar(asked.order_by(Audit.id.desc()).limit(1))
        self._session.execute(update(Audit).where(about, IS_RECEIPT).values(user_id=None))
        self._session.execute(delete(Audit).where(about))
        self._session.execute(update(Audit).where(by).values(actor_id=None, network="", user_agent=""))
        self._session.add(
            Audit(
                action=AuditAction.ACCOUNT_DELETED,
                user_id=user_id,
                actor_id=actor_id,
                network="",
                user_agent="",
                details={},
            )
        )
