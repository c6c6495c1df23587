"""What the keeper tells a process it starts: written once to its stdin, never in argv or the environment.

The pipe stays open: its end is how a child learns that the keeper is gone.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable
from typing import BinaryIO

import msgspec

_SIZE = struct.Struct(">I")


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """A child's work and exactly the keys it needs: no role is given a key of another."""

    folder: str
    facility_secrets: tuple[str, ...] = ()
    views_key: bytes = b""
    cookie_key: bytes = b""
    form_key: bytes = b""
    sheet_key: bytes = b""
    facility_public: str = ""
    pack_key: bytes = b""
    pack_public: tuple[bytes, ...] = ()
    key_generation: int = 1

    def __repr__(self) -> str:
        return f"Order({self.folder!r})"

    def packed(self) -> bytes:
        """The bytes for the child's stdin."""
        data = msgspec.msgpack.encode(self)
        return _SIZE.pack(len(data)) + data


def read_order(pipe: BinaryIO) -> Order:
    """The order on stdin; EOFError when the keeper went before giving it."""
    head = pipe.read(_SIZE.size)
    if len(head) != _SIZE.size:
        raise EOFError("no order came")
    data = pipe.read(_SIZE.unpack(head)[0])
    return msgspec.msgpack.decode(data, type=Order)


def watch_keeper(pipe: BinaryIO, gone: Callable[[], None]) -> None:
    """Call `gone` (on a thread) when the keeper's end of the pipe closes."""

    def wait() -> None:
        """Read until the other end is closed."""
        try:
            while os.read(pipe.fileno(), 1):
                continue
        except OSError:
            return
        gone()

    threading.Thread(target=wait, name="keeper-watch", daemon=True).start()
