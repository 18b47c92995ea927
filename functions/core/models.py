"""The tables, which are the domain model too: state rules live here, no input or output."""

import math
import secrets
import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Enum, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship

from functions.core import keys
from functions.core.errors import FailureCode


def now() -> datetime:
    return datetime.now(UTC)


def uuid7() -> UUID:
    """Return a time-ordered UUID (RFC 9562 §5.7): sorting by it is sorting by creation."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)


class Role(StrEnum):
    MEMBER = "member"
    ADMIN = "admin"


class Visibility(StrEnum):
    """Who may watch a published video: nobody else, whoever has the address, everybody."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class VideoState(StrEnum):
    """uploading → uploaded → processing → ready | failed; failed → uploaded on Retry."""

    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class EventKind(StrEnum):
    CHANGED = "video.changed"
    REMOVED = "video.removed"


class AuditAction(StrEnum):
    """What happened to an account, to a link that it has given, or to what the drive does for it."""

    SIGNED_UP = "signed_up"
    CONFIRMED = "confirmed"
    CODE_SENT = "code_sent"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    IDENTITY_CONFIRMED = "identity_confirmed"
    IDENTITY_DOUBTED = "identity_doubted"
    RESET_ASKED = "reset_asked"
    PASSWORD_RESET = "password_reset"  # noqa: S105
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    RENAMED = "renamed"
    EMAIL_ASKED = "email_asked"
    EMAIL_CHANGED = "email_changed"
    EXPORT_ASKED = "export_asked"
    EXPORT_FETCHED = "export_fetched"
    LINK_CREATED = "link_created"
    LINK_CHANGED = "link_changed"
    LINK_REVOKED = "link_revoked"
    LINK_OPENED = "link_opened"
    LINK_DOUBTED = "link_doubted"
    TOTP_ON = "totp_on"
    TOTP_OFF = "totp_off"
    CODES_RENEWED = "codes_renewed"
    CODE_SPENT = "code_spent"
    ROLE_SET = "role_set"
    QUOTA_SET = "quota_set"
    DISABLED = "disabled"
    ENABLED = "enabled"
    TOTP_RESET = "totp_reset"
    JOB_RETRIED = "job_retried"
    JOB_CANCELLED = "job_cancelled"
    LETTERS_REDRIVEN = "letters_redriven"
    DELETION_ASKED = "deletion_asked"
    ACCOUNT_KEPT = "account_kept"
    ACCOUNT_DELETED = "account_deleted"
    VIDEO_PURGED = "video_purged"
    ORPHANS_FOUND = "orphans_found"


def _text_enum(kind: type[StrEnum]) -> Enum:
    """Store the values as plain text: adding one later needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=20,
        values_callable=lambda e: [m.value for m in e],
    )


class Base(MappedAsDataclass, DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own name and shape)
        datetime: DateTime(timezone=True),
        int: BigInteger,
        list[int]: JSON().with_variant(JSONB, "postgresql"),
        dict[str, Any]: JSON().with_variant(JSONB, "postgresql"),
        Role: _text_enum(Role),
        Visibility: _text_enum(Visibility),
        VideoState: _text_enum(VideoState),
        FailureCode: _text_enum(FailureCode),
        EventKind: _text_enum(EventKind),
        AuditAction: _text_enum(AuditAction),
    }


class User(Base, kw_only=True):
    """An account; its id is the Cognito subject.

    After `delete_at` it is as good as gone, and until then its owner may keep it.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(default=Role.MEMBER)
    quota_bytes: Mapped[int]
    last_event_seq: Mapped[int] = mapped_column(default=0)
    totp_since: Mapped[datetime | None] = mapped_column(default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    delete_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)

    @property
    def is_shown(self) -> bool:
        """Tell whether others see this person and what they publish."""
        return self.disabled_at is None and self.delete_at is None

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN and self.is_shown

    def has_ended(self) -> bool:
        return self.delete_at is not None and self.delete_at <= now()


class Session(Base, kw_only=True):
    """A signed-in browser. Only the SHA-256 of its token is kept."""

    __tablename__ = "sessions"

    SLIDING = timedelta(days=7)
    ABSOLUTE = timedelta(days=30)
    RECENT = timedelta(minutes=15)
    """For so long after somebody has shown who they are, they may do what asks for that."""
    GRACE = timedelta(seconds=10)
    """For so long the token of before counts too, for what was sent before the browser had the new one."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_hash_before: Mapped[str | None] = mapped_column(String(64), index=True, default=None)
    rotated_at: Mapped[datetime | None] = mapped_column(default=None)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str] = mapped_column(String(400), default="")
    network: Mapped[str | None] = mapped_column(String(50), default=None)
    authenticated_at: Mapped[datetime | None] = mapped_column(default_factory=now)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    last_seen_at: Mapped[datetime] = mapped_column(default_factory=now)
    expires_at: Mapped[datetime] = mapped_column(default_factory=lambda: now() + Session.SLIDING)

    user: Mapped[User] = relationship(init=False, lazy="raise")

    def rotate(self, token_hash: str) -> None:
        """Take another token, since the session may do more from now on than with the one before."""
        self.token_hash_before, self.token_hash, self.rotated_at = self.token_hash, token_hash, now()

    def is_recent(self) -> bool:
        """Tell whether somebody has just shown who they are; None is of a release that didn't ask."""
        return self.authenticated_at is not None and self.authenticated_at > now() - self.RECENT


