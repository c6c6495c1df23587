"""A decoder gone bad: it tries everything that a cage must deny, and says of each try whether it worked.

A trade of the cage (`prepare`), and without the cage a program of its own: `python cage_probe.py SETTINGS-AS-JSON`.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

try:
    from codedark.cage.trade import Reason, Refusal
except ImportError:  # as a program of its own it needs none
    Refusal = ValueError  # type: ignore[misc,assignment]

LIBRARY = ctypes.CDLL(None, use_errno=True)
IO_URING_SETUP, PTRACE, PROCESS_VM_READV, UNSHARE, MEMFD = 425, 101, 310, 272, 319


def _call(number: int, *arguments: Any) -> None:
    if LIBRARY.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "denied")


def _read(path: str) -> None:
    with open(path, "rb", buffering=0) as file:
        assert file.read(1)


def _write(folder: str) -> None:
    path = Path(folder) / "cage-probe"
    path.write_bytes(b"x")
    path.unlink()


def _connect(kind: int, port: int) -> None:
    with socket.socket(socket.AF_INET, kind) as outside:
        outside.connect(("127.0.0.1", port))
        outside.send(b"key")


def _connect_unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as outside:
        outside.connect(path)


def _listen() -> None:
    with socket.socket() as inside:
        inside.bind(("127.0.0.1", 0))
        inside.listen()


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _spawn() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)


def _ptrace(parent: int) -> None:
    _call(PTRACE, 16, parent, 0, 0)  # PTRACE_ATTACH
    os.waitpid(parent, 0x40000000)
    _call(PTRACE, 17, parent, 0, 0)


def _peek(parent: int, address: int) -> None:
    here = ctypes.create_string_buffer(8)
    mine = (ctypes.c_size_t * 2)(ctypes.addressof(here), 8)
    theirs = (ctypes.c_size_t * 2)(address, 8)
    _call(PROCESS_VM_READV, parent, mine, 1, theirs, 1, 0)


def _take(size: int) -> None:
    mmap.mmap(-1, size).close()


def _inherited() -> None:
    for handle in range(3, 4096):  # a test process that ran for long holds many
        try:
            os.read(handle, 0)
        except OSError:
            continue
        return
    raise OSError("none is open for reading")


def _thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def tries(settings: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What is tried, by name."""
    parent = settings["parent"]
    found: dict[str, Callable[[], object]] = {
        "read the key": lambda: _read(settings["key"]),
        "read /etc/passwd": lambda: _read("/etc/passwd"),
        "list a folder": lambda: os.listdir(settings["folder"]),
        "read the parent's environment": lambda: _read(f"/proc/{parent}/environ"),
        "open the parent's memory": lambda: os.close(os.open(f"/proc/{parent}/mem", os.O_RDONLY)),
        "look at the parent's memory": lambda: _peek(parent, settings["address"]),
        "trace the parent": lambda: _ptrace(parent),
        "signal the parent": lambda: os.kill(parent, 0),
        "read an inherited file": _inherited,
        "connect by TCP": lambda: _connect(socket.SOCK_STREAM, settings["tcp"]),
        "send by UDP": lambda: _connect(socket.SOCK_DGRAM, settings["udp"]),
        "connect to a Unix socket": lambda: _connect_unix(settings["unix"]),
        "listen": _listen,
        "a socket pair": lambda: [each.close() for each in socket.socketpair()],
        "fork": _fork,
        "run a program": _spawn,
        "start a thread": _thread,
        "write into the folder": lambda: _write(settings["folder"]),
        "write into /tmp": lambda: _write("/tmp"),
        "write into shared memory": lambda: _write("/dev/shm"),
        "write where it stands": lambda: _write("."),
        "take 4 GB": lambda: _take(4 << 30),
        "make memory executable": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_EXEC | mmap.PROT_READ).close(),
        "leave for another namespace": lambda: _call(UNSHARE, 0x04000000),
        "ring of system calls": lambda: _call(IO_URING_SETUP, 1, ctypes.create_string_buffer(120)),
        "a file in memory": lambda: _call(MEMFD, b"x", 0),
    }
    return found


def outcomes(settings: dict[str, Any]) -> dict[str, str]:
    """Each try and "done", or the class of what stopped it."""
    said = {}
    for name, attempt in tries(settings).items():
        try:
            attempt()
            said[name] = "done"
        except (OSError, MemoryError, RuntimeError, AssertionError) as error:
            said[name] = type(error).__name__
    return said


def prepare(settings: dict[str, Any]) -> Callable[[dict[str, Any], bytes], Iterator[tuple[dict[str, Any], bytes]]]:
    """The probe as a trade: `try` all of it, `burn` the processor for ever, `sleep` for ever, `lie` about a size, or
    `hoard` memory."""

    def work(head: dict[str, Any], blob: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        if head["job"] == "try":
            yield outcomes(settings), b""
        elif head["job"] == "burn":
            while True:
                pass
        elif head["job"] == "sleep":
            signal.pause() if hasattr(signal, "pause") else None
            threading.Event().wait()
        elif head["job"] == "lie":
            os.write(3, b"=" + bytes(3) + b"\x02" + b"\x7f" * 8 + b"{}")
        elif head["job"] == "babble":
            while True:
                yield {"more": "x" * 1000}, b""
        elif head["job"] == "quote":
            refusal = Refusal(Reason.LOCKED)
            refusal.reason = "it is MARLOWE Jane"  # type: ignore[assignment]
            raise refusal
        elif head["job"] == "hoard":
            held = [bytes(1 << 26) for _ in range(64)]
            yield {"held": len(held)}, b""
        elif head["job"] == "ok":
            yield {"echo": len(blob)}, b""

    return work


if __name__ == "__main__":
    print(json.dumps(outcomes(json.loads(sys.argv[1]))))
