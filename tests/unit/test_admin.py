"""Administration: who may, what they see and change, and that somebody always can."""

import json
import threading
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, func, select, text, update
from sqlalchemy.orm import Session

from functions.core import database, events
from functions.core import settings as settings_module
from functions.core.errors import FailureCode, InvalidStateError, NotFoundError
from functions.core.models import (
    Audit,
    AuditAction,
    Link,
    RecoveryCode,
    Role,
    Run,
    User,
    Video,
    VideoState,
    Visibility,
    now,
)
from functions.core.models import Session as BrowserSession
from functions.core.repositories import UserRepository
from functions.core.sessions import TICKETS_ARE_OVER
from functions.sweep import handler as sweep_handler
from functions.sweep import service as sweep
from tests.unit.conftest import PASSWORD

SHOWN = {"visibility": Visibility.PUBLIC, "published_at": now()}
READS = [f"/api/admin/{what}" for what in ("users", "usage", "jobs", "dead-letters", "audit")]


def write(table, condition, **values):
    with database.transaction() as session:
        session.execute(update(table).where(condition).values(values))


def promote(browser):
    write(User, User.id == browser.user.id, role=Role.ADMIN)
    return browser


@pytest.fixture
def boss(sign_in):
    return promote(sign_in("boss"))


@pytest.fixture
def log():
    """Return a function that tells what was done to somebody, by whom, and how."""

    def tell(browser):
        with database.transaction() as session:
            statement = select(Audit).where(Audit.user_id == browser.user.id).order_by(Audit.id)
            return [(it.action.value, it.actor_id, it.details) for it in session.scalars(statement)]

    return tell


def patch(browser, target, **body):
    return browser.send("PATCH", f"/api/admin/users/{target.user.id}", body)


def emails(answer):
    return [it["email"].partition("@")[0] for it in answer.json["items"]]


def pages(browser, path, **query):
    """Walk through a list two at a time."""
    found = []
    while True:
        answer = browser.get(f"{path}?{urlencode({'limit': 2, **query})}")
        assert answer.status == 200, answer.json
        found += answer.json["items"]
        if answer.json["next_cursor"] is None:
            return found
        query["cursor"] = answer.json["next_cursor"]


# Who may


@pytest.mark.parametrize("path", READS)
def test_administration_is_not_there_for_anybody_else(ann, anybody, boss, path):
    hidden, nothing = ann.get(path), ann.get("/api/nothing")
    assert (hidden.status, hidden.json) == (404, nothing.json)
    assert anybody.get(path).status == 401
    assert boss.get(path).status == 200


def test_nobody_else_changes_an_account(ann, bob, anybody, boss, pool, log):
    pool.totp.add(bob.user.id)
    write(BrowserSession, BrowserSession.user_id == ann.user.id, authenticated_at=None)
    for target in (ann, bob):
        reset = f"/api/admin/users/{target.user.id}/reset-totp"
        assert [patch(ann, target, role="admin").status, ann.post(reset).status] == [404, 404]
        assert [patch(anybody, target, role="admin").status, anybody.post(reset).status] == [401, 401]
        assert log(target) == []
    assert bob.get("/api/me").json["role"] == "member"
    assert pool.totp == {bob.user.id}


def test_whoever_was_demoted_sees_nothing_any_more(boss, ann):
    promote(ann)
    assert patch(boss, ann, role="member").status == 200
    assert ann.get("/api/admin/users").status == 404


