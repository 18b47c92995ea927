"""An account that is given up: who still sees something of it, and what is left in the end."""

import secrets

import pytest
from client import PASSWORD, eventually


@pytest.fixture
def sweep(stage, aws):
    """Return a function that lets the nightly sweep come now."""

    def come():
        answer = aws("lambda").invoke(FunctionName=stage["functions"]["sweep"], Payload=b'{"job": "daily"}')
        assert "FunctionError" not in answer

    return come


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
    left = ["audit.details", "audit.details", "audit.user_id"]
    eventually(lambda: sorted(traces(*words)) == left, what="the end of every trace but the receipts")
    found = rows("SELECT action, actor_id, network, user_agent, details FROM audit WHERE user_id = %s", me)
    assert found == [("account_deleted", None, "", "", {})]
    receipt = "SELECT action, user_id, actor_id, network, user_agent FROM audit WHERE details->>'video' = %s"
    for purged in (video_id, half["video_id"]):
        assert rows(receipt, purged) == [("video_purged", None, None, "", "")]
    assert zoe.post("/api/auth/sign-in", {"email": zoe.email, "password": PASSWORD}).status_code == 401
    assert zoe.sign_up(name).ask("GET", "/api/me")["id"] != me
