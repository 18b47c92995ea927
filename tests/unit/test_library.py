"""The drive: found in any script, sorted and paged without gaps, many changed at once, and taken home."""

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from sqlalchemy import select

from functions.core import database
from functions.core.models import Event, Rendition, Video, VideoState, Visibility, now
from functions.core.repositories import Listing
from functions.core.storage import attachment
from functions.sweep import handler as sweep


def listed(person, **query):
    """Return the ids of all pages, by the smallest pages there are."""
    found, cursor = [], {}
    while True:
        answer = person.get(f"/api/videos?{urlencode({'limit': 2} | query | cursor)}")
        assert answer.status == 200, answer.json
        found += [video["id"] for video in answer.json["items"]]
        if answer.json["next_cursor"] is None:
            return found
        assert len(answer.json["items"]) == int(query.get("limit", 2))
        cursor = {"cursor": answer.json["next_cursor"]}


# Search


@pytest.fixture(params=[Listing.LOOKED_THROUGH, 1], ids=["looked through", "by the index"])
def search(request, monkeypatch, ann):
    """Return a function that searches Ann's drive; both ways of finding must find the same."""
    monkeypatch.setattr(Listing, "LOOKED_THROUGH", request.param)
    return lambda words, **query: set(listed(ann, q=words, **query))


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Holiday in Paris", "olida"),
        ("Holiday in Paris", "PARIS"),
        ("Holiday in Paris", "pa ho"),
        ("北京旅行", "京旅"),
        ("北京旅行", "旅"),
        ("رحلة إلى البحر", "حلة"),
        ("Отпуск НА МОРЕ", "пуск мор"),
        ("Žluťoučký kůň", "ŤOUČ"),
        ("Cafe\u0301 crème", "café"),
        ("ｆｕｌｌ width", "full"),
        ("100% sure", "0%"),
        ("snake_case", "e_c"),
        ("back\\slash", "k\\s"),
        ('quote "it"', '"it'),
        ("🎬 take", "🎬"),
    ],
)
def test_a_part_of_a_word_finds_a_video_in_any_script(ann, add_video, search, title, words):
    for _ in range(3):
        add_video(ann, title="Something else", file_name="another.mp4")
    wanted = add_video(ann, title=title)
    assert search(words) == {str(wanted)}


@pytest.mark.parametrize("words", ["100%5", "a_c", "%", "__", "京北", "ParisX", "\\"])
def test_what_is_not_there_is_not_found_and_no_sign_stands_for_another(ann, add_video, search, words):
    for title in ("1005", "abc", "北京", "Paris"):
        add_video(ann, title=title, file_name="clip.mp4")
    assert search(words) == set()


def test_title_description_and_file_name_are_searched_and_words_may_stand_apart(ann, add_video, search):
    wanted = add_video(ann, title="Garden", description="Grandma planted roses.", file_name="VID_2041.MOV")
    add_video(ann, title="Garden", description="Only tulips.", file_name="VID_2042.MOV")
    for words in ("roses", "2041", "gard roses", "2041.mov grandma"):
        assert search(words) == {str(wanted)}
    assert search("roses 2042") == set()
    assert len(search("  ")) == 2


def test_a_search_stays_within_ones_own_drive_and_out_of_the_trash(ann, bob, add_video, search):
    add_video(bob, title="Holiday")
    add_video(ann, title="Holiday", trashed_at=now())
    mine = add_video(ann, title="Holiday")
    assert search("holiday") == {str(mine)}


def test_a_search_goes_with_filters_and_pages(ann, add_video, search):
    wanted = [
        str(add_video(ann, title=f"Clip {n}", state=VideoState.FAILED, visibility=Visibility.PUBLIC))
        for n in range(5)
    ]
    add_video(ann, title="Clip", state=VideoState.FAILED)
    add_video(ann, title="Clip", visibility=Visibility.PUBLIC)
    assert search("clip", state="failed", visibility="public", sort="title") == set(wanted)


# Order

LENGTHS = [None, 5, 5, None, 1, 7, 5]
TITLES = ["b", "B", "a", "Ä", "a", "c%", "日本"]
SIZES = [5, 5, 1, 10**12, 5, 1, 7]


