"""The keeper: hears the feeds, writes the journal, opens the door, and keeps the other processes running.

One process, one event loop (uvloop); the journal's own writer thread commits. It is the only process that appends.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import structlog
import uvloop

from codedark.access import FACILITY_FILE, KeysAtRest, NodeKeys, load_node_keys, server_context
from codedark.clock import Chance, SystemChance, SystemClock
from codedark.errors import CodedarkError
from codedark.intake import FeedDeclaration, Listener, deliver_on
from codedark.journal import Door, Journal, Outcome
from codedark.node.children import Child, Role, end, launch
from codedark.node.config import Config, Feed
from codedark.node.confine import keep_memory_private
from codedark.node.folding import settle_views
from codedark.node.founding import feed_changes
from codedark.node.layout import Layout
from codedark.node.lock import NodeLock
from codedark.node.log import start_log, where
from codedark.node.order import Order
from codedark.node.renewing import renew_when_due, take_new_pair
from codedark.node.reports import ReportRounds
from codedark.node.senders import remember_ends
from codedark.node.timekeeping import clock_of, keep_time
from codedark.node.witnessing import fork_drafts
from codedark.paper import pack_signer
from codedark.views import Record, ViewStore

_INBOX_S = 5.0
_TIME_S = 5.0
_KEYS_S = 1.0
_EAGER = 4
"""Rounds after new reports in which they are tried: the views follow the journal a moment later."""

Ready = Callable[[dict[str, int]], None]


def serve(folder: Path, *, ready: Ready | None = None) -> None:
    """Run the whole node until SIGTERM or SIGINT: keeper, folder of views, ward's pages, packs by timer.

    `ready` is called once with the port of each feed (and "web") when everything is open.
    Raises `Locked` when another node has the folder, `ConfigError`, `JournalError`.
    """
    _run(folder, True, ready)


def listen(folder: Path, *, ready: Ready | None = None) -> None:
    """The same without the ward's pages."""
    _run(folder, False, ready)


def _run(folder: Path, with_web: bool, ready: Ready | None) -> None:
    keep_memory_private()
    layout, config = Layout(folder.resolve()), Config.load(folder)
    log = start_log("keeper")
    with NodeLock(layout.lock):
        keys = load_node_keys(layout.root, _credentials())
        uvloop.run(Keeper(layout, config, keys, log).run(with_web, ready))


def _credentials() -> Path | None:
    place = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(place) if place else None


def declaration(feed: Feed, layout: Layout) -> FeedDeclaration:
    """What the listener must know of a feed in codedark.toml."""
    clients = layout.root / feed.clients if feed.clients else None
    return FeedDeclaration(
        name=feed.name,
        host=feed.host,
        port=feed.port,
        peers=feed.peers,
        frame_limit=feed.frame_limit,
        hourly_bytes=feed.quota_mb_per_hour << 20,
        expected_s=feed.expected_s,
        carries=feed.carries,
        tls=server_context(layout.keys, clients) if feed.tls else None,
        certificates=feed.certificates,
        application_answer=feed.application_answer,
        commit_blocks=feed.mllp_release == 2,
    )


def orders(layout: Layout, keys: NodeKeys) -> dict[str, Order]:
    """What each child is told: its own keys, nobody else's."""
    root, generation, views_key = str(layout.root), keys.generation, keys.views_key
    form_key = hmac.digest(keys.cookie_key, b"codedark form tokens v1", "sha256")
    return {
        "fold": Order(root, facility_secrets=keys.facility_secrets, views_key=views_key),
        "web": Order(
            root, views_key=views_key, cookie_key=keys.cookie_key, form_key=form_key, sheet_key=keys.sheet_key,
            key_generation=generation, facility_public=keys.facility_public, pack_key=keys.pack_keys[-1],
        ),
        "packs": Order(
            root, views_key=views_key, sheet_key=keys.sheet_key, key_generation=generation,
            facility_public=keys.facility_public, pack_key=keys.pack_keys[-1],
        ),
        "exports": Order(root),
        "stations": Order(
            root, pack_public=tuple(pack_signer(keys.facility, seed).public_key for seed in keys.pack_keys)
        ),
    }  # fmt: skip


