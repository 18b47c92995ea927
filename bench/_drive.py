"""A person with a drive on the stage, for benchmarks: what they measure goes through the public address."""

import http.cookies
import uuid
from typing import Any, Self

import httpx


class Drive:
    """A new account on the stage, which goes away with what it uploaded."""

    def __init__(self, edge: str) -> None:
        self.account = {"email": f"bench-{uuid.uuid4()}@example.com", "password": f"Bench-{uuid.uuid4()}"}
        # The session's cookie is for https only; over http nobody but us sends it back.
        self._http = httpx.Client(base_url=f"{edge}/api", headers={"Origin": edge}, timeout=60)

    def __enter__(self) -> Self:
        account = self.account
        code = self.call("POST", "/auth/sign-up", account | {"display_name": "Bench"})["code_hint"]
        self.call("POST", "/auth/confirm", {"email": account["email"], "code": code})
        answer = self._http.post("/auth/sign-in", json=account)
        answer.raise_for_status()
        cookie = http.cookies.SimpleCookie(answer.headers["set-cookie"])
        self._http.headers["Cookie"] = "; ".join(f"{name}={value.value}" for name, value in cookie.items())
        self._http.cookies.clear()
        return self

    def __exit__(self, *_: object) -> None:
        for video in self.call("GET", "/videos")["items"]:
            self.call("DELETE", f"/videos/{video['id']}")
            self.call("POST", f"/videos/{video['id']}/purge")
        self._http.close()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, path, json=body)
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None
