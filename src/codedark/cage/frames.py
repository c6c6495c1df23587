"""The pipe between a cage and its owner: frames of a kind, a JSON head and a blob, both with their sizes in front.

    frame = kind (1 byte) ‖ head size (4 bytes, big-endian) ‖ blob size (8 bytes, big-endian) ‖ head ‖ blob
    owner → cage   "?" a job
    cage → owner   "+" the walls that stand · "=" a part of the answer · "." its end · "!" a refusal, in the head

The owner reads as from an enemy: it says beforehand how large each part may be, and nothing is unpickled or evaluated.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

_SIZES = struct.Struct(">cIQ")


class BadAnswer(Exception):
    """The other side ended, or said something longer than it may, or not in this form."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `kind`: one of ``? + = . !``; `head`: JSON; `blob`: pixels, a file, or nothing."""

    kind: bytes
    head: bytes
    blob: bytes | bytearray = field(default=b"", repr=False)


def write_frame(sink: BinaryIO, kind: bytes, head: bytes, blob: bytes | bytearray | memoryview = b"") -> None:
    """One frame, flushed. Raises OSError when nobody reads."""
    sink.write(_SIZES.pack(kind, len(head), len(blob)))
    sink.write(head)
    sink.write(blob)
    sink.flush()


def read_frame(source: BinaryIO, *, head_limit: int, blob_limit: int) -> Frame:
    """The next frame. Raises `BadAnswer` at the end, and before reading anything larger than its limit (bytes)."""
    kind, head, blob = _SIZES.unpack(_exactly(source, _SIZES.size))
    if kind not in (b"?", b"+", b"=", b".", b"!"):
        raise BadAnswer("a frame of no known kind")
    if head > head_limit or blob > blob_limit:
        raise BadAnswer("a frame larger than it may be")
    return Frame(kind, bytes(_exactly(source, head)), _exactly(source, blob))


def _exactly(source: BinaryIO, size: int) -> bytearray:
    """`size` bytes; the memory grows as they come, so a size that is only claimed costs nothing."""
    body = bytearray()
    while len(body) < size:
        chunk = source.read(min(size - len(body), 1 << 20))
        if not chunk:
            raise BadAnswer("it ended")
        body += chunk
    return body
