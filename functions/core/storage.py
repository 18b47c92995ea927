"""The media bucket, and the signatures that open it: to uploaders for writing, to viewers for reading."""

import base64
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import UUID

from functions.core.aws import client, config
from functions.core.errors import StillJoiningError
from functions.core.keys import media_prefix
from functions.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import DeleteMarkerEntryTypeDef, ObjectVersionTypeDef

PART_URL_SECONDS = 900
SOURCE_URL_SECONDS = 6 * 3600
DOWNLOAD_URL_SECONDS = 60
POSTER_WINDOW_SECONDS = 150
JOIN_SECONDS = 20  # of the 29 that the API's gateway waits
# S3's rule for every part but the last, and how many it copies for us at once.
LEAST_PART_BYTES = 5 * 1024**2
MOST_COPIES = 32
_NOT_FOUND = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}


@dataclass(frozen=True)
class Part:
    """A part that S3 has; `size` in bytes."""

    number: int
    size: int
    etag: str
    arrived_at: datetime


class MissingObjectError(Exception):
    """The object or the multipart upload is not there (any more)."""


class MediaStorage:
    """The objects of one bucket, by key."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    # Objects

    def get(self, key: str) -> bytes:
        with _Found():
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to, not including, `end`."""
        with _Found():
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}")
            return answer["Body"].read()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

    def upload_file(self, path: Path, key: str, content_type: str) -> None:
        self._s3.upload_file(str(path), self._bucket, key, ExtraArgs={"ContentType": content_type})

    def join(self, key: str, content_type: str, head: bytes, source: str, start: int, end: int) -> None:
        """Store `head` and then the bytes of another object from `start` up to, not including, `end`.

        S3 copies them side by side, without sending them; only what fills up the first part comes this way.
        """
        first = min(end, start + max(0, LEAST_PART_BYTES - len(head)))
        head += self.read_range(source, start, first) if first > start else b""
        if first == end:
            self.put(key, head, content_type)
            return
        step = max(LEAST_PART_BYTES, -(-(end - first) // MOST_COPIES))
        upload_id = self.start_upload(key, content_type)

        def copied(number: int, begins: int) -> str:
            answer = self._s3.upload_part_copy(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": self._bucket, "Key": source},
                CopySourceRange=f"bytes={begins}-{min(begins + step, end) - 1}",
            )
            return answer["CopyPartResult"]["ETag"]

        try:
            with ThreadPoolExecutor(MOST_COPIES) as threads:
                others = threads.map(copied, count(2), range(first, end, step))
                own = self._s3.upload_part(
                    Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=1, Body=head
                )
                etags = [own["ETag"], *others]
            self._complete(key, upload_id, enumerate(etags, 1))
        except Exception:
            self.abort_upload(key, upload_id)
            raise

    def size(self, key: str) -> int:
        with _Found():
            return self._s3.head_object(Bucket=self._bucket, Key=key)["ContentLength"]

    def checksum(self, key: str) -> str | None:
        """Return S3's own CRC-64/NVME of all the bytes, in base64, where it has one."""
        with _Found():
            answer = self._s3.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
            return answer.get("ChecksumCRC64NVME")

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield (key, size) of every object under the prefix."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                yield found["Key"], found["Size"]

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield (key, version) of all that was ever stored under the prefix, and of what marks it deleted.

        Where the bucket keeps no versions, each object has one.
        """
        for found in self._ever_stored(prefix):
            yield found["Key"], found["VersionId"]

    def names(self, folder: str, *, after: str, most: int) -> tuple[list[str], bool]:
        """Return the next names in a folder, of objects and of folders, in S3's order, and if there are more.

        `most` is at most 1000; S3 may return fewer though there are more.
        """
        answer = self._s3.list_objects_v2(
            Bucket=self._bucket,
            Prefix=f"{folder}/",
            Delimiter="/",
            # What lies in the folder `after` comes before this.
            StartAfter=f"{folder}/{after}0" if after else "",
            MaxKeys=most,
        )
        keys = [found["Key"] for found in answer.get("Contents", [])]
        keys += [found["Prefix"] for found in answer.get("CommonPrefixes", [])]
        names = sorted(key.removeprefix(f"{folder}/").removesuffix("/") for key in keys)
        return names, answer["IsTruncated"]

    def last_change(self, prefix: str) -> datetime | None:
        """Return when the last version under the prefix was stored, or the last upload opened."""
        moments = [found["LastModified"] for found in self._ever_stored(prefix)]
        opened = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        moments += [found["Initiated"] for page in opened for found in page.get("Uploads", [])]
        return max(moments, default=None)

    def _ever_stored(self, prefix: str) -> "Iterator[ObjectVersionTypeDef | DeleteMarkerEntryTypeDef]":
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            yield from page.get("Versions", [])
            yield from page.get("DeleteMarkers", [])

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects. Raises if S3 refuses one."""
        self._delete([{"Key": key} for key in keys])

    def erase(self, prefix: str) -> int:
        """Delete every version of all objects under the prefix; return how many. Raises if S3 refuses one."""
        doomed = [{"Key": key, "VersionId": version} for key, version in self.versions(prefix)]
        self._delete(doomed)
        return len(doomed)

    def _delete(self, waiting: Sequence[dict[str, str]]) -> None:
        """Delete a thousand a request."""
        for start in range(0, len(waiting), 1000):
            batch = waiting[start : start + 1000]
            answer = self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True})  # type: ignore[typeddict-item]
            if refused := answer.get("Errors"):
                raise OSError(f"S3 kept {len(refused)} objects: {refused[0].get('Code')}")

    def source_url(self, key: str) -> str:
        """Sign a GET for ffmpeg, which must never hold credentials of its own."""
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=SOURCE_URL_SECONDS
        )

    def download_url(self, key: str, file_name: str) -> str:
        """Sign a GET that browsers save under the name. It must begin within a minute, and may then last."""
        parameters = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentDisposition": attachment(file_name),
            "ResponseContentType": "application/octet-stream",
            "ResponseCacheControl": "private, no-store",
        }
        return self._s3.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=DOWNLOAD_URL_SECONDS
        )

    # Multipart uploads

    def start_upload(self, key: str, content_type: str = "application/octet-stream") -> str:
        answer = self._s3.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        return answer["UploadId"]

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        """Sign a PUT of exactly this part with exactly this many bytes."""
        parameters = {
            "Bucket": self._bucket,
            "Key": key,
            "UploadId": upload_id,
            "PartNumber": number,
            "ContentLength": size,
        }
        return self._s3.generate_presigned_url("upload_part", Params=parameters, ExpiresIn=PART_URL_SECONDS)

    def parts(self, key: str, upload_id: str) -> list[Part]:
        """List the parts S3 really has, in order."""
        with _Found():
            pages = self._s3.get_paginator("list_parts").paginate(
                Bucket=self._bucket, Key=key, UploadId=upload_id
            )
            return [
                Part(part["PartNumber"], part["Size"], part["ETag"], part["LastModified"])
                for page in pages
                for part in page.get("Parts", [])
            ]

    def complete_upload(self, key: str, upload_id: str, parts: Sequence[Part]) -> str | None:
        """Join the parts and return the checksum of the whole, as `checksum` does.

        Completing twice is no error: the first one's object stays. S3 may take minutes for many parts, longer
        than a request may: then it raises StillJoiningError, and S3 goes on.
        """
        thread = ThreadPoolExecutor(max_workers=1)
        numbers = [(part.number, part.etag) for part in parts]
        try:
            return thread.submit(self._complete, key, upload_id, numbers).result(JOIN_SECONDS)
        except TimeoutError as error:
            raise StillJoiningError from error
        finally:
            thread.shutdown(wait=False)

    def _complete(self, key: str, upload_id: str, parts: Iterable[tuple[int, str]]) -> str | None:
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        with _Found():
            answer = self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": listed},  # type: ignore[typeddict-item]
            )
        return answer.get("ChecksumCRC64NVME")

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts; one that is gone is no error."""
        try:
            with _Found():
                self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except MissingObjectError:
            return

    def open_uploads(self, prefix: str) -> list[tuple[str, str]]:
        """Return (key, upload id) of the multipart uploads under the prefix that are still open."""
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        return [(found["Key"], found["UploadId"]) for page in pages for found in page.get("Uploads", [])]

    @property
    def _s3(self) -> "S3Client":
        return _s3()


def attachment(file_name: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266), with a plain name for what reads no other."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%/' else "_" for c in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


class _Found:
    """Turns S3's several ways of saying "not there" into one."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        response = getattr(error, "response", None)
        if isinstance(response, dict) and response.get("Error", {}).get("Code") in _NOT_FOUND:
            raise MissingObjectError(str(error)) from error


