"""Printers, the plain way: a folder, a raw socket, a queue of this machine, a USB device. No print server is needed.

A printer is what a configuration file declares; nothing found in data ever names one (security.md, decision 5). What is
sent is the PDF as it is: a socket or device must belong to a printer that takes PDF, as ward printers of the last ten
years do; a CUPS queue takes it for any printer it has a driver for.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import stat
import subprocess  # nosec B404 - one fixed program, no shell
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from codedark.errors import ConfigError, PackError

_RAW_PORT = 9100
_CONNECT_S, _STALLED_S, _LP_S, _GOODBYE_S = 10.0, 60.0, 60.0, 5.0
_PIECE = 65_536
_QUEUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}")
_JOB = re.compile(r"[A-Za-z0-9._-]{1,120}")


class Printer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[printer]]` One printer that may be printed on. Nothing else is ever sent to."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,47}$")]
    """Its name here, as people call it."""
    kind: Literal["folder", "raw", "lp", "device"]
    """folder: a PDF is laid there; raw: a socket that takes PDF (port 9100); lp: a CUPS queue of this machine; device:
    a USB printer's device file that takes PDF."""
    to: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    """The folder (absolute or relative to the node's), host or host:port, queue, or device file."""

    def check(self, name: str) -> None:
        """Raise ConfigError for what no type says. `name`: of the file, for the message."""
        if self.kind == "lp" and not _QUEUE.fullmatch(self.to):
            raise ConfigError(f"{name}: {self.to!r} is no queue of CUPS", hint="`lpstat -e` lists the queues.")
        if self.kind == "raw":
            _address(self.to)


def send(printer: Printer, pdf: bytes, job: str, folder: Path) -> None:
    """Hand a PDF to a printer; returns when all of it was taken. `job`: a file's name without anything about anybody;
    `folder`: what a relative path is relative to. Raises PackError: what was not taken, and why."""
    if not _JOB.fullmatch(job):
        raise PackError("a print job has no such name")
    ways: dict[str, Callable[[], None]] = {
        "folder": lambda: _lay(folder / printer.to, pdf, job),
        "raw": lambda: _push(*_address(printer.to), pdf),
        "lp": lambda: _queue(printer.to, pdf),
        "device": lambda: _feed(folder / printer.to, pdf),
    }
    try:
        ways[printer.kind]()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise PackError(f"printer {printer.name} did not take it: {why}", hint=_NEXT) from error


_NEXT = "Look at the printer: power, paper, cable. Then print again, or choose another one."


def _lay(place: Path, pdf: bytes, job: str) -> None:
    part = place / f".{job}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place / f"{job}.pdf")
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _push(host: str, port: int, pdf: bytes) -> None:
    with socket.create_connection((host, port), timeout=_CONNECT_S) as wire:
        wire.settimeout(_STALLED_S)
        wire.sendall(pdf)
        wire.shutdown(socket.SHUT_WR)
        wire.settimeout(_GOODBYE_S)
        with contextlib.suppress(TimeoutError):  # a printer closes when it has all of it; some never do
            wire.recv(1)


def _queue(queue: str, pdf: bytes) -> None:
    command = ["lp", "-d", queue, "-t", "codedark pack", "-o", "print-scaling=none", "-"]
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    try:
        done = subprocess.run(command, input=pdf, capture_output=True, timeout=_LP_S, env=env)  # nosec B603
    except subprocess.TimeoutExpired as error:
        raise PackError("CUPS does not answer", hint=_NEXT) from error
    if done.returncode:
        raise PackError(f"CUPS did not take it (lp ended with {done.returncode})", hint="`lpstat -p` says why.")


def _feed(device: Path, pdf: bytes) -> None:
    handle = os.open(device, os.O_WRONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISCHR(os.fstat(handle).st_mode):
            raise PackError("this is no printer's device file", hint="It is often /dev/usb/lp0.")
        rest = memoryview(pdf)
        while rest:
            if not select.select([], [handle], [], _STALLED_S)[1]:
                raise PackError("the printer takes no more", hint=_NEXT)
            rest = rest[os.write(handle, rest[:_PIECE]) :]
    finally:
        os.close(handle)


def _address(text: str) -> tuple[str, int]:
    host, found, port = text.rpartition(":")
    if not found or text.endswith("]") or (":" in host.strip("[]") and not host.startswith("[")):
        host, port = text, str(_RAW_PORT)
    if not host.strip("[]") or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ConfigError(f"{text!r} is no address of a printer", hint="Write it as 10.1.2.3:9100.")
    return host.strip("[]"), int(port)
