"""HTTP API: the life of an upload."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

from functions.core.caller import CurrentUser, DatabaseSession
from functions.core.http import Description, Text, Title, no_content
from functions.core.models import Upload, Visibility
from functions.core.repositories import UploadRepository, UserRepository
from functions.core.settings import settings
from functions.core.storage import PART_URL_SECONDS, Part, media_storage
from functions.core.views import VideoView, View
from functions.uploads import service

router = APIGatewayHttpRouter()


class StartUpload(BaseModel):
    """`fingerprint` is the browser's own mark of the file, by which it knows it again.

    The unfinished upload of the very same file is gone on with. A file that the drive holds already is
    refused as a `duplicate`. One that is wanted `again` is uploaded anew, whatever there is. What was typed
    about one that did not arrive as it was sent comes with the next try.
    """

    file_name: Annotated[Text, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=0)]
    fingerprint: Annotated[Text, Field(max_length=200)] = ""
    again: bool = False
    title: Title = ""
    description: Description = ""
    visibility: Visibility = Visibility.PRIVATE


class CompleteUpload(BaseModel):
    """`checksum` is the CRC-64/NVME of the whole file, in base64 as S3 writes it."""

    checksum: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9+/]{11}=$")] = None


class SignParts(BaseModel):
    numbers: Annotated[list[int], Field(min_length=1, max_length=50)]


class UploadConfig(View):
    max_bytes: int
    min_part_bytes: int
    quota_bytes: int
    used_bytes: int


class PartView(View):
    number: int
    size: int
    etag: str


class PartUrl(View):
    number: int
    url: str


class PartUrls(View):
    """Each address takes one PUT of exactly that part, within `expires_in` seconds."""

    expires_in: int
    urls: list[PartUrl]

    @classmethod
    def of(cls, signed: Mapping[int, str]) -> "PartUrls":
        urls = [PartUrl(number=number, url=url) for number, url in signed.items()]
        return cls(expires_in=PART_URL_SECONDS, urls=urls)


class UploadView(View):
    """An open upload; every part but the last is `part_size` bytes long. A list leaves the parts out.

    The answer to its start brings the `addresses` of the first parts that are missing.
    """

    video_id: UUID
    file_name: str
    size_bytes: int
    part_size: int
    part_count: int
    fingerprint: str
    expires_at: datetime
    parts: list[PartView]
    last_part_at: datetime | None
    addresses: PartUrls | None

    @classmethod
    def of(
        cls, upload: Upload, parts: list[Part] | None = None, addresses: Mapping[int, str] | None = None
    ) -> "UploadView":
        return cls(
            video_id=upload.video_id,
            file_name=upload.video.file_name,
            size_bytes=upload.size_bytes,
            part_size=upload.part_size,
            part_count=upload.part_count,
            fingerprint=upload.fingerprint,
            expires_at=upload.expires_at,
            parts=[PartView.model_validate(part) for part in parts or []],
            last_part_at=max((part.arrived_at for part in parts or []), default=None),
            addresses=None if addresses is None else PartUrls.of(addresses),
        )


class Uploads(View):
    items: list[UploadView]


@router.get("/api/uploads/config", tags=["uploads"])
def config(user: CurrentUser, session: DatabaseSession) -> UploadConfig:
    originals, renditions, _ = UserRepository(session).usage(user.id)
    return UploadConfig(
        max_bytes=settings().max_upload_bytes,
        min_part_bytes=service.MIN_PART_BYTES,
        quota_bytes=user.quota_bytes,
        used_bytes=originals + renditions,
    )


@router.post("/api/uploads", status_code=HTTPStatus.CREATED, tags=["uploads"])
def start(body: StartUpload, user: CurrentUser, session: DatabaseSession) -> UploadView:
    begun = service.start(
        session,
        media_storage(),
        user,
        file_name=body.file_name,
        size=body.size,
        fingerprint=body.fingerprint,
        again=body.again,
        details=service.Details(body.title, body.description, body.visibility),
    )
    return UploadView.of(*begun)


@router.get("/api/uploads", tags=["uploads"])
def open_uploads(user: CurrentUser, session: DatabaseSession) -> Uploads:
    return Uploads(items=[UploadView.of(upload) for upload in UploadRepository(session).of(user.id)])


@router.get("/api/uploads/<video_id>", tags=["uploads"])
def show(video_id: UUID, user: CurrentUser, session: DatabaseSession) -> UploadView:
    upload = UploadRepository(session).owned(video_id, user.id)
    return UploadView.of(upload, service.stored_parts(media_storage(), upload))


@router.post("/api/uploads/<video_id>/parts", tags=["uploads"])
def sign_parts(video_id: UUID, body: SignParts, user: CurrentUser, session: DatabaseSession) -> PartUrls:
    upload = UploadRepository(session).owned(video_id, user.id)
    return PartUrls.of(service.sign_parts(media_storage(), upload, body.numbers))


@router.post("/api/uploads/<video_id>/complete", tags=["uploads"])
def complete(
    video_id: UUID, user: CurrentUser, session: DatabaseSession, body: CompleteUpload | None = None
) -> VideoView:
    checksum = None if body is None else body.checksum
    return VideoView.of(service.complete(session, media_storage(), user, video_id, checksum))


@router.delete("/api/uploads/<video_id>", status_code=HTTPStatus.NO_CONTENT, tags=["uploads"])
def abort(video_id: UUID, user: CurrentUser, session: DatabaseSession) -> Response[None]:
    service.abort(session, media_storage(), user, video_id)
    return no_content()
