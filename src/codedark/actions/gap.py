"""What could not be written while charts stayed open, until it becomes an entry (architecture, decision 12)."""

from __future__ import annotations

import os
import struct
import threading
from collections import deque
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from codedark.actions.owed import OwedFile
from codedark.entries import ReadingUnlogged
from codedark.journal import Draft, Once

OWED, SPENT = 1024, "unit.code.used"
_TALLY = struct.Struct(">QQQ")
"""The file: count, since µs, until µs."""


class ReadingGap:
    """A count of unlogged readings, and drafts owed to the journal. Thread-safe.

    `file`: made once at its full size, then only overwritten in place, so that it can be kept while the disk is full: a
    process that dies in a gap leaves the count behind. `owed`: the same for the drafts. A file belongs to one process.
    """

    def __init__(self, file: Path | None = None, owed: OwedFile | None = None) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._since_us = self._until_us = 0
        self._owed: deque[Draft] = deque()
        self._file = _opened(file) if file else None
        self._kept = owed
        if self._file is not None:
            self._count, self._since_us, self._until_us = _read(self._file)
        if owed is not None:
            self._owed.extend(owed.found)

    def owed(self, kind: str) -> list[Draft]:
        """The drafts of a kind that the journal does not have yet."""
        with self._lock:
            return [draft for draft in self._owed if draft.kind == kind]

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
        """Keep a draft (a log-in, a spent code) to be appended later, durably where there is a file for it.

        It is appended once, also when a restart finds it a second time. Of 1,024 the oldest goes, but never a spent
        code: there are ten of each unit.
        """
        if draft.once is None:
            draft = replace(draft, once=Once("owed", sha256(draft.kind.encode() + draft.payload).hexdigest()))
        with self._lock:
            self._owed.append(draft)
            if len(self._owed) > OWED:
                self._owed.remove(next((one for one in self._owed if one.kind != SPENT), draft))
            if self._kept is not None:
                self._kept.add(draft)

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

    def paid(self) -> None:
        """Every draft that was taken is in the journal: the file may forget them."""
        with self._lock:
            if self._kept is not None:
                self._kept.keep(self._owed)

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
