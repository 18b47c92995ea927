"""Use cases of watching: what is on show, and who may open it."""

from collections.abc import Sequence
from uuid import UUID

from functions.core.models import Video, Visibility
from functions.core.settings import settings
from functions.core.storage import playback_cookies
from functions.core.views import PublicVideo, card_urls


def show(videos: Sequence[Video], viewer_id: UUID | None, site: str) -> list[PublicVideo]:
    """Show the videos with their pictures, all signed at once."""
    cards = card_urls(videos, site)
    return [PublicVideo.of(video, viewer_id=viewer_id, poster_url=cards.get(video.id)) for video in videos]


def grant(video: Video, site: str) -> tuple[dict[str, str], int]:
    """Return the cookies that open the video and for how many seconds.

    Taking access away works within that time: a player renews its grant, and then is refused.
    """
    public = video.visibility is Visibility.PUBLIC and video.published_at is not None
    seconds = settings().public_grant_seconds if public else settings().playback_grant_seconds
    return playback_cookies(site, video.id, seconds), seconds
