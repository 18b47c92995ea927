"""What people are shown of the tables: the shapes that the API answers and the events carry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from functions.core.errors import FailureCode
from functions.core.models import Event, EventKind, Role, User, Video, VideoState, Visibility
from functions.core.storage import signed_urls

Item = TypeVar("Item")

HLS = "application/vnd.apple.mpegurl"
MP4 = "video/mp4"

# code → (what happened, what to do)
FAILURES: dict[FailureCode, tuple[str, str]] = {
    FailureCode.NOT_A_VIDEO: ("This file is not a video we can read.", "Upload a video file instead."),
    FailureCode.CORRUPT: (
        "This file is damaged or was cut short.",
        "Check that it plays on your device, then upload it again.",
    ),
    FailureCode.NO_VIDEO: ("This file has no moving picture in it.", "Upload a file that contains video."),
    FailureCode.TOO_LONG: ("This video is longer than this drive allows.", "Upload a shorter cut."),
    FailureCode.TOO_LARGE: (
        "The picture of this video is larger than this drive allows.",
        "Export it in a smaller resolution and upload that.",
    ),
    FailureCode.DAILY_LIMIT: (
        "You have had as much video processed today as this drive allows in a day.",
        "Your file is safe. Try again tomorrow.",
    ),
    FailureCode.CANCELLED: (
        "Whoever runs this drive has stopped this.",
        "Your file is safe. Ask them why, then try again.",
    ),
    FailureCode.LOST: (
        "The files of this video are gone.",
        "Upload it again. What you wrote about it is still here.",
    ),
    FailureCode.INTERNAL: ("Something went wrong on our side.", "Your file is safe. Try again."),
}
PASSING = {FailureCode.DAILY_LIMIT, FailureCode.CANCELLED, FailureCode.INTERNAL}


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(View, Generic[Item]):
    items: list[Item]
    next_cursor: str | None = None


class Me(View):
    id: UUID
    email: str
    display_name: str
    role: Role
    quota_bytes: int
    used_bytes: int
    totp_since: datetime | None = None
    delete_at: datetime | None = None

    @classmethod
    def of(cls, user: User, *, used_bytes: int) -> "Me":
        return cls(
            id=user.id,
            email=user.email,
            display_name=user.display_name,
            role=user.role,
            quota_bytes=user.quota_bytes,
            used_bytes=used_bytes,
            totp_since=user.totp_since,
            delete_at=user.delete_at,
        )


class Failure(View):
    """`message` says what happened, `action` what to do; `retry` whether trying again can help."""

    code: FailureCode
    message: str
    action: str
    retry: bool

    @classmethod
    def of(cls, code: FailureCode | None) -> Self | None:
        if code is None:
            return None
        message, action = FAILURES[code]
        return cls(code=code, message=message, action=action, retry=code in PASSING)


class VideoView(View):
    """A video as its owner sees it.

    `poster_url` is a short-lived address that only an answer of the API carries, an event never does;
    `picture` is that picture's lasting name, `picture_pending` while the owner's own is made.
    `eta_seconds` counts from the moment of the answer or of the event. An `early` video plays already,
    before it is ready. It goes to the trash within a day after `trash_at`, and from there at `purge_at`.
    """

    id: UUID
    file_name: str
    title: str
    description: str
    visibility: Visibility
    state: VideoState
    progress: int | None
    eta_seconds: int | None = None  # a new figure may be missing: events of the release before are read too
    early: bool = False
    failure: Failure | None
    version: int
    revision: int | None
    size_bytes: int
    stored_bytes: int
    duration_ms: int | None
    width: int | None
    height: int | None
    picture: str | None = None
    picture_pending: bool = False
    poster_url: str | None
    published_at: datetime | None
    trash_at: datetime | None = None
    trashed_at: datetime | None
    purge_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, video: Video, *, poster_url: str | None = None) -> "VideoView":
        values: dict[str, Any] = {
            name: getattr(video, name) for name in cls.model_fields if hasattr(video, name)
        }
        return cls(**values, poster_url=poster_url, failure=Failure.of(video.failure_code))


class RenditionView(View):
    """One quality as it is stored: bandwidth in bit/s, codecs as RFC 6381 names them."""

    width: int
    height: int
    bytes: int
    bandwidth: int
    codecs: str


class Playback(View):
    url: str
    type: str


class Grant(View):
    """Renew it before `expires_in` seconds are over."""

    expires_in: int


class Download(View):
    """An address that has to be asked within `expires_in` seconds."""

    url: str
    expires_in: int


class Owner(View):
    id: UUID
    display_name: str


class PublicVideo(View):
    """A video as everybody may see it."""

    id: UUID
    title: str
    description: str
    duration_ms: int | None
    published_at: datetime | None
    visibility: Visibility
    poster_url: str | None
    owner: Owner
    mine: bool

    @classmethod
    def of(cls, video: Video, *, viewer_id: UUID | None, poster_url: str | None, **more: Any) -> Self:
        return cls(
            id=video.id,
            title=video.title,
            description=video.description,
            duration_ms=video.duration_ms,
            published_at=video.published_at,
            visibility=video.visibility,
            poster_url=poster_url,
            owner=Owner.model_validate(video.owner),
            mine=video.owner_id == viewer_id,
            **more,
        )


class EventView(View):
    """One change, as the socket and GET /events tell it. `video` is None when it was removed."""

    seq: int
    kind: EventKind
    video_id: UUID
    video: VideoView | None
    at: datetime

    @classmethod
    def of(cls, event: Event) -> "EventView":
        video = None if event.payload is None else VideoView.model_validate(event.payload)
        return cls(seq=event.seq, kind=event.kind, video_id=event.video_id, video=video, at=event.created_at)


def card_urls(videos: Sequence[Video], site: str) -> dict[UUID, str]:
    """Sign an address for the card picture of each video that has one."""
    cards = {video.id: video.card_key for video in videos if video.card_key is not None}
    return dict(zip(cards, signed_urls(site, list(cards.values())), strict=True))