def test_every_change_asks_for_a_recent_sign_in(boss, bob, pool, log, add_video, queues):
    failed = add_video(bob, state=VideoState.FAILED, failure_code=FailureCode.INTERNAL)
    queues.put("daily", {"job": "daily"})
    long_ago = now() - BrowserSession.RECENT - timedelta(seconds=1)
    write(BrowserSession, BrowserSession.user_id == boss.user.id, authenticated_at=long_ago)
    for answer in (
        patch(boss, bob, role="admin"),
        patch(boss, bob, quota_bytes=1),
        patch(boss, bob, disabled=True),
        boss.post(f"/api/admin/users/{bob.user.id}/reset-totp"),
        boss.send("DELETE", f"/api/admin/users/{bob.user.id}"),
        boss.post(f"/api/admin/users/{bob.user.id}/keep"),
        boss.post(f"/api/admin/jobs/{failed}/retry"),
        boss.post(f"/api/admin/jobs/{failed}/cancel"),
        boss.post("/api/admin/dead-letters/daily/redrive"),
    ):
        assert (answer.status, answer.json["code"]) == (401, "reauthenticate")
    assert log(bob) == []
    assert boss.get("/api/admin/users").status == 200
    boss.keep(boss.post("/api/auth/reauthenticate", {"password": PASSWORD}))
    assert patch(boss, bob, quota_bytes=1).status == 200


# People


def test_everybody_is_listed_with_what_they_have(boss, ann, add_video):
    add_video(ann, size_bytes=1000, stored_bytes=500)
    add_video(ann, size_bytes=10, trashed_at=now())
    found = {it["email"]: it for it in boss.get("/api/admin/users").json["items"]}
    her = found["ann@example.org"]
    assert (her["role"], her["used_bytes"], her["quota_bytes"]) == ("member", 1510, 200 * 1024**2)
    assert (her["disabled_at"], her["totp_since"]) == (None, None)
    assert found["boss@example.org"]["role"] == "admin"


@pytest.mark.parametrize(
    ("words", "found"),
    [("ANN", ["ann"]), ("example.org", ["ann", "bob", "boss"]), ("bo exa", ["bob", "boss"]), ("%", [])],
)
def test_people_are_found_by_parts_of_address_and_name(boss, ann, bob, words, found):
    assert emails(boss.get(f"/api/admin/users?q={words}")) == found


@pytest.mark.parametrize("sort", ["name", "email", "created", "used", "seen"])
def test_people_are_paged_in_every_order_and_its_reverse(boss, sign_in, add_video, sort):
    for size, name in enumerate(["ann", "bob", "cem", "dia"]):
        add_video(sign_in(name), size_bytes=10 * (size // 2))
    whole = emails(boss.get(f"/api/admin/users?sort={sort}"))
    assert sorted(whole) == ["ann", "bob", "boss", "cem", "dia"]
    for order, expected in ((sort, whole), (f"-{sort}", whole[::-1])):
        walked = [it["email"].partition("@")[0] for it in pages(boss, "/api/admin/users", sort=order)]
        assert walked == expected


def test_the_last_seen_is_last_also_when_their_session_is_over(boss, ann, bob):
    write(User, User.id.in_([boss.user.id, ann.user.id, bob.user.id]), created_at=now() - timedelta(days=9))
    everybody = BrowserSession.user_id.in_([boss.user.id, ann.user.id, bob.user.id])
    write(BrowserSession, everybody, last_seen_at=now() - timedelta(days=5))
    write(BrowserSession, BrowserSession.user_id == bob.user.id, last_seen_at=now() - timedelta(days=1))
    assert emails(boss.get("/api/admin/users?sort=-seen&q=b")) == ["boss", "bob"]  # who asks is here now
    assert emails(boss.get("/api/admin/users?sort=-seen"))[1:] == ["bob", "ann"]
    ann.post("/api/auth/sign-out")
    assert emails(boss.get("/api/admin/users?sort=seen")) == ["bob", "boss", "ann"]


def test_a_cursor_of_another_order_is_refused(boss, ann, bob):
    cursor = boss.get("/api/admin/users?limit=1&sort=name").json["next_cursor"]
    assert boss.get(f"/api/admin/users?sort=used&cursor={cursor}").status == 400


def test_role_and_quota_are_set_and_written_down(boss, ann, log):
    assert patch(boss, ann, role="admin", quota_bytes=5).json["role"] == "admin"
    assert ann.get("/api/me").json["quota_bytes"] == 5
    by = boss.user.id
    assert sorted(log(ann), key=str) == [("quota_set", by, {"bytes": 5}), ("role_set", by, {"role": "admin"})]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "owner"},
        {"quota_bytes": -1},
        {"quota_bytes": 2**53},
        {"disabled": "?"},
        {"email": "a@b.c"},
    ],
)
def test_what_cannot_be_changed_is_refused(boss, ann, log, body):
    assert patch(boss, ann, **body).status == 400
    assert log(ann) == []


