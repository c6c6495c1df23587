"""The web: routes, lanes and headers around plain page functions. No globals; everything is handed to `create_app`.

Pages run in threads, because reading a chart ends in an append that waits for the disk. There are four lanes, each
fair among those who wait in it, so a flood of log-ins cannot keep a nurse from a chart, nor from the envelope
(security decision 8).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from codedark.access import AttemptLane, Cookies
from codedark.actions import Deeds
from codedark.clock import Chance, Clock
from codedark.views import Record
from codedark.web.answers import Press, WebSettings
from codedark.web.api.counter import Counter
from codedark.web.api.cursors import Cursors
from codedark.web.api.doorstep import Doorstep
from codedark.web.desk import PAGE_POLICY, SLIP, Desk, Incoming, Outgoing, place_of
from codedark.web.doorways import Doorway, Lane, doorways
from codedark.web.drawing import Asset, Drawer, assets
from codedark.web.gate import Gate
from codedark.web.lanes import Crowded, FairLane, Width
from codedark.web.porter import KNOWN, WHO, Porter, Turned, Turnstile, device_of

BODY_LIMIT = 64 * 1024
"""Bytes of a form. No form of ours comes near it."""
BODY_S = 10.0
"""Seconds in which a form must have come whole."""
_FIELDS_LIMIT = 32
SECURITY_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


LANES = {
    Lane.READING: Width(threads=8, waiting=256, each=8),
    Lane.STRANGERS: Width(threads=2, waiting=64, each=8),
    Lane.PASSWORDS: Width(threads=max(1, len(os.sched_getaffinity(0)) // 2), waiting=64, each=2, nice=5),
    Lane.ENVELOPES: Width(threads=2, waiting=1024, each=2),
    Lane.PROGRAMS: Width(threads=2, waiting=64, each=8, nice=5),
}
"""Whoever has a session reads; whoever has none and wants a page stands with the strangers. A hash takes a core for a
tenth of a second: half of the cores at most, and only while nobody else wants them. A code takes a thousandth.
Programs that read by the FHIR interface stand back before people."""


def create_app(
    record_factory: Callable[[], Record],
    deeds_factory: Callable[[], Deeds],
    cookies: Cookies,
    settings: WebSettings,
    clock: Clock,
    chance: Chance,
    *,
    press: Press | None = None,
    lanes: Mapping[Lane, FairLane] | None = None,
) -> Porter:
    """The ASGI application.

    `record_factory`, `deeds_factory` are called once for each request, from any of its threads: give out what is safe
    to share between threads. `chance` must be safe to share too. `press`: what draws packs; without one the print
    page says that packs are drawn by the command line. `lanes`: others than the usual ones.
    """
    files = assets()
    gate = Gate(cookies, settings.form_key, deeds_factory().closed)
    drawer = Drawer(files)
    desk = Desk(record_factory, deeds_factory, gate, settings, clock, chance, drawer)
    turnstile = Turnstile(deeds_factory)
    lanes = lanes or {lane: FairLane(lane, width) for lane, width in LANES.items()}
    hall = Hall(desk, lanes, turnstile)

    async def lost(request: Request, _: Exception) -> Response:
        return await hall.answer(request, Lane.READING, desk.lost)

    routes: list[BaseRoute] = [_route(path, ways, hall) for path, ways in _by_path(doorways(press)).items()]
    routes.append(Route("/static/{tag}/{name}", _static(files)))
    interface = Doorstep(
        Counter(
            record_factory, deeds_factory, gate, Cursors(settings.form_key), settings.facility, desk.zone, clock,
            chance, place_of,
        ),
        lanes[Lane.PROGRAMS], lanes[Lane.PASSWORDS], (*SECURITY_HEADERS.items(), ("Cache-Control", "no-store")),
    )  # fmt: skip
    routes += [Route("/fhir", interface), Mount("/fhir", interface)]
    pages = Starlette(routes=routes, exception_handlers={404: lost, 405: lost})
    entrances = {AttemptLane.PASSWORD: lanes[Lane.PASSWORDS], AttemptLane.ENVELOPE: lanes[Lane.ENVELOPES]}
    strangers, every = lanes[Lane.STRANGERS], tuple(lanes.values())
    return Porter(pages, deeds_factory, cookies, turnstile, entrances, strangers, hall.wait, every)


@dataclass(frozen=True, slots=True)
class Hall:
    """Where requests wait for their turn, and what is said to those who may not wait."""

    desk: Desk
    lanes: Mapping[Lane, FairLane]
    turnstile: Turnstile

    async def answer(self, request: Request, lane: Lane, work: Callable[..., Outgoing], *arguments: object) -> Response:
        """The answer to one request, worked out in its lane; at once when its form is bad or too many wait."""
        incoming = await _incoming(request)
        if isinstance(incoming, Outgoing):
            return _respond(incoming)
        scope = request.scope
        lane = Lane.STRANGERS if lane is Lane.READING and not scope.get(KNOWN) else lane
        try:
            return _respond(await self.lanes[lane].run(scope.get(WHO, ""), work, incoming, *arguments))
        except Crowded:
            if lane is Lane.PASSWORDS:
                self.turnstile.count(device_of(scope))
            return _respond(self.desk.crowded())

    def wait(self, lane: AttemptLane, seconds: int) -> Turned:
        """What a device is told that must wait before its next attempt, or (0 s) found too many there."""
        return _turned(self.desk.slowed(lane, seconds) if seconds else self.desk.crowded())


def _by_path(ways: Sequence[Doorway]) -> dict[str, list[Doorway]]:
    grouped: dict[str, list[Doorway]] = {}
    for way in ways:
        grouped.setdefault(way.path, []).append(way)
    return grouped


def _route(path: str, ways: Sequence[Doorway], hall: Hall) -> Route:
    by_method = {way.method: way for way in ways}

    async def endpoint(request: Request) -> Response:
        way = by_method["GET" if request.method == "HEAD" else request.method]
        if SLIP in request.query_params and "POST" in by_method and by_method["POST"].asks:
            way = by_method["POST"]
        return await hall.answer(request, way.lane, hall.desk.serve, way)

    return Route(path, endpoint, methods=list(by_method))


async def _incoming(request: Request) -> Incoming | Outgoing:
    form: dict[str, str] = {}
    if request.method == "POST":
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(request)
        except TimeoutError:
            return _plain(408, "This form did not come whole.")
        except ClientDisconnect:
            return _plain(400, "This form did not come whole.")
        if body is None:
            return _plain(413, "This form is too large.")
        form = _form(body)
    return Incoming(
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        query_text=request.url.query,
        form=form,
        arguments=dict(request.path_params),
        headers=request.headers,
        jar=request.cookies,
        device=request.client.host if request.client else "",
    )


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it says, or turns out, to be larger than any form of ours."""
    said = request.headers.get("content-length", "0")
    if not said.isascii() or not said.isdigit() or int(said) > BODY_LIMIT:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _plain(status: int, words: str) -> Outgoing:
    return Outgoing(status, f"{words}\n".encode(), "text/plain; charset=utf-8", (("Connection", "close"),))


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_LIMIT))
    except ValueError:
        return {}


def _said(out: Outgoing) -> list[tuple[str, str]]:
    safe = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Content-Security-Policy": out.policy}
    return [*safe.items(), *out.headers]


def _respond(out: Outgoing) -> Response:
    response = Response(out.body, out.status, media_type=out.media_type)
    response.raw_headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _said(out)]
    return response


def _turned(out: Outgoing) -> Turned:
    return Turned(out.status, out.body, _said(out), out.media_type)


def _static(files: Mapping[str, Asset]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        """A file under the name of its content: it may be kept for ever."""
        asset = files.get(request.path_params["name"])
        if asset is None or asset.tag != request.path_params["tag"]:
            return Response(status_code=404, headers=SECURITY_HEADERS)
        response = Response(asset.body, media_type=asset.media_type, headers=SECURITY_HEADERS)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return endpoint
