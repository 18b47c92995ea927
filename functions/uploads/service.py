"""Use cases of uploads: reserve, sign parts, join them, give up."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events, joining
from functions.core.errors import (
    DuplicateError,
    FieldError,
    FileTooLargeError,
    InvalidInputError,
    InvalidStateError,
    NotFoundError,
    QuotaExceededError,
)
from functions.core.limits import Limit
from functions.core.models import EventKind, Upload, User, Video, VideoState, Visibility, uuid7
from functions.core.repositories import UploadRepository, UserRepository, VideoRepository
from functions.core.settings import settings
from functions.core.storage import PART_URL_SECONDS, MediaStorage, MissingObjectError, Part

MIN_PART_BYTES = 8 * 1024**2
MOST_PARTS = 9_000  # S3 takes 10,000
UPLOADS_OF = Limit("uploads-of", burst=1000, every=timedelta(seconds=4))
"""Uploads that one person begins, a whole folder at once; those that are given up count as well."""
FIRST_ADDRESSES = 8


@dataclass(frozen=True)
class Details:
    """What a person typed about a video before it was there; without a title, the file's name is it."""

    title: str = ""
    description: str = ""
    visibility: Visibility = Visibility.PRIVATE


class Begun(NamedTuple):
    """An upload, the parts that S3 has, and the addresses of the first that it lacks, by their numbers."""

    upload: Upload
    parts: list[Part]
    addresses: dict[int, str]


def start(
    session: Session,
    storage: MediaStorage,
    owner: User,
    *,
    file_name: str,
    size: int,
    fingerprint: str,
    again: bool = False,
    details: Details | None = None,
) -> Begun:
    """Go on with the unfinished upload of this very file, or begin one.

    A file that the drive holds already is refused. One that is wanted `again` begins anew, whatever there is.
    """
    may_be_known = bool(fingerprint) and not again
    begun = _unfinished(session, storage, owner, fingerprint, size) if may_be_known else None
    if begun is None:
        UPLOADS_OF.take(str(owner.id))
        details = details or Details()
        _check_size(size)
        if may_be_known:
            _check_new(session, owner, fingerprint, size)
        video = Video(
            id=uuid7(),
            owner_id=owner.id,
            file_name=file_name,
            title=details.title.strip() or PurePath(file_name).stem.strip() or file_name,
            description=details.description,
            visibility=details.visibility,
            size_bytes=size,
            fingerprint=fingerprint or None,
        )
        begun = _open(session, storage, owner, video), []
    return Begun(*begun, _first_addresses(storage, *begun))


