"""Caged processes of one trade, lent one job at a time: a fresh one after so many jobs and after every failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from codedark.cage.frames import Frame
from codedark.cage.process import Caged
from codedark.cage.trade import Trade


class Pool:
    """Threads may share it. Whoever asks while all are at work gets one more, so that a page may be read while its
    file is still open; at most `size` idle ones are kept."""

    def __init__(self, trade: Trade, size: int = 1) -> None:
        self.trade = trade
        self._size = size
        self._lock = threading.Lock()
        self._idle: list[Caged] = []
        self._closed = False
        self.starts = 0

    def ask(self, head: dict[str, Any], blob: bytes = b"") -> Iterator[Frame]:
        """The parts of one job's answer. Raises `FileRefused`, `NoCage`. The next job is not touched by a failure."""
        caged = self._taken()
        try:
            yield from caged.ask(head, blob)
        finally:
            self._given_back(caged)

    def _taken(self) -> Caged:
        with self._lock:
            while self._idle:
                caged = self._idle.pop()
                if caged.alive:
                    return caged
                caged.end()
            self.starts += 1
        return Caged(self.trade).start()

    def _given_back(self, caged: Caged) -> None:
        with self._lock:
            spent = caged.jobs >= self.trade.limits.jobs or len(self._idle) >= self._size
            if caged.alive and not spent and not self._closed:
                self._idle.append(caged)
                return
        caged.end()

    def warm(self) -> None:
        """Start one ahead, so that the first job does not wait for it. Raises `NoCage`."""
        self._given_back(self._taken())

    def close(self) -> None:
        """End the idle ones; those at work end with their job."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for caged in idle:
            caged.end()