class Challenge(Base, kw_only=True):
    """A sign-in that waits for its second factor; only the SHA-256 of its token is kept.

    `provider_session` is the user pool's own name for it, and worth nothing without a code.
    """

    __tablename__ = "challenges"

    LIFETIME = timedelta(minutes=5)
    TRIES = 5

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(320))
    provider_session: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(default_factory=lambda: now() + Challenge.LIFETIME)


class RecoveryCode(Base, kw_only=True):
    """Stands in once for an authenticator app that is lost; spending it deletes it."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


# Spelled as PostgreSQL itself does: the statement and the index must agree, and so must model and migration.
SEARCHED = "(((title::text || chr(10)) || file_name::text) || chr(10)) || description::text"
_SHELF = ("owner_id", "state", "visibility")
_LISTED = text("trashed_at IS NULL AND purge_started_at IS NULL")


class Video(Base, kw_only=True):
    """A video of the drive, from the first byte sent to the last byte deleted.

    `revision` is the rendition set being served (None until ready), `early_revision` the one in which the
    original may be watched until then; `attempt` counts processing runs and fences late messages; `version`
    is the optimistic lock of what people edit; `progress` is in per cent of the chunks while processing, and
    `ready_expected_at` what the last of them told. There is a picture of each of `poster_times` (ms, the one
    we would take first) in `poster_revision`; the owner's choice is `poster_at_ms`,
    and one of `poster_wanted_ms` is being made for them. At `trash_at` it goes to the trash, where it is from
    `trashed_at` until `purge_at`. Sizes in bytes.
    """

    __tablename__ = "videos"
    __table_args__ = (
        Index("ix_videos_owner_id_id", "owner_id", "id"),
        Index("ix_videos_feed", "visibility", "state", "published_at", "id"),
        Index("ix_videos_shelf", "owner_id", "visibility", "published_at", "id"),
        Index("ix_videos_purge_at", "purge_at"),
        Index("ix_videos_trash_at", "trash_at", postgresql_where=text("trash_at IS NOT NULL")),
        Index("ix_videos_owner_id_fingerprint", "owner_id", "fingerprint"),
        Index("ix_videos_by_date", *_SHELF, "id", postgresql_where=_LISTED),
        Index("ix_videos_by_title", *_SHELF, text("lower(title)"), "id", postgresql_where=_LISTED),
        Index(
            "ix_videos_by_size", *_SHELF, text("(size_bytes + stored_bytes)"), "id", postgresql_where=_LISTED
        ),
        Index(
            "ix_videos_by_length", *_SHELF, text("coalesce(duration_ms, 0)"), "id", postgresql_where=_LISTED
        ),
        Index(
            "ix_videos_trash",
            *("owner_id", "trashed_at", "id"),
            postgresql_where=text("trashed_at IS NOT NULL AND purge_started_at IS NULL"),
        ),
        Index(
            "ix_videos_search",
            text(f"search_grams(owner_id, {SEARCHED})"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PRIVATE)
    state: Mapped[VideoState] = mapped_column(default=VideoState.UPLOADING)
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int | None] = mapped_column(default=None)
    early_revision: Mapped[int | None] = mapped_column(default=None)
    has_storyboard: Mapped[bool | None] = mapped_column(default=None)
    poster_revision: Mapped[int | None] = mapped_column(default=None)
    poster_times: Mapped[list[int] | None] = mapped_column(default=None)
    poster_at_ms: Mapped[int | None] = mapped_column(default=None)
    poster_wanted_ms: Mapped[int | None] = mapped_column(default=None)
    attempt: Mapped[int] = mapped_column(default=0)
    execution: Mapped[str | None] = mapped_column(default=None)
    lease_expires_at: Mapped[datetime | None] = mapped_column(default=None)
    progress: Mapped[int | None] = mapped_column(default=None)
    chunk_count: Mapped[int | None] = mapped_column(default=None)
    encoding_started_at: Mapped[datetime | None] = mapped_column(default=None)
    ready_expected_at: Mapped[datetime | None] = mapped_column(default=None)
    failure_code: Mapped[FailureCode | None] = mapped_column(default=None)
    size_bytes: Mapped[int]
    fingerprint: Mapped[str | None] = mapped_column(String(200), default=None)
    stored_bytes: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int | None] = mapped_column(default=None)
    width: Mapped[int | None] = mapped_column(default=None)
    height: Mapped[int | None] = mapped_column(default=None)
    fps: Mapped[str | None] = mapped_column(String(20), default=None)
    rotation: Mapped[int | None] = mapped_column(default=None)
    hdr: Mapped[bool | None] = mapped_column(default=None)
    video_codec: Mapped[str | None] = mapped_column(String(40), default=None)
    audio_codec: Mapped[str | None] = mapped_column(String(40), default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    trash_at: Mapped[datetime | None] = mapped_column(default=None)
    trashed_at: Mapped[datetime | None] = mapped_column(default=None)
    purge_at: Mapped[datetime | None] = mapped_column(default=None)
    purge_started_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    updated_at: Mapped[datetime] = mapped_column(default_factory=now, onupdate=now)

    owner: Mapped[User] = relationship(init=False, lazy="raise")

    @property
    def source_key(self) -> str:
        return keys.source_key(self.id)

    @property
    def card_key(self) -> str | None:
        if self.poster_revision is not None and self.poster_ms is not None:
            return keys.revision_key(self.id, self.poster_revision, keys.card_name(self.poster_ms))
        return self._served(keys.CARD)

    @property
    def picture(self) -> str | None:
        """Which picture stands for the video: another one has another name."""
        return self.card_key

    @property
    def picture_pending(self) -> bool:
        return self.poster_wanted_ms is not None

    @property
    def poster_ms(self) -> int | None:
        """From when in the video its picture is."""
        times = self.poster_times or []
        return self.poster_at_ms if self.poster_at_ms in times else next(iter(times), None)

    @property
    def playlist_key(self) -> str | None:
        return self._served(keys.PLAYLIST)

    @property
    def storyboard_key(self) -> str | None:
        return self._served(keys.STORYBOARD) if self.has_storyboard else None

    def _served(self, name: str) -> str | None:
        return None if self.revision is None else keys.revision_key(self.id, self.revision, name)

    @property
    def early_key(self) -> str | None:
        if self.early_revision is None:
            return None
        return keys.revision_key(self.id, self.early_revision, keys.ORIGINAL)

    @property
    def early(self) -> bool:
        return self.early_revision is not None

    @property
    def eta_seconds(self) -> int | None:
        """How long it takes until the video is ready; None while nobody can tell, or when it is overdue."""
        if self.state is not VideoState.PROCESSING or self.ready_expected_at is None:
            return None
        left = math.ceil((self.ready_expected_at - now()).total_seconds())
        return left if left > 0 else None

    def has_outlived_its_lease(self) -> bool:
        lease = self.lease_expires_at
        has_one = self.state in {VideoState.UPLOADED, VideoState.PROCESSING}
        return has_one and lease is not None and lease <= now()

    def is_due_for_trash(self) -> bool:
        due = self.trash_at is not None and self.trash_at <= now()
        return due and self.trashed_at is None and self.state is not VideoState.UPLOADING

    def put_in_trash(self, days: int) -> None:
        self.trashed_at = now()
        self.purge_at = self.trashed_at + timedelta(days=days)

    def take_out_of_trash(self) -> None:
        """Restore it, and let the day that brought it here not bring it back."""
        self.trashed_at = self.purge_at = None
        if self.is_due_for_trash():
            self.trash_at = None

    def start_purge(self) -> None:
        """From here on nobody sees the video, and messages of a run still under way no longer count."""
        self.purge_started_at = self.purge_at = now()
        self.attempt += 1


class Upload(Base, kw_only=True):
    """A multipart upload under way; gone when the video is complete.

    `check_at` is when the watchdog looks whether all of it has arrived, should nobody have said so by then.
    """

    __tablename__ = "uploads"

    LIFETIME = timedelta(days=7)
    CHECK_AFTER = timedelta(minutes=45)
    LATEST_PART = timedelta(minutes=30)
    """After its address was signed: it works for 15 minutes, and a part that began then takes a while."""

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    s3_upload_id: Mapped[str]
    size_bytes: Mapped[int]
    part_size: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(200), default="")
    expires_at: Mapped[datetime] = mapped_column(default_factory=lambda: now() + Upload.LIFETIME, index=True)
    check_at: Mapped[datetime | None] = mapped_column(default=None)

    video: Mapped[Video] = relationship(init=False, lazy="raise")

    @property
    def part_count(self) -> int:
        return -(-self.size_bytes // self.part_size)

    def part_length(self, number: int) -> int:
        """Length of part `number` (from 1) in bytes; the last one is what remains."""
        return min(self.part_size, self.size_bytes - (number - 1) * self.part_size)

    def is_watched(self) -> bool:
        """Tell whether somebody looks after what is sent from now on."""
        return self.check_at is not None and self.check_at >= now() + self.LATEST_PART

    def watch(self) -> int:
        """Settle when the watchdog looks; return in how many seconds."""
        self.check_at = now() + self.CHECK_AFTER
        return int(self.CHECK_AFTER.total_seconds())


class Chunk(Base, kw_only=True):
    """One encoded chunk of one rung; a repeated message finds it here already."""

    __tablename__ = "chunks"

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    height: Mapped[int] = mapped_column(primary_key=True)
    bytes: Mapped[int]
    duration_ms: Mapped[int]


class Run(Base, kw_only=True):
    """One attempt at processing a video, kept for as long as it counts: a deleted video gives nothing back.

    `cost_ms` is known once the attempt is planned: what it costs, as so many milliseconds of full HD.
    """

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_user_id_started_at", "user_id", "started_at"),)

    COUNTS_FOR = timedelta(days=1)

    video_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    cost_ms: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default_factory=now)


class Rendition(Base, kw_only=True):
    """One rung of a finished revision, as the master playlist names it. Bandwidths in bit/s."""

    __tablename__ = "renditions"

    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    height: Mapped[int] = mapped_column(primary_key=True)
    width: Mapped[int]
    bytes: Mapped[int]
    bandwidth: Mapped[int]
    codecs: Mapped[str] = mapped_column(String(80))


class Event(Base, kw_only=True):
    """One change of a user's drive; `seq` has no gaps within a user and grows in order of commit."""

    __tablename__ = "events"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    video_id: Mapped[UUID]
    kind: Mapped[EventKind]
    payload: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)


