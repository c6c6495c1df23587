"""The node that drills, benches and fault tests use: founded with `--demo` rules, started as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codedark.clock import SystemChance, SystemClock
from codedark.errors import ConfigError
from codedark.node import Config, Facility, Feed, Node, Packs, Web, found

from .samples import FEED as FILES
from .sender import Line
from .speech import FEEDS

_CARRIES = {
    "adt": ("adt", "allergies"),
    "orders": ("orders",),
    "mar": ("mar",),
    "lab": ("results",),
    "vitals": ("vitals",),
    "files": (),
}
_EXPECTED_S = {"adt": 900, "orders": 900, "mar": 900, "lab": 1800, "vitals": 600, "files": 0}
_FIRST_PORT, _WEB_PORT = 2575, 8443
_READY_S, _GRACE_S = 60.0, 20.0


def codedark(*arguments: str) -> list[str]:
    """The command line that runs `codedark` with this Python, wherever it is installed."""
    return [sys.executable, "-c", "from codedark.cli import main; main()", *arguments]


def drill_config(name: str, zone: str, code: str, usual_ports: bool) -> Config:
    """A demo node's file: the five feeds of the simulated hospital and one for files, on ports that are free now."""
    names = (*FEEDS, FILES)
    ports = free_ports(len(names) + 1, usual_ports)
    feeds = tuple(
        Feed(name=feed, port=port, carries=_CARRIES[feed], expected_s=_EXPECTED_S[feed])
        for feed, port in zip(names, ports, strict=False)
    )
    return Config(
        facility=Facility(id=name.lower().replace(" ", "-"), name=name, zone=zone, code=code),
        node=Node(demo=True),
        web=Web(port=(usual_ports and _free(_WEB_PORT)) or ports[-1]),
        packs=Packs(paper="letter", plain=True),  # invented patients, and a visitor wants to look at the sheets
        feed=feeds,
    )


def found_drill_node(
    folder: Path,
    *,
    name: str = "Waterbury",
    zone: str = "America/New_York",
    code: str = "WTB",
    usual_ports: bool = False,
) -> Config:
    """Found a demo node in an empty folder. `usual_ports`: 2575 and so on where they are free, which several nodes on
    one machine would quarrel about; else any. Raises `ConfigError` when something is there already."""
    config = drill_config(name, zone, code, usual_ports)
    found(folder, config, SystemClock(), SystemChance())
    return config


def lines_of(config: Config) -> Mapping[str, Line]:
    """Where each feed of a node is heard."""
    return {feed.name: Line(feed.host, feed.port) for feed in config.feed}


def free_ports(count: int, usual: bool = False) -> list[int]:
    """`count` TCP ports of this machine on which nobody listens; `usual`: from 2575 on where they are free."""
    ports = [port for port in range(_FIRST_PORT, _FIRST_PORT + count) if _free(port)] if usual else []
    with contextlib.ExitStack() as held:
        while len(ports) < count:
            probe = held.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    return ports


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


@dataclass(slots=True)
class RunningNode:
    """`codedark serve` or `codedark listen` as a process group of its own. `log`: where its stderr goes."""

    folder: Path
    command: str = "serve"
    log: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _said_before: int = field(default=0, repr=False)

    @property
    def pid(self) -> int:
        """The keeper's process id; 0 before the start."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and return at once."""
        with open(self.log or os.devnull, "ab") as log:
            self._said_before = log.tell()
            self._process = subprocess.Popen(
                codedark(self.command, "--folder", str(self.folder)), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def wait_ready(self, lines: Mapping[str, Line]) -> None:
        """Until it has said itself that every feed is heard: that somebody takes calls on a port proves nothing.

        Needs `log`. Raises `ConfigError` when the process ends first or a minute passes.
        """
        until = time.monotonic() + _READY_S
        wanted = [f"feed {name}: MLLP on port {line.port}" for name, line in lines.items()]
        while not all(line in self._said() for line in wanted):
            if self._process is None or self._process.poll() is not None or time.monotonic() > until:
                raise ConfigError(
                    f"the node did not start; see {self.log}", hint="Run `codedark doctor` on its folder."
                )
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to every process of the node, as a crash would."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and a while to put things away; then SIGKILL."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        self.kill()

    def wait(self) -> int:
        """Until it ends by itself; its exit code."""
        return self._process.wait() if self._process is not None else 0

    def _said(self) -> str:
        return self.log.read_bytes()[self._said_before :].decode("utf-8", "replace") if self.log is not None else ""

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