@pytest.fixture
def seven(ann, bob, add_video):
    """Fill Ann's drive with equal and missing values, states and visibilities mixed; return its rows."""
    add_video(bob)
    rows = []
    for n, (length, title, size) in enumerate(zip(LENGTHS, TITLES, SIZES, strict=True)):
        state = [VideoState.READY, VideoState.FAILED][n % 2]
        visibility = [*Visibility][n % 3]
        values = {"duration_ms": length, "title": title, "size_bytes": size}
        video_id = add_video(ann, state=state, visibility=visibility, **values)
        rows.append(values | {"id": str(video_id), "state": state, "visibility": visibility})
    return rows


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("created", lambda _: 0),
        ("title", lambda row: row["title"].lower()),
        ("size", lambda row: row["size_bytes"]),
        ("duration", lambda row: row["duration_ms"] or 0),
    ],
)
def test_pages_have_no_gap_and_no_repetition_in_any_order(ann, seven, sort, key, turned, limit):
    wanted = [row["id"] for row in sorted(seven, key=lambda row: (key(row), row["id"]), reverse=turned)]
    assert listed(ann, sort=f"-{sort}" if turned else sort, limit=limit) == wanted


@pytest.mark.parametrize("filters", [{"state": "failed"}, {"visibility": "public"}, {"state": "ready"}])
def test_filters_hold_over_pages(ann, seven, filters):
    wanted = [row["id"] for row in seven if all(row[name] == value for name, value in filters.items())]
    assert listed(ann, sort="created", **filters) == wanted


def test_a_video_that_appears_between_two_pages_moves_no_other(ann, seven, add_video):
    first = ann.get("/api/videos?sort=-size&limit=3").json
    add_video(ann, size_bytes=10**13)
    second = ann.get(f"/api/videos?sort=-size&limit=100&cursor={first['next_cursor']}").json
    assert {video["id"] for video in first["items"] + second["items"]} == {row["id"] for row in seven}


@pytest.mark.parametrize(
    "query", ["sort=nothing", "state=lost", "cursor=abc", "q=" + "a" * 101, "q=a%00b", "visibility=all"]
)
def test_a_question_that_cannot_be_asked_is_refused(ann, query):
    assert ann.get(f"/api/videos?{query}").status == 400


def test_a_cursor_goes_with_its_order_only(ann, seven):
    cursor = ann.get("/api/videos?sort=title&limit=3").json["next_cursor"]
    for sort in ("-title", "size", "created"):
        assert ann.get(f"/api/videos?sort={sort}&cursor={cursor}").status == 400


def test_a_cursor_of_the_longest_title_is_taken(ann, add_video):
    for n in range(3):
        add_video(ann, title="\U0001f3ac" * 254 + str(n))
    assert len(listed(ann, sort="title", limit=1)) == 3


def test_the_trash_is_paged_with_the_last_trashed_first(ann, add_video):
    moment = now()
    ids = [add_video(ann, trashed_at=moment - timedelta(hours=hours)) for hours in (2, 1, 1, 3)]
    add_video(ann)
    pages, cursor = [], ""
    while cursor is not None:
        answer = ann.get(
            f"/api/trash?limit=1&cursor={quote(cursor)}" if cursor else "/api/trash?limit=1"
        ).json
        pages += [video["id"] for video in answer["items"]]
        cursor = answer["next_cursor"]
    assert pages == [str(ids[n]) for n in (2, 1, 0, 3)]


# Many at once


def change(person, action, ids, **more):
    answer = person.post("/api/videos/bulk", {"action": action, "ids": [str(i) for i in ids], **more})
    assert answer.status == 200, answer.json
    return answer.json["results"]


def seqs(session, person):
    return list(session.scalars(select(Event.seq).where(Event.user_id == person.user.id).order_by(Event.seq)))


def test_many_are_trashed_and_what_cannot_be_stops_no_other(ann, bob, add_video, session, doorbells):
    good, other = add_video(ann), add_video(ann)
    uploading = add_video(ann, state=VideoState.UPLOADING)
    strange, nowhere = add_video(bob), uuid4()
    results = change(ann, "trash", [good, uploading, strange, nowhere, other, good])
    assert [result["id"] for result in results] == [
        str(i) for i in (good, uploading, strange, nowhere, other)
    ]
    codes = [result["problem"] and result["problem"]["code"] for result in results]
    assert codes == [None, "invalid_state", "not_found", "not_found", None]
    assert results[0]["video"]["trashed_at"] is not None
    assert results[1]["video"]["trashed_at"] is None
    assert results[2] == results[3] | {"id": str(strange)}
    assert session.get_one(Video, strange).trashed_at is None
    assert seqs(session, ann) == [1, 2]
    assert len(doorbells.announced) == 2


