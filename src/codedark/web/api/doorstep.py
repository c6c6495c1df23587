"""Where programs come in: a request read off the wire, its turn in a lane of its own, and the answer on the wire.

What programs ask never stands in the way of a ward: their lane is not the wards', and an answer whose reader does not
take it is cut off.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from codedark.web.api.asking import Asked, Reply
from codedark.web.api.counter import Counter
from codedark.web.api.outcome import Declined, refusal
from codedark.web.api.query import Pair
from codedark.web.gate import SESSION_COOKIE
from codedark.web.lanes import Crowded, FairLane
from codedark.web.porter import WHO, device_of

TAKEN_S = 10.0
"""A chunk that the reader has not taken by then ends the answer: it holds a thread and a state of the record."""
WHOLE_S = 300.0
"""No answer takes longer."""
QUERY_LIMIT, BODY_LIMIT, BODY_S = 8 * 1024, 16 * 1024, 10.0
_FIELDS = 64
_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]{1,255}\Z")


@dataclass(frozen=True, slots=True)
class Doorstep:
    """The ASGI application below /fhir. `tokens`: the lane in which passwords are looked at; `headers`: on every
    answer."""

    counter: Counter
    lane: FairLane
    tokens: FairLane
    headers: tuple[tuple[str, str], ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            asked = await _asked(Request(scope, receive))
        except Declined as error:
            return await self._send(send, scope, Reply(error.status, refusal(error), error.headers))
        lane, who = self.tokens if asked.path == ("token",) else self.lane, scope.get(WHO, "")
        try:
            reply = await lane.run(who, self.counter.serve, asked)
            if reply.pour is None or scope["method"] == "HEAD":
                return await self._send(send, scope, reply)
            async with asyncio.timeout(WHOLE_S):
                await self._pour(send, scope, who, reply)
        except Crowded:
            busy = Declined(503, "throttled", "Too many wait here already.", (("Retry-After", "2"),))
            await self._send(send, scope, Reply(503, refusal(busy), busy.headers))

    async def _send(self, send: Send, scope: Scope, reply: Reply) -> None:
        length = () if reply.pour else (("content-length", str(len(reply.body))),)
        await send(self._start(reply, length))
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    async def _pour(self, send: Send, scope: Scope, who: str, reply: Reply) -> None:
        """Chunks are made in a thread while they are sent. What fails before the first one is a plain refusal; an
        answer that breaks off later ends without its end, so that nobody takes it for the whole."""
        assert reply.pour is not None
        ready: asyncio.Queue[bytes | None] = asyncio.Queue(2)
        loop, chunks = asyncio.get_running_loop(), reply.pour()

        def make() -> None:
            """Every chunk, then None: the answer is whole."""
            try:
                for chunk in chunks:
                    _handed(loop, ready, chunk)
                _handed(loop, ready, None)
            finally:
                _end(chunks)

        making = asyncio.ensure_future(self.lane.run(who, make))
        try:
            try:
                chunk = await _next(ready, making)
            except Exception as error:
                if isinstance(error, Crowded):
                    raise
                return await self._send(send, scope, self.counter.broken(error))
            await send(self._start(reply, ()))
            while chunk is not None:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await _next(ready, making)
            await making
            await send({"type": "http.response.body", "body": b""})
        finally:
            making.cancel()

    def _start(self, reply: Reply, more: tuple[tuple[str, str], ...]) -> dict[str, object]:
        said = (("content-type", reply.media_type), *more, *self.headers, *reply.headers)
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in said]
        return {"type": "http.response.start", "status": reply.status, "headers": pairs}


async def _next(ready: asyncio.Queue[bytes | None], making: asyncio.Future[None]) -> bytes | None:
    """The next chunk. Raises what the making raised: Crowded before the first one too."""
    taking = asyncio.ensure_future(ready.get())
    both: set[asyncio.Future[Any]] = {taking, making}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not taking.done() and making.exception() is not None:
        taking.cancel()
        making.result()
    return await taking


def _handed(loop: asyncio.AbstractEventLoop, ready: asyncio.Queue[bytes | None], chunk: bytes | None) -> None:
    asyncio.run_coroutine_threadsafe(asyncio.wait_for(ready.put(chunk), TAKEN_S), loop).result(TAKEN_S + 1)


def _end(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()  # in the thread that read: its state of the record is let go


async def _asked(request: Request) -> Asked:
    scope = request.scope
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    if method not in ("GET", "POST"):
        raise Declined(405, "not-supported", "This interface only reads.", (("Allow", "GET, HEAD, POST"),))
    if len(scope["query_string"]) > QUERY_LIMIT:
        raise Declined(414, "too-long", "This address is too long. Search by POST.")
    pairs = _pairs(scope["query_string"])
    if method == "POST":
        pairs = (*pairs, *_pairs(await _body(request)))
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    token, by_cookie = _token(headers)
    below = scope["path"].removeprefix("/fhir").strip("/")
    host = headers.get("host", "")
    base = f"{scope.get('scheme', 'https')}://{host if _HOST.match(host) else 'localhost'}/fhir"
    path = tuple(unquote(part) for part in below.split("/")) if below else ()
    return Asked(method, path, pairs, headers, token, by_cookie, base, device_of(scope))


def _token(headers: dict[str, str]) -> tuple[str, bool]:
    scheme, _, said = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return said.strip(), False
    try:
        jar = SimpleCookie(headers.get("cookie", ""))
    except Exception:  # a jar of somebody else's making is no session
        return "", True
    return jar[SESSION_COOKIE].value if SESSION_COOKIE in jar else "", True


async def _body(request: Request) -> bytes:
    said = request.headers.get("content-length", "0")
    if not said.isascii() or not said.isdigit() or len(said) > 9 or int(said) > BODY_LIMIT:
        raise Declined(413, "too-long", "This form is too large.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise Declined(415, "not-supported", "A search or a token is asked for with a form.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise Declined(413, "too-long", "This form is too large.")
    except (TimeoutError, ClientDisconnect):
        raise Declined(408, "incomplete", "This form did not come whole.") from None
    return bytes(body)


def _pairs(text: bytes) -> tuple[Pair, ...]:
    try:
        return tuple(parse_qsl(text.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict"))
    except ValueError:
        raise Declined(400, "invalid", "These parameters cannot be read.") from None
