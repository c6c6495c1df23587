"""MLLP frames: a stream of bytes in, whole frames and reported garbage out.

Source: HL7 Minimal Lower Layer Protocol, Release 1: a frame is `0x0B` content `0x1C 0x0D`; Release 2 adds a block that
says that the one before it is kept. Tolerated beyond it: a
missing `0x0D` when the next frame's `0x0B` follows at once, and white space between frames. What is decided depends
on the bytes alone, never on how they were cut into chunks.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

START = b"\x0b"
END = b"\x1c"
PREFIX_LIMIT = 4096
"""Bytes of a refused frame that are kept for a person to look at."""
DEFAULT_LIMIT = 32 * 1024 * 1024
"""Bytes of one frame unless the feed declares another limit."""

_BLANK = b"\r\n\t \x00"
_HEADS = tuple(
    bom + head
    for head, boms in (
        (b"MSH", (b"", b"\xef\xbb\xbf")),
        (b"FHS", (b"", b"\xef\xbb\xbf")),
        (b"BHS", (b"", b"\xef\xbb\xbf")),
        ("MSH".encode("utf-16-le"), (b"", b"\xff\xfe")),
        ("MSH".encode("utf-16-be"), (b"", b"\xfe\xff")),
    )
    for bom in boms
)
_LOOK = max(map(len, _HEADS))

COMMITTED, NOT_COMMITTED = b"\x0b\x06\x1c\r", b"\x0b\x15\x1c\r"
"""The commit acknowledgment blocks of MLLP Release 2, as they go over the wire: the content before is kept, or not."""
COMMITS = (b"\x06", b"\x15")
"""Their content, as a `Deframer` returns it."""

Frame = bytes
"""The content of one frame, byte for byte, without `0x0B` and `0x1C 0x0D`."""


class Garbage(NamedTuple):
    """Bytes that are not a usable frame. `prefix`: at most 4096 of them (of XML all); `length`: how many there were;
    `digest`: SHA-256 of all of them (never written down unkeyed); `reason`: "not a frame" (outside a frame, or one that
    never ended before the next began) or "oversize"; `complete`: it was a whole frame, so its sender waits for an
    answer."""

    prefix: bytes
    length: int
    digest: bytes
    reason: str
    complete: bool

    @classmethod
    def of(cls, content: bytes, reason: str, *, whole: bool = False) -> Garbage:
        """A whole frame that is refused for what stands in it. `whole`: all of it is kept, not its beginning alone."""
        return cls(
            content if whole else content[:PREFIX_LIMIT], len(content), hashlib.sha256(content).digest(), reason, True
        )


class _Heap:
    """Bytes being thrown away: counted and hashed, only the prefix is held."""

    __slots__ = ("blank", "hash", "length", "prefix")

    def __init__(self) -> None:
        self.prefix = b""
        self.length = 0
        self.hash = hashlib.sha256()
        self.blank = True

    def add(self, data: bytes | bytearray) -> None:
        if len(self.prefix) < PREFIX_LIMIT:
            self.prefix += bytes(data[: PREFIX_LIMIT - len(self.prefix)])
        self.length += len(data)
        self.hash.update(data)
        self.blank = self.blank and not data.strip(_BLANK)

    def close(self, reason: str, *, complete: bool) -> Garbage:
        return Garbage(self.prefix, self.length, self.hash.digest(), reason, complete)


def frame(content: bytes) -> bytes:
    """The content wrapped as one MLLP frame."""
    return b"\x0b" + content + b"\x1c\r"


class Deframer:
    """Finds frames in a stream, in memory bounded by `limit` whatever the other side sends.

    A frame longer than `limit` bytes is reported as oversize when it ends; the next frame is read as usual. A frame
    that never ends is given up when another one visibly begins (`0x0B` before MSH, FHS or BHS), so a good frame is
    never lost because a bad one is near it.
    """

    __slots__ = ("_buffer", "_heap", "_inside", "_outside", "_scan", "limit")

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._inside = False
        self._scan = 0
        self._heap: _Heap | None = None
        self._outside: _Heap | None = None

    @property
    def pending(self) -> int:
        """Bytes held that are not yet a frame."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Frame | Garbage]:
        """Every frame and every piece of garbage that this chunk completes, in order."""
        if not self._inside and self._outside is None and chunk[:1] == b"\x0b":
            end = len(chunk) - 2
            alone = chunk.find(END, 1) == end and chunk.find(START, 1) < 0
            if alone and chunk[end + 1] == 13 and end <= self.limit:
                return [chunk[1:end]]
        self._buffer += chunk
        out: list[Frame | Garbage] = []
        while self._buffer and (self._step_inside(out) if self._inside else self._step_outside(out)):
            pass
        return out

    def settle(self) -> list[Frame | Garbage]:
        """Call after a silence: a frame that lacks only its last `0x0D` counts as ended."""
        if self._inside and self._buffer[-1:] == END:
            return self.feed(b"\r")
        return []

    def finish(self) -> list[Frame | Garbage]:
        """Call when the stream has ended: what is left, as garbage."""
        out = self.settle()
        heap = self._heap or self._outside or _Heap()
        heap.add(self._buffer)
        self._buffer.clear()
        if not heap.blank:
            out.append(heap.close("oversize" if self._heap else "not a frame", complete=False))
        self._inside, self._heap, self._outside, self._scan = False, None, None, 0
        return out

    def _step_outside(self, out: list[Frame | Garbage]) -> bool:
        at = self._buffer.find(START)
        stray = self._buffer[: at if at >= 0 else len(self._buffer)]
        if stray:
            self._throw(stray, out)
        if at < 0:
            self._buffer.clear()
            return False
        if self._outside is not None:
            if not self._outside.blank:
                out.append(self._outside.close("not a frame", complete=False))
            self._outside = None
        del self._buffer[: at + 1]
        self._inside, self._scan = True, 0
        return True

    def _throw(self, stray: bytearray, out: list[Frame | Garbage]) -> None:
        """Count bytes outside frames; every `limit` of them make one report, so none is held back for ever."""
        while stray:
            heap = self._outside = self._outside or _Heap()
            room = max(self.limit, PREFIX_LIMIT) - heap.length
            heap.add(stray[:room])
            stray = stray[room:]
            if stray:
                if not heap.blank:
                    out.append(heap.close("not a frame", complete=False))
                self._outside = None

    def _step_inside(self, out: list[Frame | Garbage]) -> bool:
        buffer = self._buffer
        end, start = buffer.find(END, self._scan), buffer.find(START, self._scan)
        while end >= 0 or start >= 0:
            at = end if start < 0 or 0 <= end < start else start
            known = self._is_end(at) if at == end else self._is_restart(at)
            if known is None:
                self._scan = at
                return self._trim(at)
            if known:
                self._close_frame(at, out, ended=at == end)
                return True
            self._scan = at + 1
            if at == end:
                end = buffer.find(END, self._scan)
            else:
                start = buffer.find(START, self._scan)
        self._scan = len(buffer)
        return self._trim(self._scan)

    def _is_end(self, at: int) -> bool | None:
        after = self._buffer[at + 1 : at + 2]
        return None if not after else after in (b"\r", START)

    def _is_restart(self, at: int) -> bool | None:
        ahead = bytes(self._buffer[at + 1 : at + 1 + _LOOK])
        if ahead.startswith(_HEADS):
            return True
        undecided = len(self._buffer) - at - 1 < _LOOK and any(head.startswith(ahead) for head in _HEADS)
        return None if undecided else False

    def _trim(self, settled: int) -> bool:
        """Move bytes that can no longer end this frame out of memory once it is over the limit."""
        if settled > self.limit or (self._heap is not None and settled):
            heap = self._heap = self._heap or _Heap()
            heap.add(self._buffer[:settled])
            del self._buffer[:settled]
            self._scan = 0
        return False

    def _close_frame(self, at: int, out: list[Frame | Garbage], *, ended: bool) -> None:
        body = bytes(self._buffer[:at])
        heap, self._heap = self._heap, None
        oversize = heap is not None or len(body) > self.limit
        if oversize or not ended:
            heap = heap or _Heap()
            heap.add(body)
            out.append(heap.close("oversize" if oversize else "not a frame", complete=ended))
        else:
            out.append(body)
        skip = 2 if ended and self._buffer[at + 1 : at + 2] == b"\r" else (1 if ended else 0)
        del self._buffer[: at + skip]
        self._inside, self._scan = False, 0