def _open(session: Session, storage: MediaStorage, owner: User, video: Video) -> Upload:
    """Reserve the bytes of a new video and open its multipart upload."""
    size = video.size_bytes
    s3_upload_id = storage.start_upload(video.source_key)  # before the lock: nobody waits for S3 in it
    try:
        _reserve(session, owner, size)
    except QuotaExceededError:
        storage.abort_upload(video.source_key, s3_upload_id)
        raise
    VideoRepository(session).add(video)
    upload = Upload(
        video_id=video.id,
        s3_upload_id=s3_upload_id,
        size_bytes=size,
        part_size=max(MIN_PART_BYTES, -(-size // MOST_PARTS)),
        fingerprint=video.fingerprint or "",
    )
    upload.video = video
    UploadRepository(session).add(upload)
    events.record(session, video)
    return upload


def _check_size(size: int) -> None:
    if size == 0:
        detail = "This file is empty. Choose another one."
        raise InvalidInputError(detail, FieldError("size", detail))
    if size > settings().max_upload_bytes:
        raise FileTooLargeError(
            f"This file is too large: a video may have {_readable(settings().max_upload_bytes)}."
        )


def _check_new(session: Session, owner: User, fingerprint: str, size: int) -> None:
    known = VideoRepository(session).same_file(owner.id, fingerprint, size)
    if known is not None:
        raise DuplicateError(
            f"This file is in your drive already: “{known.title}”.", video_id=str(known.id), title=known.title
        )


def _reserve(session: Session, owner: User, size: int) -> None:
    """Refuse what the drive has no room for; the lock decides one at a time."""
    users = UserRepository(session)
    quota = users.lock(owner.id).quota_bytes
    originals, renditions, _ = users.usage(owner.id)
    if originals + renditions + size > quota:
        raise QuotaExceededError("Your drive is full. Delete something for good, then try again.")


def _readable(size: int) -> str:
    return f"{size / 1000**3:.1f} GB"


def _unfinished(
    session: Session, storage: MediaStorage, owner: User, fingerprint: str, size: int
) -> tuple[Upload, list[Part]] | None:
    """Return the begun upload of this very file with the parts that S3 has, None if there is none."""
    upload = UploadRepository(session).same_file(owner.id, fingerprint, size)
    if upload is None:
        return None
    try:
        return upload, storage.parts(upload.video.source_key, upload.s3_upload_id)
    except MissingObjectError:
        return None  # S3 dropped it; the sweep takes the rest away


def _first_addresses(storage: MediaStorage, upload: Upload, parts: list[Part]) -> dict[int, str]:
    """Sign the addresses of the first parts that S3 lacks: no byte has to wait for another answer."""
    stored = {part.number for part in parts}
    missing = (number for number in range(1, upload.part_count + 1) if number not in stored)
    return sign_parts(storage, upload, list(islice(missing, FIRST_ADDRESSES)))


def stored_parts(storage: MediaStorage, upload: Upload) -> list[Part]:
    """List the parts that S3 has. An upload that S3 dropped has to be started again."""
    try:
        return storage.parts(upload.video.source_key, upload.s3_upload_id)
    except MissingObjectError as error:
        raise NotFoundError("This upload is no longer open. Start it again.") from error


def sign_parts(storage: MediaStorage, upload: Upload, numbers: list[int]) -> dict[int, str]:
    """Sign the addresses of some parts, and have the upload looked after once those can be used no more."""
    if unknown := [number for number in numbers if not 1 <= number <= upload.part_count]:
        detail = f"This upload has the parts 1 to {upload.part_count}; there is no part {unknown[0]}."
        raise InvalidInputError(detail, FieldError("numbers", detail))
    if not upload.is_watched():
        events.watch("check_upload", upload.video_id, seconds=upload.watch())
    key = upload.video.source_key
    return {n: storage.part_url(key, upload.s3_upload_id, n, upload.part_length(n)) for n in numbers}


def complete(
    session: Session, storage: MediaStorage, owner: User, video_id: UUID, checksum: str | None
) -> Video:
    """Join the parts and hand the video to processing. Doing it again changes nothing and succeeds."""
    upload = UploadRepository(session).find(video_id, owner.id)
    if upload is not None and (video := joining.complete(session, storage, upload, checksum=checksum)):
        return video
    video = VideoRepository(session).owned(video_id, owner.id)
    if upload is None and checksum:  # another was quicker, such as the bucket's event, and compared nothing
        with suppress(MissingObjectError):
            joining.compare(session, video, storage.checksum(video.source_key), checksum)
    return video


def abort(session: Session, storage: MediaStorage, owner: User, video_id: UUID) -> None:
    """Give up an upload: its parts, its reservation and its row go."""
    upload = UploadRepository(session).owned(video_id, owner.id)
    videos = VideoRepository(session)
    video = videos.owned(video_id, owner.id, lock=True)
    if video.state is not VideoState.UPLOADING:
        raise InvalidStateError("This upload is complete. Move the video to the trash instead.")
    storage.abort_upload(video.source_key, upload.s3_upload_id)
    events.record(session, video, EventKind.REMOVED)
    videos.remove(video)
    # A part under way may still arrive, and the parts may have been joined this very moment.
    events.watch("remove_bytes", video_id, seconds=PART_URL_SECONDS)
