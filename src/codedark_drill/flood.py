"""Bad log-ins by the thousand: connections made and greeted beforehand, requests written as bytes made once, many in
flight on each. A process of its own; what it offered and what came back is its one line of output.

One HTTP/1.1 connection may carry several requests before the first answer (RFC 9112, section 9.3.2), which spares the
attacker everything but encryption. `sources`: so many addresses of loopback (127.0.0.0/8) it comes from.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec
import orjson

_TOKEN = re.compile(rb'name="token" value="([0-9a-f]+)"')
_NONCE = re.compile(rb"(__Host-codedark-form=[0-9a-f]+)")
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_TICK_S, _READ, _TAIL = 0.005, 1 << 18, 11
_HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01"
_NO_ANSWER = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


class FloodPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`rate`: bad log-ins a second in all, 0 = as many as are answered; `seconds` from the first one, or at most
    `limit` requests; `depth`: unanswered ones on a connection; `path`: where to."""

    host: str
    port: int
    rate: int = 10_000
    seconds: float = 30.0
    limit: int = 0
    sources: int = 16
    connections: int = 64
    depth: int = 32
    path: str = "/login"


@dataclass(slots=True)
class _Caller:
    """One connection. `request`: the bytes of its one bad log-in, over and over."""

    wire: ssl.SSLSocket
    request: bytes
    unanswered: int = 0
    unsent: bytes = b""
    tail: bytes = b""


@dataclass(slots=True)
class Told:
    """What came of it. `offered`: requests written; `answers`: by status; `cut`: connections the node ended."""

    offered: int = 0
    cut: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    connections: int = 0
    answers: dict[str, int] = field(default_factory=dict)


def offer(plan: FloodPlan) -> Told:
    """Connect, greet, then offer until the time or the limit is reached and all that was asked is answered."""
    callers = [_called(plan, index) for index in range(plan.connections)]
    told, due = Told(connections=len(callers)), 0.0
    watch = selectors.EpollSelector()
    for caller in callers:
        watch.register(caller.wire, selectors.EVENT_READ, caller)
    begun, begun_cpu = time.monotonic(), time.process_time()
    while (now := time.monotonic() - begun) < plan.seconds and not (plan.limit and told.offered >= plan.limit):
        due = plan.rate * now if plan.rate else told.offered + plan.depth * len(callers)
        _write(callers, plan, told, int(min(due, plan.limit or due)))
        _read(watch, told, _TICK_S)
    told.seconds, told.cpu_s = time.monotonic() - begun, time.process_time() - begun_cpu
    patience = time.monotonic() + 5
    while any(caller.unanswered for caller in callers if caller.wire.fileno() >= 0) and time.monotonic() < patience:
        _read(watch, told, _TICK_S)
    for caller in callers:
        caller.wire.close()
    return told


@contextmanager
def loitering(plan: FloodPlan) -> Iterator[int]:
    """Connections that only take room, held as long as this is open: every other one in half a TLS handshake, the rest
    idle after theirs. Gives how many could be opened."""
    held: list[socket.socket] = []
    for index in range(plan.connections):
        try:
            wire: socket.socket = _dialled(plan, index)
            if index % 2:
                wire.sendall(_HALF_A_HELLO)
            else:
                wire = _trusting().wrap_socket(wire)
        except OSError:
            continue
        held.append(wire)
    try:
        yield len(held)
    finally:
        for wire in held:
            wire.close()


def _dialled(plan: FloodPlan, index: int) -> socket.socket:
    source = f"127.0.{(index % plan.sources) // 250}.{(index % plan.sources) % 250 + 2}"
    return socket.create_connection((plan.host, plan.port), 20, (source, 0))


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # an attacker does not ask who it is
    return context


def _called(plan: FloodPlan, index: int) -> _Caller:
    """A connection from its own address, with a form's token of its own: every request would be looked at."""
    wire = _trusting().wrap_socket(_dialled(plan, index))
    wire.sendall(f"GET {plan.path} HTTP/1.1\r\nHost: node\r\n\r\n".encode())
    page = _whole(wire)
    token, nonce = _TOKEN.search(page), _NONCE.search(page)
    wire.setblocking(False)
    form = {"token": token[1].decode() if token else "", "login": "nurse", "password": f"wrong password {index}"}
    body = urlencode(form | {"unit": "4 West", "code": "1000-0000-0000", "claimed": "A", "witness": "B"}).encode()
    head = (
        f"POST {plan.path} HTTP/1.1\r\nHost: node\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n"
    ).encode()
    return _Caller(wire, head + b"Cookie: " + (nonce[1] if nonce else b"") + b"\r\n\r\n" + body)


def _whole(wire: ssl.SSLSocket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += _some(wire)
    said = re.search(rb"content-length: (\d+)", got, re.IGNORECASE)
    wanted = got.index(b"\r\n\r\n") + 4 + (int(said[1]) if said else 0)
    while len(got) < wanted:
        got += _some(wire)
    return got


def _some(wire: ssl.SSLSocket) -> bytes:
    chunk = wire.recv(_READ)
    if not chunk:
        raise ConnectionError("the node hung up on a greeting")
    return chunk


def _write(callers: list[_Caller], plan: FloodPlan, told: Told, due: int) -> None:
    """Bring what was offered up to `due`, a like share on every connection that has room."""
    share = max(1, (due - told.offered) // max(1, len(callers)))
    for caller in callers:
        room = min(share, due - told.offered, plan.depth - caller.unanswered)
        if room > 0 and not caller.unsent and caller.wire.fileno() >= 0:
            caller.unsent = caller.request * room
            caller.unanswered += room
            told.offered += room
        if caller.unsent:
            _send(caller, told)


def _send(caller: _Caller, told: Told) -> None:
    try:
        caller.unsent = caller.unsent[caller.wire.send(caller.unsent) :]
    except _NO_ANSWER:
        return
    except OSError:
        _over(caller, told)


def _read(watch: selectors.BaseSelector, told: Told, patience_s: float) -> None:
    for key, _ in watch.select(patience_s):
        caller: _Caller = key.data
        try:
            got = caller.wire.recv(_READ)
        except _NO_ANSWER:
            continue
        except OSError:
            got = b""
        if not got:
            watch.unregister(caller.wire)
            _over(caller, told)
            continue
        for status in _STATUS.findall(caller.tail + got):
            name = status.decode()
            told.answers[name] = told.answers.get(name, 0) + 1
            caller.unanswered -= 1
        caller.tail = got[-_TAIL:] if not _STATUS.search(got[-_TAIL:]) else b""


def _over(caller: _Caller, told: Told) -> None:
    told.cut += 1
    caller.unsent = b""
    caller.wire.close()


@contextmanager
def flooding(plan: FloodPlan) -> Iterator[subprocess.Popen[bytes]]:
    """The flood as a process of its own, its connections made when this is entered; `ended` reads what it told."""
    command = [sys.executable, "-m", "codedark_drill.flood", orjson.dumps(msgspec.to_builtins(plan)).decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def ended(process: subprocess.Popen[bytes]) -> Mapping[str, Any]:
    """What the flood told when it was over."""
    out, _ = process.communicate()
    found: dict[str, Any] = orjson.loads(out)
    return found


def still_running(process: subprocess.Popen[bytes]) -> bool:
    """Whether the flood goes on."""
    return process.poll() is None


if __name__ == "__main__":
    asked = msgspec.convert(orjson.loads(sys.argv[1]), FloodPlan)
    sys.stdout.buffer.write(orjson.dumps(offer(asked)))
