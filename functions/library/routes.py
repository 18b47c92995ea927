"""HTTP API: the owner's drive and its trash."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, ConfigDict, Field

from functions.core.caller import CurrentUser, DatabaseSession
from functions.core.http import CursorText, IfMatch, Limit, Site, Text, answer, expected_version
from functions.core.models import Video, VideoState, Visibility, card_key
from functions.core.repositories import EventRepository, Slice, UserRepository, VideoRepository
from functions.core.settings import settings
from functions.core.storage import signed_urls
from functions.core.views import EventView, Page, VideoView, View
from functions.library import service

router = APIGatewayHttpRouter()


class EditVideo(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[Text, Field(max_length=255)] | None = None
    description: Annotated[Text, Field(max_length=5000)] | None = None
    visibility: Visibility | None = None


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


class Usage(View):
    """Sizes in bytes; `used_bytes` is originals and renditions, and the trash is part of it."""

    quota_bytes: int
    used_bytes: int
    originals_bytes: int
    renditions_bytes: int
    trash_bytes: int


class Events(View):
    """Changes after a number, oldest first; `reset`: older ones are gone, ask for everything anew."""

    items: list[EventView]
    latest: int
    reset: bool


@router.get("/api/videos", tags=["library"])
def drive(
    user: CurrentUser,
    session: DatabaseSession,
    site: Site,
    state: VideoState | None = None,
    cursor: CursorText = None,
    limit: Limit = 24,
) -> Page[VideoView]:
    return _page(VideoRepository(session).drive(user.id, state=state, cursor=cursor, limit=limit), site)


@router.get("/api/trash", tags=["library"])
def trash_can(
    user: CurrentUser, session: DatabaseSession, site: Site, cursor: CursorText = None, limit: Limit = 24
) -> Page[VideoView]:
    return _page(VideoRepository(session).trash(user.id, cursor=cursor, limit=limit), site)


@router.get("/api/usage", tags=["library"])
def usage(user: CurrentUser, session: DatabaseSession) -> Usage:
    originals, renditions, trash = UserRepository(session).usage(user.id)
    return Usage(
        quota_bytes=user.quota_bytes,
        used_bytes=originals + renditions,
        originals_bytes=originals,
        renditions_bytes=renditions,
        trash_bytes=trash,
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
    version = expected_version(if_match)
    return _one(service.edit(session, user, video_id, version=version, **body.model_dump()), site)


@router.get("/api/videos/<video_id>/posters", tags=["library"])
def posters(video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site) -> Posters:
    video = VideoRepository(session).owned(video_id, user.id)
    times = sorted(video.poster_times or []) if video.poster_revision is not None else []
    urls = signed_urls(site, [card_key(video.id, video.poster_revision or 0, at_ms) for at_ms in times])
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


@router.delete("/api/videos/<video_id>", tags=["library"])
def trash(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site, if_match: IfMatch = None
) -> Response[VideoView]:
    days = settings().trash_days
    return _one(service.trash(session, user, video_id, days=days, version=_given_version(if_match)), site)


@router.post("/api/videos/<video_id>/publish", tags=["library"])
def publish(
    video_id: UUID,
    user: CurrentUser,
    session: DatabaseSession,
    site: Site,
    body: PublishVideo | None = None,
    if_match: IfMatch = None,
) -> Response[VideoView]:
    visibility = (body or PublishVideo()).visibility
    version = _given_version(if_match)
    return _one(service.publish(session, user, video_id, visibility=visibility, version=version), site)


@router.post("/api/videos/<video_id>/unpublish", tags=["library"])
def unpublish(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site, if_match: IfMatch = None
) -> Response[VideoView]:
    return _one(service.unpublish(session, user, video_id, version=_given_version(if_match)), site)


@router.post("/api/videos/<video_id>/restore", tags=["library"])
def restore(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site, if_match: IfMatch = None
) -> Response[VideoView]:
    return _one(service.restore(session, user, video_id, version=_given_version(if_match)), site)


@router.post("/api/videos/<video_id>/retry", tags=["library"])
def retry(video_id: UUID, user: CurrentUser, session: DatabaseSession, site: Site) -> Response[VideoView]:
    return _one(service.retry(session, user, video_id), site)


@router.post("/api/videos/<video_id>/purge", status_code=HTTPStatus.ACCEPTED, tags=["library"])
def purge(video_id: UUID, user: CurrentUser, session: DatabaseSession) -> Response[None]:
    service.purge(session, user, video_id)
    return Response(status_code=HTTPStatus.ACCEPTED)


@router.get("/api/events", tags=["live"])
def events(
    user: CurrentUser, session: DatabaseSession, after: Annotated[int | None, Query(ge=0)] = None
) -> Events:
    latest = user.last_event_seq
    if after is None:
        return Events(items=[], latest=latest, reset=False)
    found = EventRepository(session).after(user.id, after)
    # Numbers have no gaps: if the next one is not there, it was tidied away, or `after` is from another life.
    whole = after == latest if not found else found[0].seq == after + 1
    return Events(
        items=[EventView.of(event) for event in found] if whole else [], latest=latest, reset=not whole
    )


def _one(video: Video, site: str) -> Response[VideoView]:
    return answer(service.show([video], site)[0], headers={"ETag": f'"{video.version}"'})


def _page(found: Slice, site: str) -> Page[VideoView]:
    return Page(items=service.show(found.videos, site), next_cursor=found.next_cursor)


def _given_version(if_match: str | None) -> int | None:
    return None if if_match is None else expected_version(if_match)