@cache
def _s3() -> "S3Client":
    import boto3  # noqa: PLC0415 (see functions.core.aws.client)

    # A declared checksum would make S3 demand a header with every part that the browser sends, and the SDK's
    # default would sign the checksum of an empty body into the part's address. S3 computes its own of the
    # whole all the same, and tells it when the parts are joined. (One given to it then, it never looks at.)
    made: S3Client = boto3.client(
        "s3",
        config=config(
            signature_version="s3v4",
            max_pool_connections=MOST_COPIES,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if settings().stage == "local" else "virtual"},
        ),
    )
    return made


@cache
def media_storage() -> MediaStorage:
    return MediaStorage(settings().media_bucket)


# Playback: CloudFront policies signed with the drive's KMS key. The signature is ECDSA P-256 over SHA-256 in
# DER, which CloudFront takes since April 2026 when the hash algorithm is named.


def playback_cookies(site: str, video_id: UUID, seconds: int) -> dict[str, str]:
    """Return the cookies that open every byte of one video on `site` for `seconds`."""
    policy = _policy(f"{site}/{media_prefix(video_id)}*", int(time.time()) + seconds)
    return {
        "CloudFront-Policy": _encode(policy),
        "CloudFront-Signature": _encode(_sign(policy)),
        "CloudFront-Key-Pair-Id": settings().signing_key_pair_id,
        "CloudFront-Hash-Algorithm": "SHA256",
    }


