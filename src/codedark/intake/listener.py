"""The listener: declared feeds on their ports, connections admitted or refused, counts kept, a clean stop."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from codedark.access import WARNED_DAYS, certificate_end_us
from codedark.clock import US_PER_S, Clock
from codedark.entries import FeedHeard, draft_of
from codedark.errors import AppendFailed, ConfigError
from codedark.intake.connection import Connection, Room, Submit
from codedark.intake.feeds import Allowance, FeedDeclaration, Tally
from codedark.intake.handshakes import count_failures
from codedark.journal import Draft, Receipt

SWEEP_S = 0.5
HEARD_EVERY_US = 60 * US_PER_S
WARN_EVERY_US = 60 * US_PER_S
STOP_WITHIN_S = 5.0
DAY_US = 86_400 * US_PER_S
UNFINISHED_BYTES_MAX = 256 * 1024 * 1024
BACKLOG = 512

Handed = Sequence[tuple[Callable[[Receipt | AppendFailed], None], Receipt | AppendFailed]]


def deliver_on(loop: asyncio.AbstractEventLoop) -> Callable[[Handed], None]:
    """What `Journal.open(deliver=…)` needs so that results arrive on the loop's thread, one wake-up a batch."""

    def deliver(batch: Handed) -> None:
        loop.call_soon_threadsafe(_hand_out, batch)

    return deliver


def _hand_out(batch: Handed) -> None:
    for done, result in batch:
        done(result)


class _Endpoint:
    """One listening socket; several feeds may share it when their peers differ. It is the host of its connections."""

    def __init__(self, listener: Listener, feeds: list[FeedDeclaration]) -> None:
        self.feeds = feeds
        self.submit, self.mac, self.clock, self.room = listener.submit, listener.mac, listener.clock, listener.room
        self.warn: Callable[[str, str], None] = listener.warn
        self.see = listener.see
        self.connections: dict[Connection, FeedDeclaration] = {}
        self.tallies = listener.tallies
        self.server: asyncio.Server | None = None

    def admit(self, connection: Connection, transport: asyncio.Transport) -> tuple[FeedDeclaration, Tally] | None:
        """The declared feed of this peer, while it has connections left; else the refusal is counted."""
        address = (transport.get_extra_info("peername") or ("",))[0]
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        for feed in self.feeds:
            if feed.admits(address, certificate) and self._open(feed) < feed.connections_max:
                self.connections[connection] = feed
                self.tallies[feed.name].connects += 1
                if certificate is not None:
                    self.see(feed.name, certificate)
                sock: socket.socket | None = transport.get_extra_info("socket")
                if sock is not None:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                return feed, self.tallies[feed.name]
        self.tallies[self.feeds[0].name].refusals += 1
        return None

    def leave(self, connection: Connection) -> None:
        """Forget a closed connection."""
        self.connections.pop(connection, None)

    def _open(self, feed: FeedDeclaration) -> int:
        return sum(f is feed for f in self.connections.values())


