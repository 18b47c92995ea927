"""HTTP API: an owner's share links, and what they open for people without an account."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from functions.core.caller import AuditJournal, CurrentUser, DatabaseSession
from functions.core.http import SecretText, Site, Text, granting, no_content
from functions.core.keys import media_prefix
from functions.core.storage import DOWNLOAD_URL_SECONDS, media_storage
from functions.core.views import HLS, Download, Grant, Page, Playback, View, card_urls
from functions.sharing import service
from functions.sharing.service import Sharing

router = APIGatewayHttpRouter()


LinkName = Annotated[Text, Field(min_length=1, max_length=100)]
Passcode = Annotated[SecretText, Field(min_length=4, max_length=128)]
MaxViews = Annotated[int, Field(ge=1, le=1_000_000)]
Secret = Annotated[SecretText, Field(min_length=1, max_length=200)]


def _sharing(session: DatabaseSession, journal: AuditJournal) -> Sharing:
    return Sharing(session, journal)


SharingUseCases = Annotated[Sharing, Depends(_sharing)]


class ChangeLink(BaseModel):
    """What is not given stays; null is no passcode, no limit of views, 30 days from now."""

    model_config = ConfigDict(extra="forbid")

    name: LinkName = ""
    expires_at: AwareDatetime | None = None
    passcode: Passcode | None = None
    max_views: MaxViews | None = None
    may_download: bool = False


class GiveLink(ChangeLink):
    """Without `expires_at` it ends in 30 days; it ends within a year."""

    name: LinkName


class OpenLink(BaseModel):
    """In the body, and so in no log and no history."""

    model_config = ConfigDict(extra="forbid")

    token: Secret
    passcode: Annotated[SecretText, Field(max_length=128)] | None = None


class GoOn(BaseModel):
    """`viewing` is what opening the link answered."""

    model_config = ConfigDict(extra="forbid")

    token: Secret
    viewing: Secret


class LinkView(View):
    """A link as the owner of its video sees it."""

    id: UUID
    video_id: UUID
    name: str
    has_passcode: bool
    max_views: int | None
    views: int
    may_download: bool
    expires_at: datetime
    revoked_at: datetime | None
    last_opened_at: datetime | None
    created_at: datetime


class NewLink(View):
    """`token` is told this once. A page's address carries it behind "#", where no server sees it."""

    link: LinkView
    token: str


class SharedVideo(View):
    """What a link shows. Renew its grant with `viewing` before `expires_in` seconds are over."""

    title: str
    description: str
    owner_name: str
    duration_ms: int | None
    width: int | None
    height: int | None
    poster_url: str | None
    playback: Playback
    storyboard: str | None
    may_download: bool
    viewing: str
    expires_in: int


@router.get("/api/videos/<video_id>/links", tags=["sharing"])
def links(video_id: UUID, user: CurrentUser, sharing: SharingUseCases) -> Page[LinkView]:
    return Page(items=[LinkView.model_validate(link) for link in sharing.list(user, video_id)])


@router.post("/api/videos/<video_id>/links", status_code=HTTPStatus.CREATED, tags=["sharing"])
def give(video_id: UUID, body: GiveLink, user: CurrentUser, sharing: SharingUseCases) -> NewLink:
    link, token = sharing.give(user, video_id, **dict(body))
    return NewLink(link=LinkView.model_validate(link), token=token)


@router.patch("/api/links/<link_id>", tags=["sharing"])
def change(link_id: UUID, body: ChangeLink, user: CurrentUser, sharing: SharingUseCases) -> LinkView:
    given = {name: value for name, value in body if name in body.model_fields_set}
    return LinkView.model_validate(sharing.change(user, link_id, **given))


@router.delete("/api/links/<link_id>", status_code=HTTPStatus.NO_CONTENT, tags=["sharing"])
def revoke(link_id: UUID, user: CurrentUser, sharing: SharingUseCases) -> Response[None]:
    sharing.revoke(user, link_id)
    return no_content()


@router.post("/api/shared", tags=["sharing"])
def open_link(body: OpenLink, sharing: SharingUseCases, site: Site) -> Response[SharedVideo]:
    """Open a link: a view of it. The answer's cookies open the video, and nothing else."""
    passcode = None if body.passcode is None else body.passcode.get_secret_value()
    link, viewing = sharing.open(body.token.get_secret_value(), passcode)
    video = link.video
    cookies, seconds = service.grant(video, site)
    shown = SharedVideo(
        title=video.title,
        description=video.description,
        owner_name=video.owner.display_name,
        duration_ms=video.duration_ms,
        width=video.width,
        height=video.height,
        poster_url=card_urls([video], site).get(video.id),
        playback=Playback(url=f"/{video.playlist_key}", type=HLS),
        storyboard=f"/{video.storyboard_key}" if video.storyboard_key else None,
        may_download=link.may_download,
        viewing=viewing,
        expires_in=seconds,
    )
    return granting(shown, cookies, path=f"/{media_prefix(video.id)}", seconds=seconds)


@router.post("/api/shared/grant", tags=["sharing"])
def renew(body: GoOn, sharing: SharingUseCases, site: Site) -> Response[Grant]:
    video = sharing.go_on(body.token.get_secret_value(), body.viewing.get_secret_value()).video
    cookies, seconds = service.grant(video, site)
    return granting(Grant(expires_in=seconds), cookies, path=f"/{media_prefix(video.id)}", seconds=seconds)


@router.post("/api/shared/original", tags=["sharing"])
def original(body: GoOn, sharing: SharingUseCases) -> Download:
    url = sharing.download(media_storage(), body.token.get_secret_value(), body.viewing.get_secret_value())
    return Download(url=url, expires_in=DOWNLOAD_URL_SECONDS)