def signed_urls(site: str, keys: Sequence[str]) -> list[str]:
    """Return an address for each key that works for 150 to 300 s.

    Addresses stay the same within a window: a list that is asked for again keeps its pictures in place and
    costs no signature.
    """
    window = int(time.time()) // POSTER_WINDOW_SECONDS
    if len(keys) <= 1:
        return [_signed_url(site, key, window) for key in keys]
    with ThreadPoolExecutor(max_workers=8) as threads:
        return list(threads.map(lambda key: _signed_url(site, key, window), keys))


@lru_cache(maxsize=4096)
def _signed_url(site: str, key: str, window: int) -> str:
    policy = _policy(f"{site}/{key}", (window + 2) * POSTER_WINDOW_SECONDS)
    query = {
        "Policy": _encode(policy),
        "Signature": _encode(_sign(policy)),
        "Key-Pair-Id": settings().signing_key_pair_id,
        "Hash-Algorithm": "SHA256",
    }
    return f"/{key}?{urlencode(query, safe='~')}"


def _policy(resource: str, expires: int) -> bytes:
    """Name scheme and host in full: CloudFront's wildcards match across "/" and "?" too.

    A leading one would fit any address that merely mentions the video behind a question mark.
    """
    statement = {"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": expires}}}
    return json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()


def _sign(message: bytes) -> bytes:
    kms: KMSClient = client("kms")
    answer = kms.sign(
        KeyId=settings().signing_key_id,
        Message=message,
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    return answer["Signature"]


def _encode(value: bytes) -> str:
    """Encode as CloudFront does: base64 with the characters that cookies and addresses forbid exchanged."""
    return base64.b64encode(value).decode().translate(str.maketrans("+=/", "-_~"))