class Link(Base, kw_only=True):
    """A video shown to whoever holds the link's token, of which only the SHA-256 is kept.

    Each opening is one of `views`, and may go on until `viewing_key`, which signs it, is another one.
    """

    __tablename__ = "links"

    LIFETIME = timedelta(days=30)
    LONGEST = timedelta(days=365)
    VIEWING = timedelta(hours=24)
    """For so long after an opening its player may ask for more."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    viewing_key: Mapped[str] = mapped_column(String(64), default_factory=lambda: secrets.token_hex(32))
    name: Mapped[str] = mapped_column(String(100))
    passcode_hash: Mapped[str | None] = mapped_column(String(200), default=None)
    max_views: Mapped[int | None] = mapped_column(default=None)
    views: Mapped[int] = mapped_column(default=0)
    may_download: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime] = mapped_column(default_factory=lambda: now() + Link.LIFETIME)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    last_opened_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)

    video: Mapped[Video] = relationship(init=False, lazy="raise")

    @property
    def has_passcode(self) -> bool:
        return self.passcode_hash is not None

    def protect(self, passcode_hash: str | None) -> None:
        """Ask for another passcode, or for none; whoever watches by the one before has to open it anew."""
        self.passcode_hash, self.viewing_key = passcode_hash, secrets.token_hex(32)


class Audit(Base, kw_only=True):
    """What happened to an account. It outlives the account, as a receipt that names nobody any more."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_user_id_id", "user_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid7)
    action: Mapped[AuditAction]
    user_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    network: Mapped[str] = mapped_column(String(50))
    user_agent: Mapped[str] = mapped_column(String(400))
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class Export(Base, kw_only=True):
    """What a person asked to be handed of all that is kept of them; the next one takes its place.

    `site` is the drive's address, for the links in it.
    """

    __tablename__ = "exports"

    MADE = timedelta(hours=1)
    """Within which it surely is, if it ever will be."""
    OFFERED = timedelta(days=1)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    site: Mapped[str] = mapped_column(String(300))
    size_bytes: Mapped[int | None] = mapped_column(default=None)
    asked_at: Mapped[datetime] = mapped_column(default_factory=now)
    ready_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def expires_at(self) -> datetime | None:
        return self.ready_at and self.ready_at + self.OFFERED


class Walk(Base, kw_only=True):
    """How far the sweep has got in comparing one shelf of the bucket with the videos: `after` whose name."""

    __tablename__ = "walks"

    shelf: Mapped[str] = mapped_column(String(20), primary_key=True)
    after: Mapped[UUID | None] = mapped_column(default=None)


class Progress(Base, kw_only=True):
    """Where a person stopped watching a video; it goes with either of them."""

    __tablename__ = "progress"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    video_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position_ms: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default_factory=now)
