"""The web: routes, lanes and headers around plain page functions. No globals; everything is handed to `create_app`.

Pages run in threads, because reading a chart ends in an append that waits for the disk. There are three lanes, so a
flood of log-ins cannot keep a nurse from a chart, nor from the envelope (security decision 8).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codedark.access import Cookies
from codedark.actions import Deeds
from codedark.clock import Chance, Clock
from codedark.views import Record
from codedark.web.answers import Answer, Press, WebSettings
from codedark.web.desk import PAGE_POLICY, Desk, Incoming, Outgoing
from codedark.web.drawing import Asset, Drawer, assets
from codedark.web.gate import Gate
from codedark.web.pages import chart, entrance, oversight, printing, search, two_people, ward

BODY_LIMIT = 64 * 1024
"""Bytes of a form. No form of ours comes near it."""
_FIELDS_LIMIT = 32
SECURITY_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Lane(StrEnum):
    """Which threads a request may use."""

    READING = "reading"
    PASSWORDS = "passwords"
    ENVELOPES = "envelopes"


LANES = {Lane.READING: 8, Lane.PASSWORDS: 40, Lane.ENVELOPES: 2}
"""Threads by lane. Password hashes are bounded in `access`; these threads only wait there or are refused at once."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """One route. `open`: reachable without a session."""

    method: str
    path: str
    page: Callable[..., Answer]
    lane: Lane = Lane.READING
    open: bool = False


def doorways(press: Press | None) -> tuple[Doorway, ...]:
    """Every page there is: docs/reference/pages.md lists the same, and a test compares."""
    pack = printing.pack_page(press)
    return (
        Doorway("GET", "/", ward.home),
        Doorway("GET", "/login", entrance.login_form, open=True),
        Doorway("POST", "/login", entrance.login, Lane.PASSWORDS, open=True),
        Doorway("GET", "/envelope", entrance.envelope_form, Lane.ENVELOPES, open=True),
        Doorway("POST", "/envelope", entrance.envelope, Lane.ENVELOPES, open=True),
        Doorway("POST", "/lock", entrance.lock, open=True),
        Doorway("GET", "/units", ward.units),
        Doorway("GET", "/beds", ward.beds),
        Doorway("GET", "/chart/{patient}", chart.chart),
        Doorway("POST", "/chart/{patient}", chart.chart),
        Doorway("GET", "/search", search.search),
        Doorway("POST", "/search", search.search),
        Doorway("GET", "/worklist", oversight.worklist),
        Doorway("POST", "/worklist", oversight.decide),
        Doorway("GET", "/feeds", oversight.feeds),
        Doorway("GET", "/reads", oversight.reads),
        Doorway("GET", "/two-people", two_people.two_people),
        Doorway("POST", "/two-people", two_people.propose_or_decide),
        Doorway("GET", "/print", printing.ask),
        Doorway("POST", "/print", pack),
        Doorway("GET", "/help", oversight.help_page),
    )


def create_app(
    record_factory: Callable[[], Record],
    deeds_factory: Callable[[], Deeds],
    cookies: Cookies,
    settings: WebSettings,
    clock: Clock,
    chance: Chance,
    *,
    press: Press | None = None,
) -> Starlette:
    """The ASGI application.

    `record_factory`, `deeds_factory` are called once for each request, from any of its threads: give out what is safe
    to share between threads. `chance` must be safe to share too. `press`: what draws packs; without one the print
    page says that packs are drawn by the command line.
    """
    files = assets()
    gate = Gate(cookies, settings.form_key, deeds_factory().closed)
    desk = Desk(record_factory, deeds_factory, gate, settings, clock, chance, Drawer(files))
    lanes = {lane: ThreadPoolExecutor(count, thread_name_prefix=f"web-{lane}") for lane, count in LANES.items()}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for pool in lanes.values():
            pool.shutdown(wait=False, cancel_futures=True)

    async def lost(request: Request, _: Exception) -> Response:
        return await _run(lanes[Lane.READING], desk.lost, await _incoming(request))

    routes = [_route(path, ways, desk, lanes) for path, ways in _by_path(doorways(press)).items()]
    routes.append(Route("/static/{tag}/{name}", _static(files)))
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: lost, 405: lost})


def _by_path(ways: Sequence[Doorway]) -> dict[str, list[Doorway]]:
    grouped: dict[str, list[Doorway]] = {}
    for way in ways:
        grouped.setdefault(way.path, []).append(way)
    return grouped


def _route(path: str, ways: Sequence[Doorway], desk: Desk, lanes: Mapping[Lane, ThreadPoolExecutor]) -> Route:
    by_method = {way.method: way for way in ways}

    async def endpoint(request: Request) -> Response:
        way = by_method["GET" if request.method == "HEAD" else request.method]
        incoming = await _incoming(request)
        if incoming is None:
            return _respond(Outgoing(413, b"This form is too large.\n", "text/plain; charset=utf-8"))
        return await _run(lanes[way.lane], desk.serve, incoming, way.page, way.open)

    return Route(path, endpoint, methods=list(by_method))


async def _run(pool: ThreadPoolExecutor, work: Callable[..., Outgoing], *arguments: object) -> Response:
    loop = asyncio.get_running_loop()
    return _respond(await loop.run_in_executor(pool, work, *arguments))


async def _incoming(request: Request) -> Incoming | None:
    form: dict[str, str] = {}
    if request.method == "POST":
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return None
        form = _form(bytes(body))
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


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_LIMIT))
    except ValueError:
        return {}


def _respond(out: Outgoing) -> Response:
    response = Response(out.body, out.status, media_type=out.media_type)
    response.headers.update(SECURITY_HEADERS)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = out.policy
    for name, value in out.headers:
        response.headers.append(name, value)
    return response


def _static(files: Mapping[str, Asset]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        asset = files.get(request.path_params["name"])
        if asset is None or asset.tag != request.path_params["tag"]:
            return Response(status_code=404, headers=SECURITY_HEADERS)
        response = Response(asset.body, media_type=asset.media_type, headers=SECURITY_HEADERS)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return endpoint
