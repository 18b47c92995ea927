"""An account that is given up: who still sees something of it, and what is left in the end."""

import json
import secrets

import pytest
from client import PASSWORD, eventually
from psycopg import sql

TEXTS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'uuid')"
)


@pytest.fixture
def sweep(stage, aws):
    """Return a function that lets the nightly sweep come now."""

    def come():
        answer = aws("lambda").invoke(FunctionName=stage["functions"]["sweep"], Payload=b'{"job": "daily"}')
        assert "FunctionError" not in answer

    return come


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


def test_nothing_of_a_deleted_account_is_left_anywhere(person, browser, bob, make_clip, traces, sweep, rows):
    unique = secrets.token_hex(6)
    name = f"Zoe {unique}"
    zoe = person(name)
    me = zoe.ask("GET", "/api/me")["id"]
    title = f"zebra {unique}"
    video_id = zoe.upload(make_clip("zebra.mp4", seconds=1), name=f"{title}.mp4")
    zoe.settled(video_id)
    half = zoe.start_upload(f"{title} again.mp4", 20 * 1024**2)
    zoe.put_parts(half, bytes(20 * 1024**2), [1])
    video = zoe.ask("POST", f"/api/videos/{video_id}/publish", {"visibility": "public"})
    assert video["published_at"]
    link = zoe.ask("POST", f"/api/videos/{video_id}/links", {"name": f"Grandma {unique}"})
    zoe.ask("POST", "/api/me/export")
    eventually(lambda: zoe.ask("GET", "/api/me/export")["ready_at"], what="the export")
    zoe.ask("POST", "/api/live/ticket")
    bob.ask("PUT", f"/api/videos/{video_id}/progress", {"position_ms": 10})
    other = browser()
    other.email = zoe.email
    other.sign_in()
    words = [me, zoe.email, name, unique, video_id, half["video_id"]]
    places = {place.partition(".")[0] for place in traces(*words)}
    assert places >= {"users", "videos", "uploads", "links", "events", "audit", "bucket", "pool", "dynamodb"}

    assert zoe.ask("DELETE", "/api/me")["delete_at"]
    assert bob.get(f"/api/videos/{video_id}/watch").status_code == 404
    assert browser().post("/api/shared", {"token": link["token"]}).status_code == 404
    assert [zoe.get("/api/me").status_code, other.get("/api/me").status_code] == [200, 401]
    other.sign_in()
    assert other.ask("POST", "/api/me/keep")["delete_at"] is None
    assert bob.get(f"/api/videos/{video_id}/watch").status_code == 200

    zoe.ask("DELETE", "/api/me")
    rows("UPDATE users SET delete_at = now() - interval '1 minute' WHERE id = %s RETURNING id", me)
    assert zoe.get("/api/me").status_code == 401
    assert other.sign_in().status_code == 401
    sweep()
    eventually(lambda: not rows("SELECT 1 FROM users WHERE id = %s", me), what="the account's end")
    eventually(lambda: traces(*words) == ["audit.user_id"], what="the end of every trace")
    found = rows("SELECT action, actor_id, network, user_agent, details FROM audit WHERE user_id = %s", me)
    assert found == [("account_deleted", None, "", "", {})]
    assert zoe.post("/api/auth/sign-in", {"email": zoe.email, "password": PASSWORD}).status_code == 401
    assert zoe.sign_up(name).ask("GET", "/api/me")["id"] != me
