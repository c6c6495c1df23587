"""The ward's pages, served over TLS from the node's own authority: reads views, appends through the keeper's door."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace

import structlog
import uvloop
from granian.server.embed import Server

from codedark.access import SERVER_FILE, SERVER_KEY_FILE, Cookies, Session, server_pair_fits
from codedark.actions import Deeds, OwedFile, ReadingGap, close_reading_gap, note_refusals
from codedark.clock import SystemClock
from codedark.errors import ConfigError, NotFound
from codedark.journal import DoorClient
from codedark.node.config import Config
from codedark.node.confine import open_many_files
from codedark.node.layout import Layout
from codedark.node.order import Order
from codedark.node.packing import Drawn, Plate, issue, kept
from codedark.node.prints import PrintShelf
from codedark.node.renewing import certificate_stamp
from codedark.node.senders import sender_ends
from codedark.node.spool import PrintRoomDesk, Spool
from codedark.node.stations import station_states
from codedark.node.timekeeping import clock_of, take_over
from codedark.views import Record, ViewStore
from codedark.web import Porter, Warden, WebSettings, create_app, make_server

_LOOK_S = 0.25
_SETTLE_S = 20.0
_PRINT_S = 1.0
_APPEND_S = 3.0
"""Longer than this no chart waits for its own log: it opens unlogged."""


class SharedChance:
    """The operating system's random source, safe to share between threads."""

    def bytes(self, count: int) -> bytes:
        """`count` bytes of `os.urandom`."""
        return os.urandom(count)


def show(layout: Layout, order: Order, stop: threading.Event, log: structlog.typing.FilteringBoundLogger) -> None:
    """Serve until `stop`. Waits for the first views; takes up a renewed certificate."""
    config, clock, chance = Config.load(layout.root), clock_of(layout), SharedChance()
    open_many_files()
    nobody_listens(config.web.host, config.web.port)
    store = _first_views(layout, order, stop)
    if store is None:
        return
    record, door = Record(store), DoorClient(layout.door, timeout_s=_APPEND_S)
    deeds = Deeds(append=door.append, record=record, clock=clock, chance=chance, gap=_gap(layout, order))
    threading.Thread(target=_settle, args=(deeds, layout, clock, stop), name="settle", daemon=True).start()
    shelf = PrintShelf(layout.prints, order.views_key)
    plate = Plate(
        config, order.sheet_key, order.key_generation, layout.journal, shelf, order.facility_public, order.pack_key
    )

    def issued(deeds: Deeds, session: Session, unit: str, paper: str) -> Drawn:
        return kept(issue(deeds, session, unit, plate, door.checkpoint().note, paper), layout, deeds, plate)

    printing = PrintRoomDesk(Spool.of(layout.root, order.views_key, config.printer), issued)
    threading.Thread(target=_print, args=(printing.spool, stop, log), name="printing", daemon=True).start()

    app = create_app(
        lambda: record,
        lambda: deeds,
        Cookies(order.cookie_key),
        replace(_settings(config, order, layout), printing=printing),
        clock,
        chance,
        press=lambda *asked: issued(*asked).pdf,
    )
    gc.collect()
    gc.freeze()  # what is here now stays: the collector need not look at it again for every page
    uvloop.run(_serve(app, layout, config, stop, log, lambda: note_refusals(deeds, ending=True)))


def _gap(layout: Layout, order: Order) -> ReadingGap:
    """What could not be written, also by an earlier process. Without a file it is kept in memory alone."""
    try:
        owed = OwedFile(layout.owed, order.cookie_key)
    except OSError:
        owed = None
    return ReadingGap(layout.gap, owed)


def nobody_listens(host: str, port: int) -> None:
    """Raise ConfigError when the port is taken. The server shares its port with whoever asks (SO_REUSEPORT): without
    this, two nodes on one port would each get half of the ward's requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"web: {host}:{port} cannot be used: {error.strerror}", hint="Choose another port in codedark.toml."
            ) from error


def _settle(deeds: Deeds, layout: Layout, clock: SystemClock, stop: threading.Event) -> None:
    """What is owed to the journal is written also when nobody comes; what a person said of the clock is heard."""
    while not stop.wait(_SETTLE_S):
        take_over(layout, clock)
        note_refusals(deeds)
        close_reading_gap(deeds)


def _print(spool: Spool, stop: threading.Event, log: structlog.typing.FilteringBoundLogger) -> None:
    """What waits goes to its printer; one printer that stands still keeps the pages of nobody from the screen."""
    while not stop.wait(_PRINT_S):
        try:
            spool.round()
        except OSError as error:
            log.error("printing failed", error=type(error).__name__)


def _settings(config: Config, order: Order, layout: Layout) -> WebSettings:
    return WebSettings(
        form_key=order.form_key,
        sheet_key=order.sheet_key,
        key_id=str(order.key_generation),
        facility=config.facility.name,
        zone=config.facility.zone,
        demo=config.node.demo,
        paper=config.packs.paper,
        prints=PrintShelf(layout.prints, order.views_key).pages,
        stations=lambda: station_states(layout, config),
        sender_ends=lambda: sender_ends(layout),
    )


def _first_views(layout: Layout, order: Order, stop: threading.Event) -> ViewStore | None:
    """The views, as soon as the folder has made the first ones."""
    while not stop.is_set():
        try:
            return ViewStore.open(layout.views, order.views_key, readonly=True)
        except NotFound:
            stop.wait(_LOOK_S)
    return None


def _server(app: Porter, layout: Layout, config: Config) -> Server:
    return make_server(app, config.web.host, config.web.port, layout.keys / SERVER_FILE, layout.keys / SERVER_KEY_FILE)


async def _closed(server: Server, task: asyncio.Task[None]) -> None:
    server.stop()  # type: ignore[no-untyped-call]
    await task


async def _serve(
    app: Porter,
    layout: Layout,
    config: Config,
    stop: threading.Event,
    log: structlog.typing.FilteringBoundLogger,
    last: Callable[[], None],
) -> None:
    stamp, server = certificate_stamp(layout), _server(app, layout, config)
    threading.Thread(target=Warden(config.web.port).watch, args=(stop,), name="warden", daemon=True).start()
    task = asyncio.create_task(server.serve())
    log.info("pages open", port=config.web.port)
    try:
        while not stop.is_set() and not task.done():
            await asyncio.sleep(_LOOK_S)
            if certificate_stamp(layout) != stamp and server_pair_fits(layout.keys):
                stamp, before = certificate_stamp(layout), (server, task)
                server = _server(app, layout, config)
                task = asyncio.create_task(server.serve())  # they share the port: the door is never shut
                await asyncio.sleep(_LOOK_S)
                await _closed(*before)
                log.info("pages open with a renewed certificate")
    finally:
        app.close()
        await asyncio.to_thread(last)  # the door stands open until this process has ended
        await _closed(server, task)
