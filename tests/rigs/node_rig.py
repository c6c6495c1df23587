"""Real nodes: the command as a person runs it, and a node as a process that can be stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codedark.errors import JournalError
from codedark.hl7 import frame
from codedark.journal import DoorClient
from codedark.node import Layout

COMMAND = [sys.executable, "-c", "from codedark.cli import main; main()"]
PATIENCE_S = 60.0
ENVIRONMENT = {"PATH": os.environ["PATH"], "NO_COLOR": "1", "COLUMNS": "160", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Done:
    """One command that ended."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def codedark(*arguments: str | Path, stdin: str = "", **environment: str) -> Done:
    """Run one command to its end, without a terminal."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=300,
        env=ENVIRONMENT | environment,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_node(folder: Path, *more: str) -> Path:
    """A demo node with one feed on any free port."""
    done = codedark(
        "init", "--facility", "Waterbury", "--zone", "America/New_York", "--code", "WTB", "--demo", "--feed", "ehr:0",
        "--web-port", str(free_port()), "--folder", folder, *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder


def message(number: int, unit: str = "4W") -> bytes:
    """One admission: patient `number` into a bed of `unit`."""
    return (
        f"MSH|^~\\&|EHR|WTB|CD|WTB|20261124030000||ADT^A01^ADT_A01|M{number}|P|2.5.1\r"
        f"EVN|A01|20261124030000\r"
        f"PID|1||{number:06}^^^WTB^MR||MARLOWE^Ada{number}||19550304|F\r"
        f"PV1|1|I|{unit}^{unit}{number:02}^1^WTB||||1^Hale^R|||||||||||V{number}\r"
    ).encode()


def say(port: int, *messages: bytes, trust: ssl.SSLContext | None = None) -> list[str]:
    """Send over MLLP (over TLS with `trust`), one connection, and return MSA-1 of each answer."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as plain:
        wire = trust.wrap_socket(plain) if trust else plain
        for each in messages:
            wire.sendall(frame(each))
            heard = b""
            while b"\x1c\r" not in heard:
                more = wire.recv(65536)
                if not more:
                    return answers
                heard += more
            answers.append(next(line.split(b"|")[1].decode() for line in heard.split(b"\r") if line.startswith(b"MSA")))
    return answers


class Running:
    """A node that runs in a process of its own."""

    def __init__(self, folder: Path, command: str = "listen", program: list[str] | None = None) -> None:
        """`program`: what is run instead of the command."""
        self.folder, self.layout = folder, Layout(folder)
        self._log = folder / "run" / f"{command}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            started = program or [*COMMAND, command, "--folder", str(folder)]
            self.process = subprocess.Popen(started, stdout=log, stderr=log, env=ENVIRONMENT)
        until = time.monotonic() + PATIENCE_S
        while not self.events("listening") or not self._answers():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < until, self._log.read_text()
            time.sleep(0.05)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        lines = [line for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [each for each in map(json.loads, lines) if each.get("event") == name]

    def wait_for(self, name: str, count: int = 1, **fields: Any) -> list[dict[str, Any]]:
        """Wait until an event was logged `count` times with these fields."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = [each for each in self.events(name) if fields.items() <= each.items()]
            if len(found) >= count:
                return found
            assert time.monotonic() < until, f"no {name} {fields} in: {self._log.read_text()}"
            time.sleep(0.05)

    @property
    def port(self) -> int:
        """Where the feed is heard."""
        return int(self.events("listening")[0]["port"])

    def child(self, role: str) -> int:
        """Process id of the newest child of a role."""
        return int(self.wait_for("child started", role=role)[-1]["pid"])

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def _answers(self) -> bool:
        door = DoorClient(self.layout.door)
        try:
            return bool(door.status())
        except JournalError:
            return False
        finally:
            door.close()


@contextmanager
def running(folder: Path, command: str = "listen") -> Iterator[Running]:
    """A running node, killed at the end if it still lives."""
    node = Running(folder, command)
    try:
        yield node
    finally:
        if node.process.poll() is None:
            node.kill()


def gone(pid: int) -> bool:
    """Wait until a process is no more (or only a zombie of somebody else)."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            if (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
