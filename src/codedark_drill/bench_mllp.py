"""How fast messages are kept: codedark's listener, a bare receiver and the `hl7` package's server, side by side.

Each server is a process of its own; the load comes from this one. Every connection waits for its answer before it
sends the next message, as senders do, and an answer counts only when it accepts that very message. The rounds are
interleaved, so a slow spell of the disk meets all of them. codedark is measured twice: capturing while its folder of
views is halted, and with the whole of `codedark listen` at work.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

import uvloop

from .drill_node import RunningNode, found_drill_node, free_ports, lines_of
from .machine import children_of
from .sender import Line

ROUNDS = 3
_WARM_S = 0.4
_READY_S = 30.0
_HEAD = b"\x0bMSH|^~\\&|EHR|WATERBURY|CODEDARK|WATERBURY|20261124031500+0000||ADT^A08^ADT_A01|"
_TAIL = (
    b"|P|2.5.1\rEVN|A08|20261124031500\r"
    b"PID|1||1000047^^^WTB^MR~900-11-2233^^^USSSA^SS||Bench^Load^M||19530412|M||2106-3|12 Main St^^Waterbury^CT^06702"
    b"||(203)555-0147|||M||1000047001^^^WTB^AN\r"
    b"NK1|1|Bench^Kin|SPO|12 Main St^^Waterbury^CT^06702|(203)555-0148\r"
    b"PV1|1|I|4W^412^1^WTB|R|||1811122233^House^Gregory^^^^^^NPI|||MED||||7|A|||IN|V1000047^^^WTB^VN|||||||||||||||||||"
    b"||||||||20261120101500\r"
    b"PV2|||^Community acquired pneumonia||||||20261127\r"
    b"AL1|1|DA|7980^Penicillin G^RXNORM|SV|Anaphylaxis\r"
    b"DG1|1||J18.9^Pneumonia, unspecified^I10||20261120|A\rOBX|1|NM|29463-7^Body weight^LN||81.4|kg|||||F\r\x1c\r"
)

_PATIENT = b"1000047^^^WTB^MR"

BENCH_MESSAGE = (_HEAD + b"1" + _TAIL)[1:-2]
"""One message of the load, unframed."""


def message(control_id: bytes, patient: int) -> bytes:
    """The message of the load, unframed, about another patient."""
    return (_HEAD + control_id + _TAIL.replace(_PATIENT, b"%d^^^WTB^MR" % patient))[1:-2]


@dataclass(slots=True)
class Load:
    """One measurement: answers that accepted their message, and how long each took, in seconds. `heard`: all of them,
    with those before and after the time that counts."""

    seconds: float
    taken: list[float] = field(default_factory=list)
    refused: int = 0
    heard: int = 0

    def figures(self) -> dict[str, float]:
        """`ack_per_s`, `p50_ms`, `p99_ms`."""
        ordered = sorted(self.taken) or [0.0]
        return {
            "ack_per_s": round(len(self.taken) / self.seconds),
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
            "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000, 2),
        }


class _Talker(asyncio.Protocol):
    """One sender: a message, its answer, the next message."""

    def __init__(self, load: Load, control_ids: Iterator[bytes]) -> None:
        self._load, self._control_ids = load, control_ids
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._wanted = b""
        self._since = 0.0
        self.counting = self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin talking."""
        self._transport = cast(asyncio.Transport, transport)
        self._say()

    def data_received(self, data: bytes) -> None:
        """Count the answer and go on."""
        self._rest += data
        if not self._rest.endswith(b"\x1c\r"):
            return
        if self._wanted in self._rest:
            self._load.heard += 1
            if self.counting:
                self._load.taken.append(time.perf_counter() - self._since)
        else:
            self._load.refused += 1
        self._rest = b""
        if not self.ended:
            self._say()

    def _say(self) -> None:
        control_id = next(self._control_ids)
        self._wanted = b"MSA|AA|" + control_id + b"\r"
        self._since = time.perf_counter()
        if self._transport is not None:
            self._transport.write(_HEAD + control_id + _TAIL)


