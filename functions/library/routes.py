"""HTTP API: the owner's drive and its trash."""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from functions.core.caller import CurrentUser, DatabaseSession
from functions.core.http import (
    CursorText,
    Description,
    IfMatch,
    Limit,
    Site,
    Text,
    Title,
    answer,
    expected_version,
)
from functions.core.keys import card_name, revision_key
from functions.core.models import Audit, Video, VideoState, Visibility, now
from functions.core.repositories import (
    AuditRepository,
    EventRepository,
    Listing,
    Slice,
    Sort,
    UserRepository,
    VideoRepository,
)
from functions.core.storage import DOWNLOAD_URL_SECONDS, media_storage, signed_urls
from functions.core.views import Download, EventView, Page, RenditionView, VideoView, View
from functions.library import service

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

router = APIGatewayHttpRouter()

RECEIPTS_SHOWN = timedelta(days=30)


class EditVideo(BaseModel):
    """What is not given stays. `trash_at`: when it goes to the trash by itself, null for never."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    description: Description | None = None
    visibility: Visibility | None = None
    trash_at: AwareDatetime | None = None


class PublishVideo(BaseModel):
    visibility: Visibility = Visibility.PUBLIC


class ChoosePoster(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at_ms: Annotated[int, Field(ge=0)]


class Poster(View):
    at_ms: int
    url: str


class Posters(View):
    """The pictures there are, in order of time; `chosen_ms` is the one that stands for the video."""

    items: list[Poster]
    chosen_ms: int | None


class BulkAction(StrEnum):
    """`visibility` says who may watch; `publish` says it and makes a draft public or what else is said."""

    VISIBILITY = "visibility"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    TRASH = "trash"
    RESTORE = "restore"
    PURGE = "purge"


class ChangeMany(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: BulkAction
    ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    visibility: Visibility = Visibility.PUBLIC


class Refusal(View):
    """Why one of many could not be changed, as a request for it alone would be told."""

    status: int
    code: str
    detail: str


class Change(View):
    """`video` as it is now, None if it is gone or was never there; `problem` if it could not be changed."""

    id: UUID
    video: VideoView | None
    problem: Refusal | None


class Changes(View):
    results: list[Change]


class VideoDetails(View):
    """What processing found in the original and made of it; `fps` as a fraction, such as 30000/1001."""

    video: VideoView
    fps: str | None
    rotation: int | None
    hdr: bool | None
    video_codec: str | None
    audio_codec: str | None
    renditions: list[RenditionView]


class Receipt(View):
    """All copies of a video were gone by `removed_at`: `bytes` of original and renditions.

    What it was called and showed is gone as well; `video_id` and when it was `added_at` are all that is left.
    """

    id: UUID
    video_id: UUID
    removed_at: datetime
    added_at: datetime
    bytes: int

    @classmethod
    def of(cls, audit: Audit) -> "Receipt":
        return cls(
            id=audit.id,
            video_id=audit.details["video"],
            removed_at=audit.created_at,
            added_at=audit.details["added"],
            bytes=audit.details["bytes"],
        )


class Taking(View):
    """What one video takes, its original and its renditions."""

    id: UUID
    title: str
    bytes: int


class Usage(View):
    """Sizes in bytes; `used_bytes` is originals and renditions, and the trash is part of it.

    `largest` are the videos outside of the trash that take most.
    """

    quota_bytes: int
    used_bytes: int
    originals_bytes: int
    renditions_bytes: int
    trash_bytes: int
    largest: list[Taking]


class Events(View):
    """Changes after a number, oldest first; `reset`: they are gone or too many, ask for everything anew."""

    items: list[EventView]
    latest: int
    reset: bool


@router.get("/api/videos", tags=["library"])
def drive(  # noqa: PLR0913, PLR0917 (as many as a list can be asked for)
    user: CurrentUser,
    session: DatabaseSession,
    site: Site,
    state: VideoState | None = None,
    visibility: Visibility | None = None,
    q: Annotated[Text, Query(max_length=100)] = "",
    sort: Sort = Sort.NEWEST,
    cursor: CursorText = None,
    limit: Limit = 24,
) -> Page[VideoView]:
    """List one's videos; `q` are words, or parts of words, of title, description and file name."""
    listing = Listing(state=state, visibility=visibility, search=q, sort=sort)
    return _page(VideoRepository(session).drive(user.id, listing, cursor=cursor, limit=limit), site)


