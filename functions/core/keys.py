"""Where objects lie in the bucket."""

from uuid import UUID

SOURCE, MEDIA, WORK = "source", "media", "work"
"""The bucket's folders; in each, a video's id is the next name."""
PLAYLIST = "master.m3u8"
STORYBOARD, STORYBOARD_SHEET = "storyboard.vtt", "storyboard.jpg"
ORIGINAL = "original.mp4"
"""The original while it stands in for the ladder, without what else its file tells."""
POSTER, CARD = "poster.jpg", "card.jpg"
"""Of releases that made one picture of a video. It still has these names too."""


def source_key(video_id: UUID | str) -> str:
    return f"{SOURCE}/{video_id}"


def video_of(source_key: str) -> UUID:
    return UUID(source_key.removeprefix(f"{SOURCE}/"))


def media_prefix(video_id: UUID | str) -> str:
    return f"{MEDIA}/{video_id}/"


def revision_key(video_id: UUID | str, revision: int, name: str = "") -> str:
    """Return where a revision has what viewers get under `name`, or the prefix of all of it."""
    return f"{media_prefix(video_id)}{revision}/{name}"


def poster_name(at_ms: int) -> str:
    return f"posters/{at_ms}.jpg"


def card_name(at_ms: int) -> str:
    return f"posters/{at_ms}-card.jpg"


def export_key(user_id: UUID | str) -> str:
    """Return where what a person takes along is kept while it is offered."""
    return f"exports/{user_id}.zip"


def work_prefix(video_id: UUID | str) -> str:
    """Return where processing keeps what only it reads; nothing here is served or kept."""
    return f"{WORK}/{video_id}/"
