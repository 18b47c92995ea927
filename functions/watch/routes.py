"""HTTP API: Explore, user pages, watching."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, ConfigDict, Field

from functions.core.caller import CurrentUser, DatabaseSession, ViewerId
from functions.core.errors import NotFoundError
from functions.core.http import CursorText, Limit, Site, granting, no_content
from functions.core.keys import media_prefix
from functions.core.models import VideoState
from functions.core.repositories import ProgressRepository, UserRepository, VideoRepository
from functions.core.views import HLS, MP4, Failure, Grant, Owner, Page, Playback, PublicVideo, card_urls
from functions.watch import service

router = APIGatewayHttpRouter()


class WatchView(PublicVideo):
    """Everything the player needs.

    `playback` is None until all qualities are there; until then its owner may have the original, `early`.
    `storyboard` is a WebVTT of pictures to show while seeking. `position_ms` is where the viewer stopped,
    0 before they begin, None where nobody is signed in; `failure` says why it can't be watched at all.
    """

    state: VideoState
    width: int | None
    height: int | None
    playback: Playback | None
    early: Playback | None
    storyboard: str | None
    progress: int | None
    eta_seconds: int | None
    failure: Failure | None
    position_ms: int | None


class SavePosition(BaseModel):
    model_config = ConfigDict(extra="forbid")

    position_ms: Annotated[int, Field(ge=0, le=2**53 - 1)]


@router.get("/api/explore", tags=["watch"])
def explore(
    viewer_id: ViewerId, session: DatabaseSession, site: Site, cursor: CursorText = None, limit: Limit = 24
) -> Page[PublicVideo]:
    found = VideoRepository(session).feed(viewer_id=viewer_id, cursor=cursor, limit=limit)
    return Page(items=service.show(found.videos, viewer_id, site), next_cursor=found.next_cursor)


@router.get("/api/users/<user_id>", tags=["watch"])
def user(user_id: UUID, session: DatabaseSession) -> Owner:
    return Owner.model_validate(UserRepository(session).shown(user_id))


@router.get("/api/users/<user_id>/videos", tags=["watch"])
def videos_of_user(
    user_id: UUID,
    viewer_id: ViewerId,
    session: DatabaseSession,
    site: Site,
    cursor: CursorText = None,
    limit: Limit = 24,
) -> Page[PublicVideo]:
    owner = UserRepository(session).shown(user_id)
    found = VideoRepository(session).feed(viewer_id=viewer_id, owner_id=owner.id, cursor=cursor, limit=limit)
    return Page(items=service.show(found.videos, viewer_id, site), next_cursor=found.next_cursor)


@router.get("/api/videos/<video_id>/watch", tags=["watch"])
def watch(video_id: UUID, viewer_id: ViewerId, session: DatabaseSession, site: Site) -> WatchView:
    video = VideoRepository(session).watchable(video_id, viewer_id)
    playable = video.state is VideoState.READY and video.playlist_key is not None
    early = video.state is VideoState.PROCESSING and video.early_key is not None
    return WatchView.of(
        video,
        viewer_id=viewer_id,
        poster_url=card_urls([video], site).get(video.id),
        state=video.state,
        width=video.width,
        height=video.height,
        playback=Playback(url=f"/{video.playlist_key}", type=HLS) if playable else None,
        early=Playback(url=f"/{video.early_key}", type=MP4) if early else None,
        storyboard=f"/{video.storyboard_key}" if playable and video.storyboard_key else None,
        progress=video.progress,
        eta_seconds=video.eta_seconds,
        failure=Failure.of(video.failure_code),
        position_ms=None if viewer_id is None else ProgressRepository(session).position(viewer_id, video_id),
    )


@router.put("/api/videos/<video_id>/progress", status_code=HTTPStatus.NO_CONTENT, tags=["watch"])
def save_position(
    video_id: UUID, body: SavePosition, user: CurrentUser, session: DatabaseSession
) -> Response[None]:
    ProgressRepository(session).save(user.id, video_id, body.position_ms)
    return no_content()


@router.post("/api/videos/<video_id>/grant", tags=["watch"])
def grant(video_id: UUID, viewer_id: ViewerId, session: DatabaseSession, site: Site) -> Response[Grant]:
    video = VideoRepository(session).watchable(video_id, viewer_id)
    if video.revision is None and video.early_key is None:
        raise NotFoundError("There is nothing to play yet.")
    cookies, seconds = service.grant(video, site)
    return granting(Grant(expires_in=seconds), cookies, path=f"/{media_prefix(video.id)}", seconds=seconds)