async def measure(line: Line, seconds: float, connections: int, control_ids: Iterator[bytes]) -> Load:
    """`connections` senders talk for so long; each says its next message when the one before is acknowledged."""
    loop = asyncio.get_running_loop()
    load = Load(seconds)
    made = [await loop.create_connection(lambda: _Talker(load, control_ids), *line) for _ in range(connections)]
    await asyncio.sleep(_WARM_S)
    for _, talker in made:
        talker.counting = True
    begun = time.perf_counter()
    await asyncio.sleep(seconds)
    load.seconds = time.perf_counter() - begun
    for _, talker in made:
        talker.counting, talker.ended = False, True
    await asyncio.sleep(0.1)
    for transport, _ in made:
        transport.close()
    return load


def run(seconds: float = 3.0, connections: int = 64) -> dict[str, Any]:
    """Figures of `ROUNDS` interleaved rounds of `seconds` each, medians over rounds.

    For "codedark", "codedark_folding", "bare" and "hl7" (absent when that package is not installed): `ack_per_s`,
    `p50_ms`, `p99_ms`. Medians of the ratio within a round: `ratio_to_bare`, `ratio_to_hl7`. Besides: `connections`,
    `message_bytes`, `refused` (answers that did not accept their message), `rounds`.
    """
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place, contextlib.ExitStack() as started:
        servers = _servers(Path(place), started)
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
        control_ids, refused = (b"%d" % number for number in count(1_000_000)), 0
        for _ in range(ROUNDS):
            for name, server in servers.items():
                with server.at_work():
                    load = uvloop.run(measure(server.line, seconds, connections, control_ids))
                rounds[name].append(load.figures())
                refused += load.refused
    medians = {name: _median(found) for name, found in rounds.items()}
    ratios = {
        f"ratio_to_{other}": round(
            statistics.median(
                ours["ack_per_s"] / max(theirs["ack_per_s"], 1)
                for ours, theirs in zip(rounds["codedark"], rounds[other], strict=True)
            ),
            3,
        )
        for other in ("bare", "hl7")
        if other in rounds
    }
    about = {"connections": connections, "message_bytes": len(_HEAD) + 7 + len(_TAIL), "refused": refused}
    return {**medians, **ratios, **about, "rounds": rounds}


def _median(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in found) for name in found[0]}


@dataclass(slots=True)
class _Server:
    line: Line
    at_work: Callable[[], contextlib.AbstractContextManager[None]]


def _servers(place: Path, started: contextlib.ExitStack) -> dict[str, _Server]:
    bare, other = free_ports(8)[-2:]
    node = place / "node"
    lines = lines_of(found_drill_node(node))
    keeper = RunningNode(node, "listen", place / "node.log")
    keeper.start()
    started.callback(keeper.stop)
    keeper.wait_ready(lines)
    servers = {
        "bare": _Server(_start(started, bare, "codedark_drill.bare_receiver", str(bare), str(place / "raw")), _alone),
        "codedark": _Server(lines["adt"], halted_views),
        "codedark_folding": _Server(lines["adt"], _alone),
    }
    with contextlib.suppress(ImportError):
        import hl7  # noqa: F401 - a package of the tests, not of the product

        servers["hl7"] = _Server(_start(started, other, "codedark_drill.bench_mllp", str(other)), _alone)
    return servers


def _start(started: contextlib.ExitStack, port: int, module: str, *arguments: str) -> Line:
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    started.callback(process.wait)
    started.callback(process.kill)
    line, until = Line("127.0.0.1", port), time.monotonic() + _READY_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(line, 0.5):
            break
        time.sleep(0.05)
    return line


def _grandchildren() -> list[int]:
    """The processes that our own children have started: those of the node beside its keeper (Linux)."""
    return [each for child in children_of(os.getpid()) for each in children_of(child)]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    yield


def halted_views() -> contextlib.AbstractContextManager[None]:
    """The node's processes beside its keeper stand still meanwhile: what is measured is capturing alone."""
    return _halted(_grandchildren())


@contextlib.contextmanager
def _halted(processes: list[int]) -> Iterator[None]:
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


async def _serve_with_hl7(port: int) -> None:
    """The `hl7` package's own MLLP server as its documentation shows it: parse, `create_ack`, nothing kept."""
    from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

    async def talk(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                message = await reader.readmessage()
                writer.writemessage(message.create_ack())
                await writer.drain()

    server = await start_hl7_server(talk, host="127.0.0.1", port=port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve_with_hl7(int(sys.argv[1])))
