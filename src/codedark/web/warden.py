"""The warden: no single address may hold so many connections that nobody else finds a free one.

The HTTP server (granian) serves every connection it is given and ends an idle one only after a while: a thousand of
them, opened and left alone, would shut the door. It has no limit by address. The kernel lets a process look at its own
sockets, though, and shut them: every quarter of a second the warden counts those of the ward's port by the other end's
address and shuts what is too many, the longest quiet first. Half-open TLS handshakes are sockets too.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic

from codedark.access import neighbourhood

EVERY_S = 0.25
_SPARE = 20
"""After a round that took long there are so many times as long without one: a flood must not keep it busy."""
_INFO = struct.Struct("=8B 13I")
"""The beginning of struct tcp_info (Linux, include/uapi/linux/tcp.h): eight bytes, nine counters, then the milliseconds
since data and an acknowledgment were last sent, and since data and an acknowledgment were last received."""
_OPEN = (1, 8)
"""ESTABLISHED and CLOSE-WAIT (include/net/tcp_states.h): what we shut already is on its way out and counts no more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Connections open at once: `each` of one address (IPv6: of one /64), `most` in all. A terminal server with fifty
    people behind one address opens up to three hundred."""

    each: int = 320
    most: int = 4096


@dataclass(frozen=True, slots=True)
class Seen:
    """One open connection. `who`: the other end's neighbourhood; `quiet_ms`: since it last sent anything."""

    handle: int
    who: str
    quiet_ms: int


def surplus(seen: Iterable[Seen], bounds: Bounds) -> list[Seen]:
    """What must go: of each address what is over `each`, then, over `most` in all, of whoever holds most; the longest
    quiet first."""
    lines: dict[str, list[Seen]] = {}
    for one in sorted(seen, key=lambda one: one.quiet_ms):
        lines.setdefault(one.who, []).append(one)
    out = [one for line in lines.values() for one in line[bounds.each :]]
    kept = sorted((line[: bounds.each] for line in lines.values()), key=len)
    over, allowed = sum(map(len, kept)) - bounds.most, bounds.most
    if over <= 0:
        return out
    for left, line in zip(range(len(kept), 0, -1), kept, strict=True):
        share = min(len(line), allowed // left)
        out += line[share:]
        allowed -= share
    return out


class Warden:
    """Keeps watch over the connections of one port of this process."""

    def __init__(self, port: int, bounds: Bounds | None = None) -> None:
        self._port, self._bounds = port, bounds or Bounds()
        self.shut = 0

    def watch(self, stop: threading.Event) -> None:
        """Rounds until `stop`; for a thread of its own."""
        wait = EVERY_S
        while not stop.wait(wait):
            begun = monotonic()
            self.round()
            wait = max(EVERY_S, _SPARE * (monotonic() - begun))

    def round(self) -> int:
        """Look once; how many were shut. A handle kept open meanwhile cannot become another connection's."""
        seen = list(self._connections())
        try:
            going = surplus(seen, self._bounds)
            for one in going:
                _shut(one.handle)
        finally:
            for one in seen:
                os.close(one.handle)
        self.shut += len(going)
        return len(going)

    def _connections(self) -> Iterator[Seen]:
        mine: set[int] = set()  # a number the server let go meanwhile may be one of our own copies by now
        for number in map(int, os.listdir("/proc/self/fd")):
            handle = None if number in mine else _held(number)
            if handle is not None:
                one = self._look(handle)
                if one is None:
                    os.close(handle)
                else:
                    mine.add(handle)
                    yield one

    def _look(self, handle: int) -> Seen | None:
        """The connection behind a handle; None when it is something else, or not of our port."""
        try:
            wire = socket.socket(fileno=handle)
        except OSError:
            return None
        try:
            if wire.family not in (socket.AF_INET, socket.AF_INET6) or wire.getsockname()[1] != self._port:
                return None
            peer = wire.getpeername()[0]
            info = _INFO.unpack(wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size))
            return Seen(handle, neighbourhood(peer), info[-2]) if info[0] in _OPEN else None
        except (OSError, struct.error):
            return None
        finally:
            wire.detach()


def _held(number: int) -> int | None:
    try:
        return os.dup(number)
    except OSError:
        return None


def _shut(handle: int) -> None:
    wire = socket.socket(fileno=handle)
    try:
        wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    finally:
        wire.detach()
