"""A process beside the one that folds: memory of its own, ends with its parent, works on while the other does.

`DigestBeside` takes the digest of a views file as it is now, while new views are made. The key goes there by a pipe.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

import msgspec

from codedark.errors import CodedarkError
from codedark.views.digest import digest
from codedark.views.store import ViewStore

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _SIGTERM = 1, 4, 15
_OPEN = b"open\n"


def two_cores() -> bool:
    """Whether a second process can truly work beside this one."""
    return len(os.sched_getaffinity(0)) > 1


def begun(module: str) -> subprocess.Popen[bytes]:
    """`main()` of a module of this room in a process of its own, joined by two pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from codedark.views.{module} import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def keep_private() -> None:
    """No core dump, no reading of this memory by others of the same account, end with the parent (prctl(2))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        system = ctypes.CDLL(None, use_errno=True)
        system.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        system.prctl(_PR_SET_PDEATHSIG, _SIGTERM, 0, 0, 0)


class _Order(msgspec.Struct, array_like=True):
    folder: str
    file: str
    key: bytes


class DigestBeside:
    """The digest of a store's present file, taken by another process. Returns once that process holds the file open, so
    that it may be replaced meanwhile."""

    def __init__(self, store: ViewStore) -> None:
        self._child = begun("beside")
        assert self._child.stdin is not None and self._child.stdout is not None  # noqa: PT018 - both were asked for
        order = _Order(str(store.folder), store.path.name, store.key)
        with contextlib.suppress(OSError):
            self._child.stdin.write(msgspec.msgpack.encode(order))
            self._child.stdin.close()
        self._held = self._child.stdout.readline() == _OPEN

    def result(self) -> str:
        """The digest; waits for it. Raises `CodedarkError` when the process did not come to it."""
        assert self._child.stdout is not None
        said = self._child.stdout.read().decode("ascii", "replace").strip()
        self._child.stdout.close()
        if self._child.wait() or not self._held or len(said) != 64:
            raise CodedarkError(
                "the views in use could not be read for their digest", hint="Run `codedark rebuild` again."
            )
        return said


def main() -> None:
    """The process: an order on stdin, "open" and then the digest on stdout."""
    keep_private()
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Order)
    store = ViewStore(Path(order.folder), order.key, order.file, readonly=True, follow=False)
    with store.reading():
        sys.stdout.buffer.write(_OPEN)
        sys.stdout.buffer.flush()
        sys.stdout.buffer.write(digest(store).encode())
    store.close()
