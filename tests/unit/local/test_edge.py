"""The edge: what it serves, what it refuses, and what it tells whom."""

import asyncio
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus

import httpx
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

from local.edge import Edge, Origins, create_app, site_headers
from local.settings import Settings
from tests.unit.local.test_signatures import KEY_GROUP, policy, signed

SITE = "http://localhost:8000"
FILM = "/media/film-a/1/master.m3u8"


class Origin:
    """Stands for the API and the bucket: remembers requests, gives the answer it was told."""

    def __init__(self):
        self.requests = []
        self.answer = httpx.Response(200, text="ok")

    def __call__(self, request):
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        unread = httpx.ByteStream(self.answer.content)
        return httpx.Response(self.answer.status_code, headers=self.answer.headers, stream=unread)

    @property
    def last(self):
        return self.requests[-1]


@pytest.fixture
def origin():
    return Origin()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "secret.txt").write_text("not for anybody")
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>StreamTime</title>")
    (dist / "favicon.svg").write_text("<svg/>")
    (dist / "assets" / "app-1a2b.js").write_text("let a")
    return dist


@pytest.fixture
def app(origin, site):
    origins = Origins(
        api="http://origin/api-id/$default",
        live="ws://127.0.0.1:1/nobody",
        object_url=lambda method, key: f"http://bucket/{key}?method={method}",
        key_group=KEY_GROUP,
    )
    client = httpx.AsyncClient(transport=httpx.MockTransport(origin))
    return create_app(Edge(site=site, origins=lambda: origins, client=client), site_headers(Settings()))


class Browser:
    def __init__(self, app):
        self._app = app

    def request(self, method, url, **options):
        async def send():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url=SITE) as client:
                return await client.request(method, url, **options)

        return asyncio.run(send())

    def get(self, url, **options):
        return self.request("GET", url, **options)

    def post(self, url, **options):
        return self.request("POST", url, **options)


@pytest.fixture
def browser(app):
    return Browser(app)


def grant(*, resource=f"{SITE}/media/film-a/*", seconds=60):
    document = policy(resource, DateLessThan={"AWS:EpochTime": int(time.time()) + seconds})
    return "; ".join(f"CloudFront-{name}={value}" for name, value in signed(document).items())


class TestPages:
    @pytest.mark.parametrize("path", ["/", "/library", "/watch/0192-aa", "/users/a/b"])
    def test_every_address_of_the_web_app_is_its_one_page_and_never_kept(self, browser, path):
        page = browser.get(path)
        assert page.text == "<title>StreamTime</title>"
        assert page.headers["cache-control"] == "no-cache"

    def test_built_files_are_kept_for_ever(self, browser):
        script = browser.get("/assets/app-1a2b.js")
        assert script.text == "let a"
        assert script.headers["content-type"].startswith("text/javascript")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"

    def test_large_files_are_compressed_for_whoever_can_read_that(self, browser, site):
        script = "let stream, time;" * 100
        (site / "assets" / "large.js").write_text(script)
        for told, sent in (("gzip", "gzip"), ("gzip, br", "br"), ("identity", None)):
            answer = browser.get("/assets/large.js", headers={"accept-encoding": told})
            assert answer.headers.get("content-encoding") == sent
            assert answer.text == script
            assert answer.headers["cache-control"].endswith("immutable")

    def test_other_files_are_asked_for_again(self, browser):
        assert browser.get("/favicon.svg").headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("path", ["/assets/old.js", "/assets/", "/assets/nothing", "/robots.txt"])
    def test_a_file_that_is_not_there_is_not_the_page(self, browser, path):
        assert browser.get(path).status_code == 404

    @pytest.mark.parametrize(
        "path", ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"]
    )
    def test_no_path_leads_out_of_the_site(self, browser, path):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "not for anybody" not in answer.text

    def test_before_the_first_build_a_plain_page_says_so(self, browser, site):
        (site / "index.html").unlink()
        answer = browser.get("/")
        assert answer.status_code == 503
        assert "not been built" in answer.text

    def test_pages_are_only_read(self, browser):
        assert browser.post("/").status_code == 405


class TestHosts:
    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1:8000", ""])
    def test_another_host_name_is_refused(self, browser, origin, host):
        assert browser.get("/api/health", headers={"host": host}).status_code == 400
        assert origin.requests == []

    def test_the_bare_address_leads_to_the_name_that_uploads_and_cookies_know(self, browser):
        answer = browser.get("/library?q=a", headers={"host": "127.0.0.1:8000"})
        assert answer.status_code == 307
        assert answer.headers["location"] == f"{SITE}/library?q=a"


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/assets/gone.js", "/api/me", FILM])
    def test_every_answer_has_the_security_headers(self, browser, path):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "http://127.0.0.1:4566" in headers["content-security-policy"]
        assert "'unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"

    def test_the_api_can_not_weaken_them(self, browser, origin):
        origin.answer = httpx.Response(200, headers={"content-security-policy": "default-src *"})
        assert browser.get("/api/me").headers.get_list("content-security-policy") == [
            site_headers(Settings())["Content-Security-Policy"]
        ]