def test_many_are_restored_and_deleted_for_good(ann, add_video, session, doorbells):
    kept, gone, not_in_trash = (
        add_video(ann, trashed_at=now()),
        add_video(ann, trashed_at=now()),
        add_video(ann),
    )
    assert [r["video"]["trashed_at"] for r in change(ann, "restore", [kept])] == [None]
    removed, refused = change(ann, "purge", [gone, not_in_trash])
    assert (removed["video"], removed["problem"]) == (None, None)
    assert refused["problem"]["code"] == "invalid_state"
    assert doorbells.watched == [("purge", str(gone), 0)]
    assert change(ann, "purge", [gone])[0]["problem"]["code"] == "not_found"
    assert session.get_one(Video, gone).purge_started_at is not None


def test_many_are_published_shown_and_taken_back(ann, add_video):
    draft, shown = add_video(ann), add_video(ann, published_at=now(), visibility=Visibility.PUBLIC)
    trashed = add_video(ann, trashed_at=now())
    results = change(ann, "visibility", [draft, shown, trashed], visibility="unlisted")
    assert [result["video"]["visibility"] for result in results] == ["unlisted", "unlisted", "private"]
    assert results[0]["video"]["published_at"] is None
    assert results[2]["problem"]["code"] == "invalid_state"
    results = change(ann, "publish", [draft, shown, trashed])
    assert [r["video"]["published_at"] is not None for r in results] == [True, True, False]
    assert [r["video"]["visibility"] for r in results] == ["public", "public", "private"]
    results = change(ann, "unpublish", [draft, shown])
    assert [r["video"]["published_at"] for r in results] == [None, None]


def test_a_change_that_changes_nothing_is_told_to_nobody(ann, add_video, doorbells):
    video = add_video(ann, visibility=Visibility.PRIVATE)
    (result,) = change(ann, "visibility", [video], visibility="private")
    assert (result["problem"], result["video"]["version"]) == (None, 1)
    assert doorbells.announced == []


@pytest.mark.parametrize(
    "body",
    [
        {"action": "trash", "ids": []},
        {"action": "trash", "ids": [str(uuid4()) for _ in range(101)]},
        {"action": "shred", "ids": [str(uuid4())]},
        {"action": "trash", "ids": ["x"]},
        {"action": "trash", "ids": [str(uuid4())], "owner_id": str(uuid4())},
    ],
)
def test_a_change_of_many_that_cannot_be_asked_is_refused(ann, body):
    assert ann.post("/api/videos/bulk", body).status == 400


def test_changing_many_needs_a_session(anybody):
    assert anybody.post("/api/videos/bulk", {"action": "trash", "ids": [str(uuid4())]}).status == 401


# Details, download, storage


def test_details_tell_what_was_found_and_made(ann, bob, add_video, session):
    video = add_video(ann, revision=2, fps="30000/1001", video_codec="hevc", audio_codec="aac", hdr=True)
    for revision, height in ((1, 360), (2, 720), (2, 1080)):
        facts = {"bytes": 10, "bandwidth": 500, "codecs": "avc1.640028,mp4a.40.2"}
        session.add(
            Rendition(video_id=video, revision=revision, height=height, width=height * 16 // 9, **facts)
        )
    session.commit()
    details = ann.get(f"/api/videos/{video}/details").json
    assert (details["fps"], details["video_codec"], details["hdr"]) == ("30000/1001", "hevc", True)
    assert [rendition["height"] for rendition in details["renditions"]] == [1080, 720]
    assert details["video"]["id"] == str(video)
    assert bob.get(f"/api/videos/{video}/details").status == 404


def test_the_original_comes_under_its_own_name_to_its_owner_only(ann, bob, anybody, add_video, bucket):
    video = add_video(ann, file_name="Отпуск 2026.mp4")
    download = ann.get(f"/api/videos/{video}/original").json
    assert download["url"].startswith(f"https://bucket.test/source/{video}?")
    assert quote("attachment; filename", safe="") in download["url"].replace("+", "%20")
    assert download["expires_in"] <= 60
    assert bob.get(f"/api/videos/{video}/original").status == 404
    assert anybody.get(f"/api/videos/{video}/original").status == 401
    uploading = add_video(ann, state=VideoState.UPLOADING)
    assert ann.get(f"/api/videos/{uploading}/original").json["code"] == "invalid_state"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("cat.mp4", "attachment; filename=\"cat.mp4\"; filename*=UTF-8''cat.mp4"),
        ('a"b\\c.mp4', "attachment; filename=\"a_b_c.mp4\"; filename*=UTF-8''a%22b%5Cc.mp4"),
        ("猫.mp4", "attachment; filename=\"_.mp4\"; filename*=UTF-8''%E7%8C%AB.mp4"),
        ("a\r\nX: y.mp4", "attachment; filename=\"a__X: y.mp4\"; filename*=UTF-8''a%0D%0AX%3A%20y.mp4"),
    ],
)
def test_a_download_is_named_as_rfc_6266_says(name, header):
    assert attachment(name) == header