class Keeper:
    """One run of a node."""

    def __init__(
        self, layout: Layout, config: Config, keys: NodeKeys, log: structlog.typing.FilteringBoundLogger,
        clock: SystemClock | None = None,
    ) -> None:  # fmt: skip
        self.layout, self.config, self.keys, self.log = layout, config, keys, log
        self.clock: SystemClock = clock or clock_of(layout)
        self.chance: Chance = SystemChance()
        self._orders = orders(layout, keys)
        self._drawing: asyncio.subprocess.Process | None = None
        self._contexts: list[ssl.SSLContext] = []

    async def run(self, with_web: bool, ready: Ready | None) -> None:
        """Open everything, wait for a signal, close everything in the opposite order."""
        stop = _stop_signal()
        keep_time(self.layout, self.clock)  # before any other process looks
        self._renew()
        journal = self._open_journal(asyncio.get_running_loop())
        door = Door(journal, self.layout.door)
        feeds = [declaration(feed, self.layout) for feed in self.config.feed]
        self._contexts = [feed.tls for feed in feeds if feed.tls is not None]
        listener = Listener(
            feeds, journal.submit, journal.mac, self.clock, warn=lambda event, feed: self.log.warning(event, feed=feed)
        )
        children = [Child(Role(name, self._orders[name]), self.log) for name in self._roles(with_web)]
        tasks: list[asyncio.Task[None]] = []
        try:
            await asyncio.to_thread(settle_views, self.layout, self.keys)
            await asyncio.to_thread(self._declare, journal)
            await door.serve()
            await listener.start()
            for child in children:
                child.start()
            rounds = (self._time(listener), self._packs_by_timer(), self._witnesses(journal), self._reports(journal))
            tasks = [asyncio.create_task(each) for each in (*rounds, self._rotation(journal, children))]
            self._say_ready(listener, with_web, ready)
            await stop.wait()
        finally:
            self.log.info("stopping")
            await listener.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*(child.stop() for child in children), end(self._drawing))
            await door.close()
            journal.close()
            self.log.info("stopped")

    def _roles(self, with_web: bool) -> tuple[str, ...]:
        """The children that must not stay away."""
        wanted = {
            "web": with_web,
            "stations": bool(self.config.station),
            "exports": any(ehr.every_min for ehr in self.config.ehr),
        }
        return ("fold", *(name for name, is_wanted in wanted.items() if is_wanted))

    def _open_journal(self, loop: asyncio.AbstractEventLoop) -> Journal:
        return Journal.open(
            self.layout.journal, self.keys.sealing(), self.clock, self.chance, deliver=deliver_on(loop),
            origins=self.layout.origins,
        )  # fmt: skip

    def _declare(self, journal: Journal) -> None:
        """Enter what codedark.toml says of its feeds and the views do not know yet. Twice is harmless."""
        try:
            store = ViewStore.open(self.layout.views, self.keys.views_key, readonly=True)
        except CodedarkError:
            settings: dict[str, object] = {}
        else:
            settings = dict(Record(store).settings())
            store.close()
        changes = feed_changes(self.config, settings)
        if changes:
            journal.append_all(changes)
            self.log.info("feeds declared", count=len(changes))

    def _say_ready(self, listener: Listener, with_web: bool, ready: Ready | None) -> None:
        ports = dict(listener.ports)
        for name, port in ports.items():
            self.log.info("listening", feed=name, port=port)
        if with_web:
            ports["web"] = self.config.web.port
        if ready:
            ready(ports)

    def _renew(self) -> None:
        """The node's certificate, before it runs out: senders see it here, the pages' process sees the new file."""
        try:
            if renew_when_due(self.layout, self.clock, self.chance):
                for context in self._contexts:
                    take_new_pair(self.layout, context)
                self.log.info("certificate renewed")
        except (CodedarkError, OSError) as error:  # capture goes on without it
            self.log.error("certificate not renewed", error=type(error).__name__, where=where(error))

    async def _time(self, listener: Listener) -> None:
        """Keep what is believed of the time, say once when the clock is no longer trusted, and when it is again; and
        what depends on it: our certificate, and what is remembered of those of senders.
        """
        trusted = True
        while True:
            keep_time(self.layout, self.clock)
            if self.clock.trusted() is not trusted:
                trusted = not trusted
                self.log.warning("clock trusted again" if trusted else "clock not trusted")
            self._renew()
            remember_ends(self.layout, listener.ends)
            await asyncio.sleep(_TIME_S)

    async def _witnesses(self, journal: Journal) -> None:
        """A proof that this chain was cloned or rolled back becomes an entry: from then on nothing is sent home."""
        while True:
            try:
                drafts = await asyncio.to_thread(fork_drafts, self.layout.journal)
                for receipt in await asyncio.to_thread(journal.append_all, drafts):
                    if receipt.outcome is not Outcome.SAME:
                        self.log.error("fork found", position=receipt.position)
            except CodedarkError as error:
                self.log.error("witness notes not read", error=error.slug, where=where(error))
            await asyncio.sleep(_INBOX_S)

    async def _reports(self, journal: Journal) -> None:
        """Print reports from the watched folders; whose they are, as soon as the record can tell."""
        rounds = ReportRounds(
            self.layout,
            self.config,
            lambda: self.keys.views_key,
            journal.append,
            self.clock,
            self.chance,
            journal.statement.id.hex(),
        )
        eager = 0
        while True:
            await asyncio.sleep(rounds.every_s)
            eager -= 1
            for folder in rounds.folders:
                try:
                    found = await asyncio.to_thread(rounds.look, folder)
                except (CodedarkError, OSError) as error:
                    self.log.error("reports not taken", feed=folder.name, error=type(error).__name__)
                    continue
                if found.files:
                    eager = _EAGER
                    self.log.info("reports taken", feed=folder.name, count=found.entries)
            try:
                await asyncio.to_thread(rounds.tie, now=eager > 0)
            except CodedarkError as error:
                self.log.error("reports not tied", error=error.slug)

    async def _rotation(self, journal: Journal, children: list[Child]) -> None:
        """A new generation of the facility key is taken up while the feeds go on being heard."""
        path, seen = self.layout.keys / FACILITY_FILE, _stamp(self.layout.keys / FACILITY_FILE)
        while self.keys.at_rest is KeysAtRest.FILE:
            await asyncio.sleep(_KEYS_S)
            stamp = _stamp(path)
            if stamp == seen:
                continue
            seen = stamp
            try:
                keys = await asyncio.to_thread(load_node_keys, self.layout.root)
            except CodedarkError as error:
                self.log.error("facility key not read", error=error.slug, where=where(error))
                continue
            if keys.generation > self.keys.generation:
                await self._take_up(keys, journal, children)

    async def _take_up(self, keys: NodeKeys, journal: Journal, children: list[Child]) -> None:
        """New epochs are sealed to the new key from now on; whoever reads views starts anew with the new ones."""
        await asyncio.to_thread(journal.reseal, keys.sealing())
        self.keys, self._orders = keys, orders(self.layout, keys)
        await asyncio.gather(*(child.stop() for child in children), end(self._drawing))
        await asyncio.to_thread(settle_views, self.layout, keys)
        for child in children:
            child.role = Role(child.role.name, self._orders[child.role.name])
            child.start()
        self.log.info("facility key taken up", count=keys.generation)

    async def _packs_by_timer(self) -> None:
        """Draft packs of every unit, one short-lived process each time: what it leaks, the end of it returns."""
        every = self.config.packs.every_min * 60
        while every:
            await asyncio.sleep(every)
            self._drawing = await launch(Role("packs", self._orders["packs"]))
            code = await self._drawing.wait()
            if code:
                self.log.error("packs failed", code=code)


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is put in place of another; (0, 0) when there is none."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return state.st_mtime_ns, state.st_ino


def _stop_signal() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