def test_nobody_is_changed_who_is_not_there(boss):
    path = f"/api/admin/users/{uuid4()}"
    for answer in (boss.send("PATCH", path, {"quota_bytes": 1}), boss.post(f"{path}/reset-totp")):
        assert (answer.status, answer.json["code"]) == (404, "not_found")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Audit)) == 0


# Accounts that are off


def test_disabling_ends_all_sessions_and_closes_all_sockets(boss, ann, anybody, doorbells, log):
    assert patch(boss, ann, disabled=True).json["disabled_at"]
    assert ann.get("/api/me").status == 401
    account = {"email": "ann@example.org", "password": PASSWORD}
    assert "switched off" in anybody.post("/api/auth/sign-in", account).json["detail"]
    closed = {"user_id": str(ann.user.id), "close": True, "but": [], "for_good": False}
    assert doorbells.announced == [closed]
    assert doorbells.watched == [("close_sockets", str(ann.user.id), TICKETS_ARE_OVER)]
    assert log(ann)[0] == ("disabled", boss.user.id, {})
    patch(boss, ann, disabled=False)
    assert ann.get("/api/me").status == 401
    assert anybody.post("/api/auth/sign-in", account).status == 200


def test_a_session_that_began_while_its_account_was_disabled_never_comes_to_life(boss, ann):
    patch(boss, ann, disabled=True)
    with database.transaction() as session:
        session.add(BrowserSession(token_hash="f" * 64, user_id=ann.user.id))
    patch(boss, ann, disabled=False)
    with database.transaction() as session:
        owners = session.scalars(select(BrowserSession.user_id)).all()
    assert ann.user.id not in owners


def test_disabling_again_keeps_when_it_was(boss, ann):
    first = patch(boss, ann, disabled=True).json["disabled_at"]
    assert patch(boss, ann, disabled=True).json["disabled_at"] == first


def test_nothing_of_a_disabled_owner_is_shown_until_they_are_enabled(boss, ann, bob, anybody, add_video):
    public = add_video(ann, **SHOWN)
    unlisted = add_video(ann, **SHOWN | {"visibility": Visibility.UNLISTED})
    other = add_video(bob, **SHOWN)
    token = ann.post(f"/api/videos/{public}/links", {"name": "Grandma"}).json["token"]

    def seen():
        return {
            "explore": [it["id"] for it in anybody.get("/api/explore").json["items"]],
            "videos": [anybody.get(f"/api/videos/{it}/watch").status for it in (public, unlisted, other)],
            "grants": [bob.post(f"/api/videos/{it}/grant").status for it in (public, unlisted, other)],
            "page": [anybody.get(f"/api/users/{ann.user.id}{it}").status for it in ("", "/videos")],
            "progress": bob.send("PUT", f"/api/videos/{public}/progress", {"position_ms": 1}).status,
            "link": anybody.post("/api/shared", {"token": token}).status,
        }

    before = seen()
    assert set(before["explore"]) == {str(public), str(other)}
    assert (before["videos"], before["link"]) == ([200, 200, 200], 200)
    patch(boss, ann, disabled=True)
    assert seen() == {
        "explore": [str(other)],
        "videos": [404, 404, 200],
        "grants": [404, 404, 200],
        "page": [404, 404],
        "progress": 404,
        "link": 404,
    }
    patch(boss, ann, disabled=False)
    assert seen() == before
    with database.transaction() as session:
        assert session.scalars(select(Link.revoked_at)).one() is None


# The second factor