@router.get("/api/trash", tags=["library"])
def trash_can(
    user: CurrentUser, session: DatabaseSession, site: Site, cursor: CursorText = None, limit: Limit = 24
) -> Page[VideoView]:
    return _page(VideoRepository(session).trash(user.id, cursor=cursor, limit=limit), site)


@router.post("/api/trash/empty", status_code=HTTPStatus.ACCEPTED, tags=["library"])
def empty_trash(user: CurrentUser, session: DatabaseSession) -> Response[None]:
    """Delete for good all that is in the trash. Until each video's turn has come it can be restored."""
    service.empty_trash(session, user)
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.get("/api/trash/receipts", tags=["library"])
def receipts(
    user: CurrentUser, session: DatabaseSession, cursor: CursorText = None, limit: Limit = 24
) -> Page[Receipt]:
    """List what was deleted for good in the last 30 days, last first."""
    since = now() - RECEIPTS_SHOWN
    found, next_cursor = AuditRepository(session).receipts(user.id, since=since, cursor=cursor, limit=limit)
    return Page(items=[Receipt.of(audit) for audit in found], next_cursor=next_cursor)


@router.get("/api/usage", tags=["library"])
def usage(user: CurrentUser, session: DatabaseSession) -> Usage:
    originals, renditions, trash = UserRepository(session).usage(user.id)
    return Usage(
        quota_bytes=user.quota_bytes,
        used_bytes=originals + renditions,
        originals_bytes=originals,
        renditions_bytes=renditions,
        trash_bytes=trash,
        largest=[
            Taking(id=video.id, title=video.title, bytes=video.size_bytes + video.stored_bytes)
            for video in VideoRepository(session).largest(user.id, 3)
        ],
    )


@router.post("/api/videos/bulk", tags=["library"])
def change_many(body: ChangeMany, user: CurrentUser, session: DatabaseSession, site: Site) -> Changes:
    """Do one thing with up to a hundred videos; what can't be done with one of them stops none."""
    changes: dict[BulkAction, Callable[[Session, Video], None]] = {
        BulkAction.VISIBILITY: partial(service.show_to, visibility=body.visibility),
        BulkAction.PUBLISH: partial(service.publish, visibility=body.visibility),
        BulkAction.UNPUBLISH: service.unpublish,
        BulkAction.TRASH: service.trash,
        BulkAction.RESTORE: service.restore,
        BulkAction.PURGE: service.purge,
    }
    outcomes = service.change_many(session, user, body.ids, changes[body.action])
    shown = {view.id: view for view in service.show([o.video for o in outcomes if o.video], site)}
    return Changes(
        results=[
            Change(
                id=outcome.video_id,
                video=shown.get(outcome.video_id),
                problem=outcome.problem and Refusal.model_validate(outcome.problem),
            )
            for outcome in outcomes
        ]
    )


@router.get("/api/videos/<video_id>", tags=["library"])
def show(video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site) -> Response[VideoView]:
    return _one(VideoRepository(session).owned(video_id, user.id), site)


@router.patch("/api/videos/<video_id>", tags=["library"])
def edit(
    video_id: UUID,
    body: EditVideo,
    user: CurrentUser,
    session: DatabaseSession,
    site: Site,
    if_match: IfMatch = None,
) -> Response[VideoView]:
    video = service.edit(
        session,
        user,
        video_id,
        version=expected_version(if_match),
        **body.model_dump(exclude={"trash_at"}),
        deletion=service.Deletion(body.trash_at) if "trash_at" in body.model_fields_set else None,
    )
    return _one(video, site)


@router.get("/api/videos/<video_id>/posters", tags=["library"])
def posters(video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site) -> Posters:
    video = VideoRepository(session).owned(video_id, user.id)
    times = sorted(video.poster_times or []) if video.poster_revision is not None else []
    cards = [revision_key(video.id, video.poster_revision or 0, card_name(at_ms)) for at_ms in times]
    urls = signed_urls(site, cards)
    items = [Poster(at_ms=at_ms, url=url) for at_ms, url in zip(times, urls, strict=True)]
    return Posters(items=items, chosen_ms=video.poster_ms if times else None)