def test_usage_counts_everything_and_names_what_takes_most(ann, bob, add_video):
    add_video(bob, size_bytes=10**6)
    small = add_video(ann, size_bytes=10, stored_bytes=1)
    large = add_video(ann, size_bytes=50, stored_bytes=50)
    trashed = add_video(ann, size_bytes=500, stored_bytes=5, trashed_at=now())
    usage = ann.get("/api/usage").json
    assert (usage["originals_bytes"], usage["renditions_bytes"]) == (560, 56)
    assert (usage["used_bytes"], usage["trash_bytes"]) == (616, 505)
    assert [(video["id"], video["bytes"]) for video in usage["largest"]] == [
        (str(large), 100),
        (str(small), 11),
    ]
    assert str(trashed) not in str(usage)


# A day on which a video is deleted


@pytest.fixture
def choose(ann, add_video):
    """Return a function that chooses when a video of Ann's goes to the trash."""
    video_id = add_video(ann)

    def at(moment):
        version = ann.get(f"/api/videos/{video_id}").json["version"]
        body = {"trash_at": moment and moment.isoformat()}
        return ann.send("PATCH", f"/api/videos/{video_id}", body, if_match=f'"{version}"')

    at.video_id = video_id
    return at


def age(video_id, by):
    with database.transaction() as session:
        session.get_one(Video, video_id).trash_at -= by


def test_a_video_goes_to_the_trash_on_its_day_and_has_its_time_there(
    ann, bucket, choose, doorbells, lambda_context
):
    tomorrow = now() + timedelta(days=1)
    assert choose(tomorrow).json["trash_at"] == tomorrow.isoformat().replace("+00:00", "Z")
    sweep.service.trash(bucket, choose.video_id)
    assert ann.get("/api/trash").json["items"] == [], "its day is yet to come"
    age(choose.video_id, timedelta(days=1))
    for _ in range(2):
        sweep.service.trash(bucket, choose.video_id)
    (trashed,) = ann.get("/api/trash").json["items"]
    assert (datetime.fromisoformat(trashed["purge_at"]) - now()).days == 29
    assert doorbells.announced[-1]["event"]["video"]["trashed_at"] == trashed["trashed_at"]
    restored = ann.post(f"/api/videos/{choose.video_id}/restore").json
    assert restored["trash_at"] is None, "the next night would bring it back"


def test_a_day_is_changed_and_taken_back_and_stays_when_something_else_is_changed(ann, choose):
    choose(now() + timedelta(days=1))
    later = choose(now() + timedelta(days=9))
    path = f"/api/videos/{choose.video_id}"
    renamed = ann.send("PATCH", path, {"title": "Other"}, if_match=later.headers["ETag"])
    assert renamed.json["trash_at"] == later.json["trash_at"]
    assert choose(None).json["trash_at"] is None


def test_a_day_that_is_chosen_outlives_the_trash_while_it_is_to_come(ann, choose):
    chosen = choose(now() + timedelta(days=9)).json["trash_at"]
    ann.send("DELETE", f"/api/videos/{choose.video_id}")
    assert ann.post(f"/api/videos/{choose.video_id}/restore").json["trash_at"] == chosen


@pytest.mark.parametrize("days", [-1, 0, 5000])
def test_a_day_that_is_over_or_far_away_is_refused(choose, days):
    refused = choose(now() + timedelta(days=days))
    assert (refused.status, refused.json["errors"][0]["field"]) == (400, "trash_at")


def test_a_day_without_a_time_zone_is_refused(ann, choose):
    body = {"trash_at": "2030-01-01T00:00:00"}
    assert ann.send("PATCH", f"/api/videos/{choose.video_id}", body, if_match='"1"').status == 400