def test_a_lost_authenticator_app_is_reset_and_the_password_signs_in_again(boss, ann, anybody, pool, log):
    ann.post("/api/me/totp", {"password": PASSWORD})
    ann.keep(ann.post("/api/me/totp/verify", {"password": PASSWORD, "code": pool.APP_CODES[0]}))
    account = {"email": "ann@example.org", "password": PASSWORD}
    assert anybody.post("/api/auth/sign-in", account).status == 202
    answer = boss.post(f"/api/admin/users/{ann.user.id}/reset-totp")
    assert (answer.status, answer.json["totp_since"]) == (200, None)
    assert ann.get("/api/me").status == 401
    assert anybody.post("/api/auth/sign-in", account).status == 200
    with database.transaction() as session:
        assert session.scalars(select(RecoveryCode)).all() == []
    assert ("totp_reset", boss.user.id, {}) in log(ann)


def test_a_pool_that_refuses_resets_nothing(boss, ann, pool, monkeypatch, log):
    write(User, User.id == ann.user.id, totp_since=now())

    def refuse(_user_id):
        raise InvalidStateError("Not now.")

    monkeypatch.setattr(pool, "disable_totp", refuse)
    assert boss.post(f"/api/admin/users/{ann.user.id}/reset-totp").status == 409
    assert ann.get("/api/me").json["totp_since"]
    assert log(ann) == []


# Somebody always runs the drive


@pytest.mark.parametrize("end", [{"role": "member"}, {"disabled": True}])
def test_the_last_administrator_stays_one(boss, ann, sign_in, end, log):
    off = promote(sign_in("off"))
    write(User, User.id == off.user.id, disabled_at=now())
    answer = patch(boss, boss, **end)
    assert (answer.status, answer.json["code"]) == (409, "invalid_state")
    assert boss.get("/api/admin/users").status == 200
    assert log(boss) == []
    promote(ann)
    assert patch(boss, boss, **end).status == 200
    assert boss.get("/api/admin/users").status in {401, 404}
    assert patch(ann, ann, **end).status == 409


@pytest.fixture
def connections(database_url):
    """Return a function that opens a transaction of its own connection, as another function's process has."""
    engine = create_engine(database_url, poolclass=NullPool)
    yield lambda: Session(engine).begin()
    engine.dispose()


@pytest.fixture
def outcomes(connections):
    """Return a function that changes an account in a thread of its own, and the list of how that ended."""
    ended, threads = [], []

    def change(target, *, by, **values):
        try:
            with connections() as transaction:
                UserRepository(transaction.session).change(target, by=by, **values)
        except (NotFoundError, InvalidStateError) as refused:
            ended.append(type(refused))
        else:
            ended.append("done")

    def start(*arguments, **values):
        threads.append(threading.Thread(target=change, args=arguments, kwargs=values))
        threads[-1].start()

    def wait():
        for thread in threads:
            thread.join()
        return ended

    return start, wait


def until_one_waits(connections):
    with connections() as transaction:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        for _ in range(1000):
            if transaction.session.scalar(waiting):
                return
            transaction.session.execute(text("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)"))
    raise AssertionError("nobody waits for a lock")


@pytest.mark.parametrize("end", [{"role": Role.MEMBER}, {"disabled_at": now()}], ids=["demoted", "disabled"])
@pytest.mark.parametrize("in_order", [True, False])
def test_of_administrators_who_end_each_other_at_once_one_stays(
    sign_in, connections, outcomes, end, in_order
):
    admins = sorted(promote(sign_in(name)).user.id for name in ("ann", "bob"))
    quicker, slower = admins if in_order else reversed(admins)
    start, wait = outcomes
    with connections() as transaction:
        UserRepository(transaction.session).change(slower, by=quicker, **end)
        start(quicker, by=slower, **end)
        until_one_waits(connections)
    assert wait() == [NotFoundError]
    with database.transaction() as session:
        stayed = select(User.id).where(User.role == Role.ADMIN, User.disabled_at.is_(None))
        assert session.scalars(stayed).all() == [quicker]


