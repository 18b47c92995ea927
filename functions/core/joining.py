"""What ends an upload well, wherever that is noticed: its parts become the object, and the video is whole."""

from contextlib import suppress

from sqlalchemy.orm import Session

from functions.core import events
from functions.core.errors import ChecksumMismatchError, NotFoundError, PartsMissingError, SizeMismatchError
from functions.core.models import Upload, Video, VideoState
from functions.core.repositories import UploadRepository, VideoRepository
from functions.core.storage import MediaStorage, MissingObjectError, Part


def complete(
    session: Session, storage: MediaStorage, upload: Upload, *, checksum: str | None = None
) -> Video | None:
    """Join the parts and hand the video to processing; None if another was quicker, or gave the upload up.

    `checksum` is what whoever read the file computed of it: what differs from it is deleted, not processed.
    """
    video_id = upload.video_id
    stored = _join(storage, upload)
    compare(session, upload.video, stored, checksum)
    video = VideoRepository(session).move(video_id, to=VideoState.UPLOADED, expected=[VideoState.UPLOADING])
    UploadRepository(session).remove(video_id)  # after the video, in the order in which records locks them
    if video is None:
        if VideoRepository(session).find(video_id) is None:
            events.watch("remove_bytes", video_id)
        return None
    events.watch("job", video_id, seconds=events.START_WITHIN_SECONDS)
    events.record(session, video)
    return video


def compare(session: Session, video: Video, stored: str | None, checksum: str | None) -> None:
    """Refuse what is not what was read, and have it deleted; the answer keeps what was typed about it.

    Where either could not be computed, nothing is compared.
    """
    if not checksum or not stored or checksum == stored:
        return
    events.watch("discard", video.id)  # by itself: the bucket's event may have begun a run by now
    session.refresh(video)
    raise ChecksumMismatchError(
        "The file did not arrive as it was sent. Try again: all of it is sent once more.",
        title=video.title,
        description=video.description,
        visibility=video.visibility,
    )


def _join(storage: MediaStorage, upload: Upload) -> str | None:
    """Make one object of the parts; return S3's checksum of it."""
    key = upload.video.source_key
    try:
        parts = storage.parts(key, upload.s3_upload_id)
        _check_parts(upload, parts)
        return storage.complete_upload(key, upload.s3_upload_id, parts)
    except MissingObjectError as error:
        # Joined already by a request whose answer got lost: then the object is there, whole.
        with suppress(MissingObjectError):
            if storage.size(key) == upload.size_bytes:
                return storage.checksum(key)
        raise NotFoundError("This upload is no longer open. Start it again.") from error


def _check_parts(upload: Upload, parts: list[Part]) -> None:
    """Hold what S3 has against what was announced."""
    stored = {part.number: part.size for part in parts}
    if missing := [number for number in range(1, upload.part_count + 1) if number not in stored]:
        raise PartsMissingError(
            f"{len(missing)} of {upload.part_count} parts have not arrived yet. Send them, then try again.",
            parts=missing[:1000],
        )
    if wrong := [number for number, size in stored.items() if size != _expected_length(upload, number)]:
        detail = "Some parts are not as long as announced. Send them again, then complete again."
        raise SizeMismatchError(detail, parts=wrong[:1000])


def _expected_length(upload: Upload, number: int) -> int:
    return upload.part_length(number) if number <= upload.part_count else 0
