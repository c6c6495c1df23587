"""Long stretches of a chain, hashed in one tight loop, by this process or by several beside each other.

A stretch either says what its entries come to, or nothing. It never says what is wrong: whoever gets nothing looks at
those entries one by one (`verification.Checker`) and finds position and reason. So speed here changes no verdict.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from codedark.errors import JournalError
from codedark.journal import header as h
from codedark.journal.reader import UNREADABLE, JournalReader
from codedark.journal.tiles import WIDTH, edge_of, tree_of
from codedark.journal.volume import PART, ScannedRow

STRETCH = 32 * WIDTH
"""Entries of a stretch: below READ_MAX, because a long read pins SQLite's write-ahead log."""
BESIDE = 16 * STRETCH
"""So many entries are worth a process of their own."""
_FIELDS = struct.Struct(">60sq24xB20xQ")  # all before recorded_at, recorded_at, clock, length
_POSITION = struct.Struct(">Q")
_FRAME = struct.Struct(">I")
_NICE = 5  # a keeper on the same machine goes first
_WORK = "from codedark.journal.stretches import work; work()"


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """What the entries `first` … `end` − 1 come to when each of them fits the one before it and its own hash.

    `previous`, `previous_at`: hash and µs UTC of the entry before them, on which all this rests; `last`, `last_at`: of
    the last one; `counts`: entries by kind; `roots`: one for each tile; `edges`: for each size asked for, the roots of
    the full subtrees over the leaves of the tile that is not full at that size.
    """

    first: int
    end: int
    previous: bytes
    previous_at: int
    last: bytes
    last_at: int
    counts: dict[str, int]
    roots: list[bytes]
    edges: dict[int, list[bytes]]


class Order(msgspec.Struct, frozen=True):
    """What a process is to do: every `step`-th stretch of `folder` from stretch `index` on, below `end` entries."""

    folder: str
    end: int
    index: int
    step: int
    sizes: tuple[int, ...]


Hashed = Callable[[int], Stretch | None]
"""From the first position of a stretch to what it comes to. To be asked for one stretch after the other."""


@contextmanager
def hashing(reader: JournalReader, end: int, sizes: Iterable[int], processes: int) -> Iterator[Hashed]:
    """Hash all whole stretches below `end`. `sizes`: those whose edges are wanted beside those of kept checkpoints."""
    stops = tuple(sizes)
    if processes < 2:
        yield lambda first: hash_stretch(reader, first, first + STRETCH, stops)
        return
    with ExitStack() as begun:
        pipes = [_begin(Order(str(reader.folder), end, n, processes, stops), begun) for n in range(processes)]
        turn = count()
        yield lambda _first: _read(pipes[next(turn) % processes])


def processes_for(entries: int, wanted: int | None = None) -> int:
    """How many processes hash a journal of that size: one for each core when there is work for them."""
    return wanted or max(1, min(len(os.sched_getaffinity(0)), entries // BESIDE))


def hash_stretch(reader: JournalReader, first: int, end: int, sizes: tuple[int, ...] = ()) -> Stretch | None:
    """Hash whole tiles; None when anything in them is not as it should be, or cannot be read."""
    try:
        stops = {kept.size for kept, _ in reader.kept(first, end)}.union(s for s in sizes if first < s <= end)
        hasher = _Hasher(reader, first)
        roots, edges, rows = [], {}, reader.scan(first, end)
        for number in range(first // WIDTH, end // WIDTH):
            leaves = hasher.take(islice(rows, WIDTH))
            if len(leaves) != WIDTH or reader.tile(0, number) != b"".join(leaves):
                return None
            roots.append(tree_of(leaves))
            for size in stops:
                if number < size / WIDTH <= number + 1:
                    edges[size] = edge_of(leaves[: size % WIDTH])
        return hasher.stretch(end, roots, edges)
    except (*UNREADABLE, JournalError, TypeError, ValueError, struct.error):
        return None


class _Hasher:
    """Walks rows in order. What it gives is only good when `take` gave as many leaves as there were to be."""

    def __init__(self, reader: JournalReader, first: int) -> None:
        self._origin, self._further = reader.statement.id, reader.further_parts
        self._position, self._previous, self._at = first, reader.statement.first_previous, -(1 << 63)
        if first:
            ((_, header, _, self._previous, _),) = reader.scan(first - 1, first)
            self._at = _FIELDS.unpack_from(header)[1]
        self._before = first, self._previous, self._at
        self._ends: dict[bytes, int] = {}
        self._kinds: dict[bytes, str] = {}

    def take(self, rows: Iterable[ScannedRow]) -> list[bytes]:
        """The leaf hashes of the rows up to the first that does not fit."""
        position, previous, at, origin = self._position, self._previous, self._at, self._origin
        ends, fields, number, leaves = self._ends, _FIELDS.unpack_from, _POSITION.pack, list[bytes]()
        for place, header, nonce, digest, ciphertext in rows:
            if ciphertext is None:
                break
            before, dated, clock, length = fields(header)
            if length > PART:
                ciphertext += self._further(position)
            if (
                before != b"CDJ1" + number(position) + origin + previous
                or place != position
                or dated < at
                or clock > 1
                or length != len(ciphertext)
                or len(nonce) != 12
                or sha256(header + nonce + ciphertext).digest() != digest
            ):
                break
            leaves.append(sha256(b"\0" + digest).digest())
            previous, at, position = digest, dated, position + 1
            end = header[121:]
            if end in ends:
                ends[end] += 1
            else:
                ends[end], self._kinds[end] = 1, h.decode(header).kind
        self._position, self._previous, self._at = position, previous, at
        return leaves

    def stretch(self, end: int, roots: list[bytes], edges: dict[int, list[bytes]]) -> Stretch:
        """What was taken."""
        counts: dict[str, int] = {}
        for tail, entries in self._ends.items():
            counts[self._kinds[tail]] = counts.get(self._kinds[tail], 0) + entries
        first, previous, at = self._before
        return Stretch(first, end, previous, at, self._previous, self._at, counts, roots, edges)


def _begin(order: Order, begun: ExitStack) -> BinaryIO | None:
    """Start a process; None when this machine gives none. What a process does not answer is looked at closely, here, so
    nobody needs to hear why."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    begun.callback(process.wait)
    begun.callback(process.kill)
    assert process.stdin is not None
    assert process.stdout is not None
    begun.callback(process.stdout.close)
    with suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(msgspec.msgpack.encode(order))
    return process.stdout  # type: ignore[return-value]


def _read(pipe: BinaryIO | None) -> Stretch | None:
    head = pipe.read(_FRAME.size) if pipe else b""
    if pipe is None or len(head) != _FRAME.size:
        return None
    try:
        return msgspec.msgpack.decode(pipe.read(*_FRAME.unpack(head)), type=Stretch | None)
    except msgspec.DecodeError:
        return None


def work() -> None:
    """What a process beside does: stretch after stretch to stdout, until all are done or nobody reads any more."""
    os.nice(_NICE)
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    reader = JournalReader.open(Path(order.folder))
    hashed = partial(hash_stretch, reader, sizes=order.sizes)
    try:
        for first in range(order.index * STRETCH, order.end - STRETCH + 1, order.step * STRETCH):
            data = msgspec.msgpack.encode(hashed(first, first + STRETCH))
            sys.stdout.buffer.write(_FRAME.pack(len(data)) + data)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)