def test_of_administrators_who_all_step_down_at_once_one_stays(sign_in, outcomes):
    start, wait = outcomes
    for who in [promote(sign_in(f"admin{number}")).user.id for number in range(8)]:
        start(who, by=who, role=Role.MEMBER)
    assert sorted(wait(), key=str) == [InvalidStateError, *["done"] * 7]


def test_an_account_is_deleted_against_its_owners_will_and_kept_by_an_administrator_alone(boss, ann, log):
    target = f"/api/admin/users/{ann.user.id}"
    told = boss.send("DELETE", target).json
    assert told["delete_at"] > told["disabled_at"]
    assert ann.get("/api/me").status == 401
    assert ann.post("/api/auth/sign-in", {"email": ann.user.email, "password": PASSWORD}).status == 401
    kept = boss.post(f"{target}/keep").json
    assert (kept["delete_at"], kept["disabled_at"]) == (None, told["disabled_at"])
    assert patch(boss, ann, disabled=False).json["disabled_at"] is None
    assert [(it[0], it[1]) for it in log(ann)] == [
        ("deletion_asked", boss.user.id),
        ("sign_in_failed", None),
        ("account_kept", boss.user.id),
        ("enabled", boss.user.id),
    ]
    nobody = f"/api/admin/users/{uuid4()}"
    assert [boss.send("DELETE", nobody).status, boss.post(f"{nobody}/keep").status] == [404, 404]


def test_the_last_administrator_cannot_delete_themselves(boss):
    refused = boss.send("DELETE", f"/api/admin/users/{boss.user.id}")
    assert (refused.status, refused.json["code"]) == (409, "invalid_state")
    assert boss.get("/api/admin/users").status == 200


# Usage


def test_usage_is_told_of_everybody_and_together(boss, ann, bob, add_video):
    video = add_video(ann, size_bytes=100, stored_bytes=50)
    add_video(ann, size_bytes=7, trashed_at=now())
    add_video(bob, size_bytes=30)
    with database.transaction() as session:
        for hours, attempt in ((1, 1), (2, 2), (25, 3)):
            began = now() - timedelta(hours=hours)
            run = Run(video_id=video, attempt=attempt, user_id=ann.user.id, cost_ms=1500, started_at=began)
            session.add(run)
    told = boss.get("/api/admin/usage").json
    hers, his, none = (it["used"] for it in told["items"])
    assert hers == {
        "videos": 2,
        "originals_bytes": 107,
        "renditions_bytes": 50,
        "trash_bytes": 7,
        "processed_seconds": 3,
        "storage_usd": 0,
        "processing_usd": 0,
    }
    assert (his["originals_bytes"], none["videos"]) == (30, 0)
    assert told["people"] == 3
    assert told["together"] == {name: hers[name] + his[name] for name in hers}
    walked = pages(boss, "/api/admin/usage")
    assert [it["person"]["display_name"] for it in walked] == ["Ann", "Bob", "Boss"]


def test_costs_are_estimated_by_the_prices_of_the_stage(boss, ann, bob, add_video, monkeypatch):
    monkeypatch.setenv("USD_PER_GB_MONTH", "0.02")
    monkeypatch.setenv("USD_PER_PROCESSED_HOUR", "0.15")
    settings_module.settings.cache_clear()
    video = add_video(ann, size_bytes=100 * 1000**3, stored_bytes=50 * 1000**3)
    add_video(bob, size_bytes=1000**3)
    with database.transaction() as session:
        session.add(Run(video_id=video, attempt=1, user_id=ann.user.id, cost_ms=7_200_000))
    told = boss.get("/api/admin/usage").json
    assert (told["usd_per_gb_month"], told["usd_per_processed_hour"]) == (0.02, 0.15)
    costs = [(it["storage_usd"], it["processing_usd"]) for it in (it["used"] for it in told["items"])]
    assert costs == [(3, 0.3), (0.02, 0), (0, 0)]
    assert (told["together"]["storage_usd"], told["together"]["processing_usd"]) == (3.02, 0.3)


