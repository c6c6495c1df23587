"""The porter: stands before the pages, turns away whoever must wait, and says in which lane the others stand.

Ten thousand bad log-ins a second must cost next to nothing, so a device that is being slowed is answered here, from
bytes made once, before routing, reading a body, a session or the record. Each one is counted all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from codedark.access import AttemptLane, Cookies, neighbourhood
from codedark.actions import Deeds, count_refusal
from codedark.clock import US_PER_S
from codedark.web.gate import SESSION_COOKIE
from codedark.web.lanes import FairLane

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_ENTRANCES = {
    "/login": AttemptLane.PASSWORD,
    "/envelope": AttemptLane.ENVELOPE,
    "/fhir/token": AttemptLane.PASSWORD,
}
_COOKIE = f"{SESSION_COOKIE}=".encode()
WHO, KNOWN = "codedark.who", "codedark.known"
"""In the scope: the line this request waits in (a session, or the address), and whether it has a session."""


class Turned:
    """One answer made once: `await turned(send)` gives it."""

    def __init__(self, status: int, body: bytes, headers: Iterable[tuple[str, str]], media_type: str) -> None:
        said = [("content-type", media_type), ("content-length", str(len(body))), *headers]
        pairs = [(name.lower().encode(), value.encode()) for name, value in said]
        self._start = {"type": "http.response.start", "status": status, "headers": pairs}
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, send: Send) -> None:
        """Give this answer."""
        await send(self._start)
        await send(self._body)


class Turnstile:
    """Counts who was turned away. What is due is written beside the loop, because an append waits for the disk."""

    def __init__(self, deeds: Callable[[], Deeds]) -> None:
        self._deeds = deeds
        self._scribe = ThreadPoolExecutor(1, thread_name_prefix="web-refusals")

    def count(self, device: str) -> None:
        """One more refused entrance of this device. From the event loop."""
        deeds = self._deeds()
        said = deeds.refused_logins.note(device, "", deeds.clock.now_us())
        if said:
            asyncio.get_running_loop().run_in_executor(self._scribe, count_refusal, deeds, said)


class Porter:
    """The ASGI application in front of the pages.

    `lanes`: of the two entrances; `strangers`: of every other page without a session; `wait(lane, seconds)` makes the
    page for whoever must wait, with 0 s for whoever found too many there.
    """

    def __init__(
        self,
        pages: Application,
        deeds: Callable[[], Deeds],
        cookies: Cookies,
        turnstile: Turnstile,
        lanes: Mapping[AttemptLane, FairLane],
        strangers: FairLane,
        wait: Callable[[AttemptLane, int], Turned],
        all_lanes: Sequence[FairLane] = (),
    ) -> None:
        self._strangers, self._all_lanes = strangers, all_lanes
        self._pages, self._deeds, self._cookies, self._wait = pages, deeds, cookies, wait
        self._turnstile, self._lanes = turnstile, lanes
        self._answers: dict[tuple[AttemptLane, int], Turned] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._pages(scope, receive, send)
        if scope["method"] == "POST":
            lane = _ENTRANCES.get(scope["path"])
            if lane is not None and (turned := self._turned_away(lane, device_of(scope))):
                return await turned(send)
        if not self._known(scope) and (turned := self._no_room(scope)):
            return await turned(send)
        return await self._pages(scope, receive, send)

    def close(self) -> None:
        """Take no more and let go of everybody who waits: the node ends."""
        for lane in self._all_lanes:
            lane.close()

    def _turned_away(self, lane: AttemptLane, device: str) -> Turned | None:
        """The answer, counted, for a device that must still wait or finds its lane full; None: it is looked at."""
        deeds = self._deeds()
        wait_us = deeds.throttle.wait_us(lane, device, deeds.clock.steady_us())
        if not wait_us and not self._lanes[lane].full(neighbourhood(device)):
            return None
        self._turnstile.count(device)
        return self._answer(lane, -(-wait_us // US_PER_S))

    def _answer(self, lane: AttemptLane, seconds: int) -> Turned:
        key = lane, seconds
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self._wait(lane, seconds)
        return answer

    def _no_room(self, scope: Scope) -> Turned | None:
        """The answer for somebody without a session who finds the lane of strangers full; our own files need none."""
        path = scope["path"]
        elsewhere = (
            path == "/envelope" or (path in _ENTRANCES and scope["method"] == "POST") or path.startswith("/static/")
        )
        if elsewhere or not self._strangers.full(scope[WHO]):
            return None
        return self._answer(AttemptLane.PASSWORD, 0)

    def _known(self, scope: Scope) -> bool:
        """Say in the scope in which line this request waits; whether it has a session."""
        token = _session_token(scope["headers"])
        session = self._cookies.open(token, self._deeds().clock.now_us()) if token else None
        scope[WHO], scope[KNOWN] = (session.session, True) if session else (neighbourhood(device_of(scope)), False)
        return session is not None


def device_of(scope: Scope) -> str:
    """The address of the other end, never what it claims to be."""
    client = scope.get("client")
    return client[0] if client else ""


def _session_token(headers: Sequence[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1")
    for name, value in headers:
        if name == b"cookie" and (at := value.find(_COOKIE)) >= 0:
            return value[at + len(_COOKIE) :].split(b";", 1)[0].decode("latin-1")
    return ""
