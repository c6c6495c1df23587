"""Fair lanes: so many threads, so many waiting, and whoever waits gets a turn after each of the others had one.

A pool of threads alone serves whoever asks most. Here everybody who waits stands in a line of their own (a session, or
an address without one), the lines take turns, and a newcomer is never behind more than one request of each other line.
Belongs to one event loop; nothing in here is shared between threads.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

_Result = TypeVar("_Result")
_Line = deque["asyncio.Future[None]"]


class Crowded(Exception):
    """Too many wait already: nothing was done, and the one who asked is told so at once."""


@dataclass(frozen=True, slots=True)
class Width:
    """How much one lane takes. `threads` work at once; `waiting` may wait, `each` of one line; `nice`: how far its
    threads stand back when others want the processor (0 not at all, 19 most)."""

    threads: int
    waiting: int
    each: int
    nice: int = 0


class FairLane:
    """One lane. `run` from the event loop only."""

    def __init__(self, name: str, width: Width) -> None:
        self.width = width
        self._pool = ThreadPoolExecutor(
            width.threads, thread_name_prefix=f"web-{name}", initializer=_stand_back, initargs=(width.nice,)
        )
        self._busy = 0
        self._waiting = 0
        self._lines: OrderedDict[str, _Line] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting

    def full(self, who: str) -> bool:
        """Whether one more of `who` would be refused now."""
        if self._busy < self.width.threads:
            return False
        mine = len(self._line(who))
        return mine >= self.width.each or (self._waiting >= self.width.waiting and len(self._longest()[1]) <= mine + 1)

    async def run(self, who: str, work: Callable[..., _Result], *arguments: object) -> _Result:
        """Do `work` in a thread of this lane when it is `who`'s turn. Raises `Crowded`."""
        await self._turn(who)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._next()

    def close(self) -> None:
        """Take no more and let go of everybody who waits; what runs ends by itself."""
        while self._lines:
            who, line = self._longest()
            self._drop(who, line.pop(), line)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, who: str) -> None:
        if self._busy < self.width.threads:
            self._busy += 1
            return
        if self.full(who):
            raise Crowded
        if self._waiting >= self.width.waiting:
            self._displace()
        place = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append(place)
        self._waiting += 1
        try:
            await place
        except asyncio.CancelledError:
            self._leave(who, place)
            raise

    def _line(self, who: str) -> _Line:
        return self._lines.get(who, deque())

    def _longest(self) -> tuple[str, _Line]:
        return max(self._lines.items(), key=lambda line: len(line[1]), default=("", deque()))

    def _displace(self) -> None:
        """The longest line gives up its last place to one that has fewer."""
        who, line = self._longest()
        self._drop(who, line.pop(), line)

    def _drop(self, who: str, place: asyncio.Future[None], line: _Line) -> None:
        self._waiting -= 1
        if not line:
            del self._lines[who]
        if not place.done():
            place.set_exception(Crowded())

    def _leave(self, who: str, place: asyncio.Future[None]) -> None:
        line = self._lines.get(who)
        if line is not None and place in line:
            line.remove(place)
            self._drop(who, place, line)
        elif place.done() and not place.cancelled() and place.exception() is None:
            self._next()  # the turn had come at that very moment: it goes to the next one

    def _next(self) -> None:
        """Hand this turn to the line that has waited longest for one."""
        while self._lines:
            who, line = next(iter(self._lines.items()))
            place = line.popleft()
            self._waiting -= 1
            self._lines.move_to_end(who)
            if not line:
                del self._lines[who]
            if not place.done():
                place.set_result(None)
                return
        self._busy -= 1


def _stand_back(nice: int) -> None:
    """Linux counts niceness by thread, so a lane of hashes can leave the processor to the lane of charts."""
    if nice:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
