"""What could not be written while charts stayed open, until it becomes an entry (architecture, decision 12)."""

from __future__ import annotations

import os
import struct
import threading
from collections import deque
from pathlib import Path

from codedark.entries import ReadingUnlogged
from codedark.journal import Draft

OWED = 1024
_TALLY = struct.Struct(">QQQ")
"""The file: count, since µs, until µs."""


class ReadingGap:
    """A count of unlogged readings, and drafts owed to the journal. Thread-safe.

    `file`: made once at its full size, then only overwritten in place, so that it can be kept while the disk is full: a
    process that dies in a gap leaves the count behind. Owed drafts are in memory. One file belongs to one process.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._since_us = self._until_us = 0
        self._owed: deque[Draft] = deque(maxlen=OWED)
        self._file = _opened(file) if file else None
        if self._file is not None:
            self._count, self._since_us, self._until_us = _read(self._file)

    @property
    def count(self) -> int:
        """Readings since the gap began; 0 = no gap."""
        return self._count

    @property
    def open(self) -> bool:
        """Whether anything is owed."""
        return bool(self._count or self._owed)

    def missed(self, now_us: int) -> None:
        """One more reading that has no entry."""
        with self._lock:
            self._since_us = self._since_us if self._count else now_us
            self._until_us = max(self._until_us, now_us)
            self._count += 1
            self._keep()

    def owe(self, draft: Draft) -> None:
        """Keep a draft (a log-in, a spent code) to be appended later. Bounded: the oldest goes when there are 1,024."""
        with self._lock:
            self._owed.append(draft)

    def take(self) -> tuple[ReadingUnlogged | None, list[Draft]]:
        """Everything owed; the gap is empty in memory afterwards. Then call `settled`, or `give_back`."""
        with self._lock:
            reading = None
            if self._count:
                reading = ReadingUnlogged(count=self._count, since_us=self._since_us, until_us=self._until_us)
            owed = list(self._owed)
            self._count, self._since_us, self._until_us = 0, 0, 0
            self._owed.clear()
            return reading, owed

    def settled(self) -> None:
        """The entry of what was taken is durable: the file may forget it."""
        with self._lock:
            self._keep()

    def give_back(self, reading: ReadingUnlogged | None, owed: list[Draft]) -> None:
        """It could not be written after all."""
        with self._lock:
            if reading:
                self._since_us = min(reading.since_us, self._since_us) if self._count else reading.since_us
                self._until_us = max(self._until_us, reading.until_us)
                self._count += reading.count
                self._keep()
            self._owed.extendleft(reversed(owed))

    def _keep(self) -> None:
        if self._file is not None:
            try:
                os.pwrite(self._file, _TALLY.pack(self._count, self._since_us, self._until_us), 0)
            except OSError:
                return  # the count stays in memory; a chart must not wait for a broken disk


def _opened(path: Path) -> int | None:
    """The file, at its full size; None where it cannot be made: then the count is in memory only."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(handle).st_size < _TALLY.size:
            os.pwrite(handle, bytes(_TALLY.size), 0)
            os.fsync(handle)
    except OSError:
        return None
    return handle


def _read(handle: int) -> tuple[int, int, int]:
    data = os.pread(handle, _TALLY.size, 0)
    if len(data) != _TALLY.size:
        return 0, 0, 0
    count, since_us, until_us = _TALLY.unpack(data)
    return count, since_us, until_us
