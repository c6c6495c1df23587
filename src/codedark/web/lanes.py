"""Fair lanes: so many threads, so many waiting, and whoever waits gets a turn after each of the others had one.

A pool of threads alone serves whoever asks most. Here everybody who waits stands in a line of their own (a session, or
an address without one), the lines take turns, and a newcomer is never behind more than one request of each other line.
Belongs to one event loop; nothing in here is shared between threads.
"""

from __future__ import annotations

import asyncio
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
    """How much one lane takes. `threads` work at once; `waiting` may wait, `each` of one line."""

    threads: int
    waiting: int
    each: int


class FairLane:
    """One lane. `run` from the event loop only."""

    def __init__(self, name: str, width: Width) -> None:
        self.width = width
        self._pool = ThreadPoolExecutor(width.threads, thread_name_prefix=f"web-{name}")
        self._busy = 0
        self._waiting = 0
        self._lines: OrderedDict[str, _Line] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting

    async def run(self, who: str, work: Callable[..., _Result], *arguments: object) -> _Result:
        """Do `work` in a thread of this lane when it is `who`'s turn. Raises `Crowded`."""
        await self._turn(who)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._next()

    def close(self) -> None:
        """Take no more; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn(self, who: str) -> None:
        if self._busy < self.width.threads:
            self._busy += 1
            return
        mine = self._line(who)
        if len(mine) >= self.width.each or (self._waiting >= self.width.waiting and not self._displaced(len(mine))):
            raise Crowded
        place = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, mine).append(place)
        self._waiting += 1
        try:
            await place
        except asyncio.CancelledError:
            self._leave(who, place)
            raise

    def _line(self, who: str) -> _Line:
        return self._lines.get(who, deque())

    def _displaced(self, mine: int) -> bool:
        """Whether the longest line gave up its last place to one that has fewer."""
        who, longest = max(self._lines.items(), key=lambda line: len(line[1]), default=("", deque()))
        if len(longest) <= mine + 1:
            return False
        self._drop(who, longest.pop(), longest)
        return True

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