# Jobs


def test_jobs_say_whose_they_are_and_why_they_failed_and_show_nothing_of_the_video(boss, ann, bob, add_video):
    add_video(ann, title="Secret", file_name="secret.mp4")
    failed = {"state": VideoState.FAILED, "failure_code": FailureCode.CORRUPT, "title": "Secret"}
    broken = add_video(ann, attempt=2, file_name="secret.mp4", **failed)
    add_video(ann, trashed_at=now(), **failed)
    add_video(ann, purge_started_at=now(), **failed)
    waiting = add_video(bob, state=VideoState.UPLOADED, attempt=0)
    working = add_video(bob, state=VideoState.PROCESSING, attempt=3, progress=40)
    began = now() - timedelta(minutes=7)
    with database.transaction() as session:
        session.add(Run(video_id=working, attempt=3, user_id=bob.user.id, started_at=began))
        session.add(
            Run(video_id=working, attempt=2, user_id=bob.user.id, started_at=now() - timedelta(hours=1))
        )
    answer = boss.get("/api/admin/jobs")
    found = {it["video_id"]: it for it in answer.json["items"]}
    assert [*found] == sorted(map(str, (working, waiting, broken)), reverse=True)
    first, last = found[str(working)], found[str(broken)]
    assert (first["state"], first["attempt"], first["progress"]) == ("processing", 3, 40)
    assert first["since"] == began.isoformat().replace("+00:00", "Z")
    assert (last["failure"]["code"], last["owner"]["email"]) == ("corrupt", "ann@example.org")
    assert "secret" not in json.dumps(answer.json).lower()
    assert pages(boss, "/api/admin/jobs") == answer.json["items"]
    assert pages(boss, "/api/admin/jobs", state="failed", user_id=ann.user.id) == [last]
    assert pages(boss, "/api/admin/jobs", state="failed", user_id=bob.user.id) == []
    assert boss.get("/api/admin/jobs?state=ready").status == 400


def test_an_administrator_sees_no_private_video_of_others(boss, ann, add_video):
    draft = add_video(ann)
    private = add_video(ann, **SHOWN | {"visibility": Visibility.PRIVATE})
    for video in (draft, private):
        for method, route in [
            ("GET", ""),
            ("GET", "/watch"),
            ("GET", "/original"),
            ("GET", "/links"),
            ("POST", "/grant"),
            ("POST", "/publish"),
            ("POST", "/purge"),
            ("DELETE", ""),
        ]:
            assert boss.send(method, f"/api/videos/{video}{route}").status == 404, route
    assert boss.get("/api/explore").json["items"] == []
    assert boss.get(f"/api/users/{ann.user.id}/videos").json["items"] == []


def state_of(video):
    with database.transaction() as session:
        found = session.get(Video, video)
        return found.state.value, found.failure_code


def test_a_failed_job_is_tried_again(boss, ann, add_video, doorbells, log):
    video = add_video(ann, state=VideoState.FAILED, failure_code=FailureCode.INTERNAL)
    assert boss.post(f"/api/admin/jobs/{video}/retry").status == 204
    assert state_of(video) == ("uploaded", None)
    assert doorbells.started == [f"source/{video}"]
    assert log(ann) == [("job_retried", boss.user.id, {"video": str(video)})]
    again = boss.post(f"/api/admin/jobs/{video}/retry")
    assert (again.status, again.json["code"]) == (409, "invalid_state")
    assert boss.post(f"/api/admin/jobs/{uuid4()}/retry").status == 404