class TestApi:
    def test_a_request_reaches_the_api_as_it_was_sent(self, browser, origin):
        browser.post(
            "/api/videos/a%20b?x=1&x=2%26", content=b'{"a":1}', headers={"cookie": "s=1", "if-match": '"3"'}
        )
        assert origin.last.method == "POST"
        assert origin.last.url.raw_path == b"/api-id/$default/api/videos/a%20b?x=1&x=2%26"
        assert origin.last.content == b'{"a":1}'
        assert origin.last.headers["cookie"] == "s=1"
        assert origin.last.headers["if-match"] == '"3"'

    def test_the_api_learns_the_real_host_and_address_whatever_the_viewer_claims(self, browser, origin):
        claims = {"x-viewer-host": "evil.example", "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
        browser.get("/api/me", headers={**claims, "x-viewer-address": "1.2.3.4"})
        assert origin.last.headers.get_list("x-viewer-address") == ["127.0.0.1"]
        assert origin.last.headers.get_list("x-viewer-host") == ["localhost:8000"]
        assert origin.last.headers.get_list("x-forwarded-for") == ["127.0.0.1"]
        assert origin.last.headers.get_list("x-forwarded-proto") == ["http"]

    def test_headers_of_the_connection_stay_on_it(self, browser, origin):
        browser.get("/api/me", headers={"te": "trailers", "upgrade": "h2c", "proxy-authorization": "x"})
        assert not {"te", "upgrade", "proxy-authorization"} & set(origin.last.headers)

    def test_an_answer_comes_back_as_it_was_given(self, browser, origin):
        origin.answer = httpx.Response(
            409,
            headers=[
                ("content-type", "application/problem+json"),
                ("set-cookie", "a=1; Path=/"),
                ("set-cookie", "b=2; Path=/media/x/"),
                ("cache-control", "no-store"),
                ("access-control-allow-origin", "*"),
            ],
            content=b"{}",
        )
        answer = browser.get("/api/me")
        assert (answer.status_code, answer.text) == (409, "{}")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/media/x/"]
        assert "access-control-allow-origin" not in answer.headers

    def test_an_answer_without_content_has_none(self, browser, origin):
        origin.answer = httpx.Response(204)
        answer = browser.post("/api/auth/sign-out")
        assert (answer.status_code, answer.content) == (204, b"")

    def test_a_body_over_ten_megabytes_is_refused_before_the_api_sees_it(self, browser, origin):
        answer = browser.post("/api/videos", content=b"x" * (10 * 1024 * 1024 + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
        assert origin.requests == []

    @pytest.mark.parametrize(
        ("failure", "status"), [(httpx.ConnectError("away"), 502), (httpx.ReadTimeout("slow"), 504)]
    )
    def test_an_api_that_is_away_is_a_problem_in_words(self, browser, origin, failure, status):
        origin.answer = failure
        answer = browser.get("/api/me")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


class TestMedia:
    def test_nothing_is_read_without_a_grant(self, browser, origin):
        answer = browser.get(FILM)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("text/xml")
        assert "<Code>MissingKey</Code>" in answer.text
        assert origin.requests == []

    def test_a_grant_opens_its_video_and_nobody_may_keep_the_bytes(self, browser, origin):
        headers = {"content-type": "application/vnd.apple.mpegurl", "etag": '"e"', "cache-control": "public"}
        origin.answer = httpx.Response(200, headers=headers | {"x-amz-request-id": "1"}, content=b"#EXTM3U")
        answer = browser.get(FILM, headers={"cookie": grant()})
        assert (answer.status_code, answer.content) == (200, b"#EXTM3U")
        assert str(origin.last.url) == f"http://bucket{FILM}?method=GET"
        assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
        assert answer.headers["etag"] == '"e"'
        assert answer.headers["cache-control"] == "private, no-store"
        assert "x-amz-request-id" not in answer.headers

    def test_ranges_are_passed_on_and_cookies_are_not(self, browser, origin):
        origin.answer = httpx.Response(206, headers={"content-range": "bytes 0-2/7"}, content=b"#EX")
        answer = browser.get(FILM, headers={"cookie": grant(), "range": "bytes=0-2", "if-range": '"e"'})
        assert (answer.status_code, answer.headers["content-range"]) == (206, "bytes 0-2/7")
        assert (origin.last.headers["range"], origin.last.headers["if-range"]) == ("bytes=0-2", '"e"')
        assert "cookie" not in origin.last.headers

    def test_head_asks_for_no_bytes(self, browser, origin):
        origin.answer = httpx.Response(200, headers={"content-length": "7"})
        assert browser.request("HEAD", FILM, headers={"cookie": grant()}).headers["content-length"] == "7"
        assert str(origin.last.url).endswith("?method=HEAD")

    def test_a_signed_url_needs_no_cookie_and_its_signature_stays_at_the_edge(self, browser, origin):
        document = policy(f"{SITE}{FILM}", DateLessThan={"AWS:EpochTime": int(time.time()) + 60})
        assert browser.get(FILM, params=signed(document)).status_code == 200
        assert "Signature" not in str(origin.last.url)

    def test_an_old_grant_opens_nothing(self, browser, origin):
        assert browser.get(FILM, headers={"cookie": grant(seconds=-1)}).status_code == 403
        assert origin.requests == []

    @pytest.mark.parametrize(
        "path",
        [
            "/media/film-b/1/master.m3u8",
            "/media/film-a/../film-b/1/master.m3u8",
            "/media/film-a/%2e%2e/film-b/1/master.m3u8",
            "/media/film-a/..%2ffilm-b/1/master.m3u8",
            "/media/film-a/%2E%2E%2Ffilm-b",
            "/media/film-a/..%5cfilm-b",
            "/media/film-a//1",
            "/media/film-a/%2e/1",
            "/media/film-a/1%00.m3u8",
            "/media/film-a/%c0%ae%c0%ae/film-b/1/master.m3u8",
            "/media/film-a/%2e%2e/%2e%2e/source/film-a",
        ],
    )
    def test_no_path_leads_from_a_granted_video_to_anything_else(self, browser, origin, path):
        target = httpx.URL(SITE).copy_with(raw_path=path.encode())
        assert browser.get(target, headers={"cookie": grant()}).status_code == 403
        assert origin.requests == []

    @pytest.mark.parametrize("resource", [f"{SITE}/media/film-a/*", "http*://*/media/film-a/*", "*"])
    def test_media_take_no_query_that_a_policy_could_be_found_in(self, browser, origin, resource):
        cookie = grant(resource=resource)
        assert (
            browser.get("/media/film-b/1/a.mp4?x=/media/film-a/1", headers={"cookie": cookie}).status_code
            == 403
        )
        assert origin.requests == []

    @pytest.mark.parametrize("status", [403, 404])
    def test_what_is_not_there_looks_like_what_is_forbidden(self, browser, origin, status):
        origin.answer = httpx.Response(status, text="<Key>media/film-a/nothing</Key>")
        answer = browser.get("/media/film-a/nothing", headers={"cookie": grant()})
        assert answer.status_code == 403
        assert "Key" not in answer.text

    def test_media_is_only_read(self, browser):
        assert browser.request("PUT", FILM, headers={"cookie": grant()}).status_code == 405

    def test_a_bucket_that_is_away_is_a_bad_gateway(self, browser, origin):
        origin.answer = httpx.ConnectError("away")
        assert browser.get(FILM, headers={"cookie": grant()}).status_code == 502


@contextmanager
def running(app):
    """Serve the edge for real: what sockets do can't be seen any other way."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, ws="websockets-sansio", log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def live_api(handler, **options):
    with serve(handler, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/live"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def edge_before(live):
    origins = Origins(api="", live=live, object_url=lambda *_: "", key_group=KEY_GROUP)
    edge = Edge(site=None, origins=lambda: origins, client=httpx.AsyncClient())
    with running(create_app(edge, site_headers(Settings()))) as port:
        yield f"ws://localhost:{port}/live"


class TestLive:
    def test_messages_go_both_ways_and_the_api_learns_who_asks(self):
        seen = {}

        def api(socket):
            seen.update(socket.request.headers.raw_items(), path=socket.request.path)
            for message in socket:
                socket.send(f"{message} heard")

        with live_api(api) as live, edge_before(live) as address:
            claims = {"x-viewer-host": "evil.example"}
            with connect(f"{address}?ticket=t", origin=SITE, additional_headers=claims, proxy=None) as socket:
                socket.send("ping")
                assert socket.recv(timeout=5) == "ping heard"
            assert seen["path"] == "/live?ticket=t"
            assert seen["origin"] == SITE
            assert seen["x-viewer-host"] == address.removeprefix("ws://").removesuffix("/live")

    def test_the_edge_closes_when_the_api_closes(self):
        with (
            live_api(lambda socket: socket.send("bye")) as live,
            edge_before(live) as address,
            connect(address, proxy=None) as socket,
        ):
            assert socket.recv(timeout=5) == "bye"
            with pytest.raises(ConnectionClosedOK):
                socket.recv(timeout=5)

    def test_a_socket_the_api_refuses_is_refused_with_403(self):
        def refuse(connection, _request):
            return connection.respond(HTTPStatus.FORBIDDEN, "no")

        with live_api(lambda _: None, process_request=refuse) as live, edge_before(live) as address:
            assert refused_status(address) == 403

    def test_an_api_that_is_away_is_a_bad_gateway(self):
        with edge_before("ws://127.0.0.1:1/live") as address:
            assert refused_status(address) == 502

    def test_another_host_name_is_refused(self):
        with edge_before("ws://127.0.0.1:1/live") as address:
            port = address.split(":")[-1].removesuffix("/live")
            evil = {"additional_headers": {"host": f"evil.example:{port}"}}
            assert refused_status(address, **evil) in {400, 403}


def refused_status(address, **options):
    with pytest.raises(InvalidStatus) as refused:
        connect(address, proxy=None, **options)
    return refused.value.response.status_code