@router.put("/api/videos/<video_id>/poster", tags=["library"])
def choose_poster(
    video_id: UUID,
    body: ChoosePoster,
    user: CurrentUser,
    session: DatabaseSession,
    site: Site,
    if_match: IfMatch = None,
) -> Response[VideoView]:
    version = expected_version(if_match)
    return _one(service.choose_poster(session, user, video_id, version=version, at_ms=body.at_ms), site)


@router.get("/api/videos/<video_id>/details", tags=["library"])
def details(video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site) -> VideoDetails:
    videos = VideoRepository(session)
    video = videos.owned(video_id, user.id)
    return VideoDetails(
        video=service.show([video], site)[0],
        fps=video.fps,
        rotation=video.rotation,
        hdr=video.hdr,
        video_codec=video.video_codec,
        audio_codec=video.audio_codec,
        renditions=[RenditionView.model_validate(found) for found in videos.renditions(video)],
    )


@router.get("/api/videos/<video_id>/original", tags=["library"])
def original(video_id: UUID, user: CurrentUser, session: DatabaseSession) -> Download:
    url = service.download(session, media_storage(), user, video_id)
    return Download(url=url, expires_in=DOWNLOAD_URL_SECONDS)


@router.get("/api/videos/<video_id>/original/file", status_code=HTTPStatus.SEE_OTHER, tags=["library"])
def original_file(video_id: UUID, user: CurrentUser, session: DatabaseSession) -> Response[None]:
    """Lead to the original itself: a link that lasts, for who is signed in."""
    url = service.download(session, media_storage(), user, video_id)
    return Response(status_code=HTTPStatus.SEE_OTHER, headers={"Location": url})


@router.delete("/api/videos/<video_id>", tags=["library"])
def trash(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site, if_match: IfMatch = None
) -> Response[VideoView]:
    video = service.locked(session, user, video_id, _given_version(if_match))
    service.trash(session, video)
    return _one(video, site)


@router.post("/api/videos/<video_id>/publish", tags=["library"])
def publish(
    video_id: UUID,
    user: CurrentUser,
    session: DatabaseSession,
    site: Site,
    body: PublishVideo | None = None,
    if_match: IfMatch = None,
) -> Response[VideoView]:
    video = service.locked(session, user, video_id, _given_version(if_match))
    service.publish(session, video, (body or PublishVideo()).visibility)
    return _one(video, site)


@router.post("/api/videos/<video_id>/unpublish", tags=["library"])
def unpublish(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site, if_match: IfMatch = None
) -> Response[VideoView]:
    video = service.locked(session, user, video_id, _given_version(if_match))
    service.unpublish(session, video)
    return _one(video, site)


@router.post("/api/videos/<video_id>/restore", tags=["library"])
def restore(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site, if_match: IfMatch = None
) -> Response[VideoView]:
    video = service.locked(session, user, video_id, _given_version(if_match))
    service.restore(session, video)
    return _one(video, site)


@router.post("/api/videos/<video_id>/retry", tags=["library"])
def retry(video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site) -> Response[VideoView]:
    return _one(service.retry(session, user, video_id), site)


@router.post("/api/videos/<video_id>/purge", status_code=HTTPStatus.ACCEPTED, tags=["library"])
def purge(video_id: UUID, user: CurrentUser, session: DatabaseSession) -> Response[None]:
    service.purge(session, service.locked(session, user, video_id, None))
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.get("/api/events", tags=["live"])
def events(
    user: CurrentUser,
    session: DatabaseSession,
    after: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None,
) -> Events:
    latest = user.last_event_seq
    if after is None:
        return Events(items=[], latest=latest, reset=False)
    found = EventRepository(session).after(user.id, after)
    # Numbers have no gaps: if the next one is not there, it was tidied away, or `after` is from another life.
    # More than a page of them costs more than asking for everything anew.
    whole = after == latest if not found else found[0].seq == after + 1 and found[-1].seq >= latest
    return Events(
        items=[EventView.of(event) for event in found] if whole else [], latest=latest, reset=not whole
    )


def _one(video: Video, site: str) -> Response[VideoView]:
    return answer(service.show([video], site)[0], headers={"ETag": f'"{video.version}"'})


def _page(found: Slice, site: str) -> Page[VideoView]:
    return Page(items=service.show(found.videos, site), next_cursor=found.next_cursor)


def _given_version(if_match: str | None) -> int | None:
    return None if if_match is None else expected_version(if_match)