@pytest.mark.parametrize("state", [VideoState.UPLOADED, VideoState.PROCESSING])
def test_a_job_is_cancelled_and_its_owner_can_try_again(boss, ann, add_video, doorbells, log, state):
    video = add_video(ann, state=state, execution="run", attempt=2)
    assert boss.post(f"/api/admin/jobs/{video}/cancel").status == 204
    assert state_of(video) == ("failed", FailureCode.CANCELLED)
    assert ("stop", str(video), 0) in doorbells.watched
    assert log(ann) == [("job_cancelled", boss.user.id, {"video": str(video)})]
    failure = ann.get(f"/api/videos/{video}").json["failure"]
    assert (failure["code"], failure["retry"]) == ("cancelled", True)
    assert boss.post(f"/api/admin/jobs/{video}/cancel").status == 409
    sweep.stop(None, video)
    assert doorbells.stopped == ["run"]
    assert ann.post(f"/api/videos/{video}/retry").status == 200


def test_what_is_no_job_cannot_be_cancelled(boss, ann, add_video):
    assert boss.post(f"/api/admin/jobs/{add_video(ann)}/cancel").status == 409
    assert boss.post(f"/api/admin/jobs/{uuid4()}/cancel").status == 404
    purged = add_video(ann, state=VideoState.PROCESSING, purge_started_at=now())
    for action in ("cancel", "retry"):
        assert boss.post(f"/api/admin/jobs/{purged}/{action}").status == 404


def test_a_run_that_was_claimed_since_is_not_stopped(ann, add_video, doorbells):
    video = add_video(ann, state=VideoState.PROCESSING, execution="the next run")
    sweep.stop(None, video)
    sweep.stop(None, uuid4())
    assert doorbells.stopped == []


# Dead letters


def broken(video, execution="run"):
    detail = {"executionArn": execution, "input": json.dumps({"source_key": f"source/{video}"})}
    return {"detail-type": "Step Functions Execution Status Change", "detail": detail}


def test_dead_letters_are_listed_and_what_they_say_is_not(boss, queues):
    video = str(uuid4())
    event = {"video_id": video, "video": {"title": "Secret"}}
    queues.put("updates", {"Records": [{"Sns": {"Message": json.dumps({"event": event})}}]})
    queues.put("watchdog", {"job": "purge", "video_id": video, "due": 1}, reason="x" * 1000)
    queues.put("uploads", "no JSON")
    answer = boss.get("/api/admin/dead-letters")
    found = {it["queue"]: it for it in answer.json["items"]}
    assert {name: it["count"] for name, it in found.items()} == {
        "uploads": 1,
        "executions": 0,
        "watchdog": 1,
        "daily": 0,
        "updates": 1,
    }
    (job,) = found["watchdog"]["letters"]
    assert (job["video_id"], job["reason"], job["understood"]) == (video, "x" * 300, True)
    assert job["sent_at"] == "2027-01-15T08:00:00Z"
    assert found["updates"]["letters"][0]["video_id"] == video
    assert found["uploads"]["letters"][0]["understood"] is False
    assert "Secret" not in json.dumps(answer.json)


def test_letters_are_handled_and_removed_and_what_nobody_understands_stays(
    boss, ann, add_video, queues, doorbells, monkeypatch
):
    looked_over = []
    monkeypatch.setattr(events, "start_daily", lambda: looked_over.append("daily"))
    stuck = add_video(ann, state=VideoState.PROCESSING, execution="run")
    news = json.dumps({"user_id": "u", "event": {"video_id": str(stuck)}})
    unreadable = [queues.put("uploads", it) for it in ("{", {"detail": {}}, [], {"source_key": "source/no"})]
    for _ in range(12):
        queues.put("uploads", {"detail": {"object": {"key": f"source/{stuck}"}}})
    queues.put("executions", broken(stuck))
    queues.put("watchdog", {"job": "tidy", "video_id": str(stuck), "due": 1})
    queues.put("watchdog", {"job": "daily"})
    queues.put("daily", {"job": "daily"})
    queues.put("updates", {"Type": "Notification", "Message": news})

    def redrive(queue):
        return boss.post(f"/api/admin/dead-letters/{queue}/redrive").json

    assert redrive("uploads") == {"handled": 12, "left": 4}
    assert doorbells.started == [f"source/{stuck}"] * 12
    assert redrive("executions") == {"handled": 1, "left": 0}
    assert state_of(stuck) == ("failed", FailureCode.INTERNAL)
    told = len(doorbells.announced)
    for queue, handled in (("watchdog", 2), ("daily", 1), ("updates", 1), ("updates", 0)):
        assert redrive(queue) == {"handled": handled, "left": 0}
    assert ("tidy", str(stuck), 0) in doorbells.watched
    assert looked_over == ["daily", "daily"]
    assert doorbells.announced[told:] == [json.loads(news)]
    assert [*queues.letters["uploads"]] == unreadable
    assert not any(queues.letters[it] for it in ("executions", "watchdog", "daily", "updates"))
    written = boss.get("/api/admin/audit?action=letters_redriven").json["items"]
    assert written[-1]["details"] == {"queue": "uploads", "letters": 12}
    assert written[-1]["actor"]["email"] == "boss@example.org"
    assert boss.post("/api/admin/dead-letters/nothing/redrive").status == 400