class Listener:
    """Hears every declared feed and appends what comes. Belongs to one event loop.

    `submit`: the journal's; its results must come on the loop's thread (`deliver_on`). `mac`: the journal's keyed MAC.
    `unfinished_max`: bytes that the unfinished and the waiting frames of all connections may hold together. `warn`:
    told of what somebody should look after, as (event, feed), at most once a minute for each. `sweep_s`: seconds
    between two looks at what waits.
    """

    def __init__(
        self, feeds: Iterable[FeedDeclaration], submit: Submit, mac: Callable[[bytes], bytes], clock: Clock,
        *, unfinished_max: int = UNFINISHED_BYTES_MAX, warn: Callable[[str, str], None] = lambda event, feed: None,
        sweep_s: float = SWEEP_S,
    ) -> None:  # fmt: skip
        self.room = Room(unfinished_max)
        self.submit, self.mac, self.clock = submit, mac, clock
        self.ports: dict[str, int] = {}
        """Feed name → the port it is heard on."""
        self.ends: dict[str, int] = {}
        """Feed name → end of the certificate that its peer showed last, µs UTC."""
        now, steady = clock.now_us(), clock.steady_us()
        self._feeds = list(feeds)
        self.tallies = {
            feed.name: Tally(feed.name, now, steady, Allowance(feed.hourly_bytes, steady)) for feed in self._feeds
        }
        self._sweep_s = sweep_s
        self._warn, self._warned = warn, dict[tuple[str, str], int]()
        self._endpoints: list[_Endpoint] = []
        self._sweeper: asyncio.Task[None] | None = None

    def warn(self, event: str, feed: str) -> None:
        """Say it, unless it was said within the last minute."""
        steady = self.clock.steady_us()
        if steady - self._warned.get((event, feed), -WARN_EVERY_US) >= WARN_EVERY_US:
            self._warned[event, feed] = steady
            self._warn(event, feed)

    def see(self, feed: str, certificate: bytes) -> None:
        """Note when the certificate (DER) ends that a peer of this feed showed; say so two weeks before, and after. It
        is heard in any case: a date must not silence a feed."""
        end = certificate_end_us(certificate)
        if end is None:
            return
        self.ends[feed] = end
        left = end - self.clock.now_us()
        if left < 0:
            self.warn("the certificate of a peer has ended", feed)
        elif left < WARNED_DAYS * DAY_US:
            self.warn("the certificate of a peer ends within two weeks", feed)

    async def start(self) -> None:
        """Open every port. Raises ConfigError when one cannot be opened, or feeds of one port differ in TLS."""
        places: dict[tuple[str, int, int], list[FeedDeclaration]] = {}
        for number, feed in enumerate(self._feeds):
            # Feeds on "any free port" each get their own.
            places.setdefault((feed.host, feed.port, 0 if feed.port else number), []).append(feed)
        try:
            for (host, port, _), feeds in places.items():
                await self._open(host, port, feeds)
        except OSError as error:
            await self.stop()
            hint = "Choose a free port and an address of this machine in codedark.toml."
            raise ConfigError(f"cannot listen on {host} port {port}: {error.strerror}", hint=hint) from error
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Accept no more, answer what is under way (at most 5 s), close, write the last counts."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for endpoint in self._endpoints:
            if endpoint.server is not None:
                endpoint.server.close()
            for connection in list(endpoint.connections):
                connection.end()
        rounds = int(STOP_WITHIN_S / 0.02)
        while rounds and any(not c.idle for e in self._endpoints for c in e.connections):
            rounds -= 1
            await asyncio.sleep(0.02)
        for endpoint in self._endpoints:
            for connection in list(endpoint.connections):
                if not connection.idle:
                    connection.drop()
        await self._write_last_counts()
        self._endpoints.clear()

    def _refused(self, feed: str, what: str) -> None:
        """A TLS handshake came to nothing: it counts as any other refusal."""
        self.tallies[feed].refusals += 1
        self.warn(what, feed)

    async def _open(self, host: str, port: int, feeds: list[FeedDeclaration]) -> None:
        if any(feed.tls is not feeds[0].tls for feed in feeds):
            raise ConfigError(f"feeds on port {port} differ in TLS", hint="Give each of them a port of its own.")
        if feeds[0].tls is not None:
            count_failures(feeds[0].tls, partial(self._refused, feeds[0].name))
        endpoint = _Endpoint(self, feeds)
        server = await asyncio.get_running_loop().create_server(
            partial(Connection, endpoint), host, port, ssl=feeds[0].tls, backlog=BACKLOG
        )
        endpoint.server = server
        self._endpoints.append(endpoint)
        for feed in feeds:
            self.ports[feed.name] = server.sockets[0].getsockname()[1]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_s)
            steady = self.clock.steady_us()
            for endpoint in self._endpoints:
                for connection in list(endpoint.connections):
                    connection.sweep(steady)
            for tally in self.tallies.values():
                if tally and steady - tally.steady_us >= HEARD_EVERY_US:
                    self._write_counts(tally, _nothing)

    def _write_counts(self, tally: Tally, then: Callable[[], None]) -> None:
        payload = tally.close(self.clock.now_us(), self.clock.steady_us())

        def done(result: Receipt | AppendFailed) -> None:
            if isinstance(result, AppendFailed):
                tally.give_back(payload)
            then()

        self.submit(_heard(payload), done)

    async def _write_last_counts(self) -> None:
        loop = asyncio.get_running_loop()
        waits: list[asyncio.Future[None]] = []
        for tally in self.tallies.values():
            if tally:
                wait = loop.create_future()
                waits.append(wait)
                self._write_counts(tally, partial(_resolve, wait))
        if waits:
            await asyncio.wait(waits, timeout=STOP_WITHIN_S)


def _heard(payload: FeedHeard) -> Draft:
    return draft_of(payload, source=f"feed:{payload.feed}")


def _nothing() -> None:
    """Nobody waits for this append."""


def _resolve(wait: asyncio.Future[None]) -> None:
    if not wait.done():
        wait.set_result(None)