def test_a_letter_stays_where_handling_it_failed(boss, queues, monkeypatch):
    monkeypatch.setattr(events, "start_processing", lambda _key: 1 / 0)
    queues.put("uploads", {"source_key": f"source/{uuid4()}"})
    assert boss.post("/api/admin/dead-letters/uploads/redrive").status == 500
    assert len(queues.letters["uploads"]) == 1


@pytest.mark.usefixtures("bucket")
def test_the_whole_drive_is_looked_over_when_a_message_says_so(add_video, ann, doorbells, lambda_context):
    due = add_video(ann, trashed_at=now(), purge_at=now() - timedelta(days=1))
    record = {"messageId": "1", "body": json.dumps({"job": "daily"}), "eventSource": "aws:sqs"}
    assert sweep_handler.handle({"Records": [record]}, lambda_context) == {"batchItemFailures": []}
    assert doorbells.watched == [("purge", str(due), 0)]


# The audit log


def test_the_log_is_filtered_by_whom_what_and_when(boss, ann, anybody):
    patch(boss, ann, quota_bytes=7)
    ann.send("PATCH", "/api/me", {"display_name": "Other"})
    anybody.post("/api/auth/sign-in", {"email": "nobody@example.org", "password": "wrong"})
    patch(boss, boss, quota_bytes=8)
    whole = boss.get("/api/admin/audit").json["items"]
    assert [it["action"] for it in whole] == ["quota_set", "sign_in_failed", "renamed", "quota_set"]
    assert (whole[1]["user"], whole[1]["actor"]) == (None, None)
    assert (whole[3]["user"]["email"], whole[3]["actor"]["email"]) == ("ann@example.org", "boss@example.org")
    assert whole[3]["details"] == {"bytes": 7}
    assert pages(boss, "/api/admin/audit") == whole
    assert pages(boss, "/api/admin/audit", action="quota_set") == [whole[0], whole[3]]
    assert pages(boss, "/api/admin/audit", user_id=ann.user.id) == whole[2:]
    assert pages(boss, "/api/admin/audit", user_id=boss.user.id) == [whole[0], whole[3]]
    middle = {"from": whole[2]["at"], "to": whole[1]["at"]}
    assert pages(boss, "/api/admin/audit", **middle) == [whole[2]]
    for wrong in ("from=yesterday", "to=2026-01-01T00:00:00", "action=nothing", "user_id=1"):
        assert boss.get(f"/api/admin/audit?{wrong}").status == 400


def test_the_log_keeps_what_happened_to_an_account_that_is_gone(boss):
    gone = uuid4()
    with database.transaction() as session:
        entry = {"network": "", "user_agent": "", "details": {}, "actor_id": None}
        session.add(Audit(action=AuditAction.RENAMED, user_id=gone, **entry))
    (found,) = boss.get("/api/admin/audit").json["items"]
    assert found["user"] == {"id": str(gone), "email": None, "display_name": None}
