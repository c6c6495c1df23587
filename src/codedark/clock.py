"""Time and chance, handed in and never reached for.

Every function that needs the time takes a `Clock`; every function that needs randomness takes a `Chance`. The
system versions are made once, in `node.py` and the command line; tests and the drill hand in seeded ones, so a
whole hospital runs in one thread from one seed.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

US_PER_S = 1_000_000
JUMP_US = 5 * US_PER_S
"""A wall clock that moves this much more or less than the monotonic one has jumped (security.md, decision 10)."""


class Clock(Protocol):
    """What tells the time. `now_us`: µs since 1970 UTC by the wall clock; `steady_us`: µs that never step."""

    @property
    def boot(self) -> bytes:
        """16 bytes that change at every start of the machine or of the simulation."""
        ...

    def now_us(self) -> int:
        """The wall clock, µs UTC. May jump, may step back."""
        ...

    def steady_us(self) -> int:
        """A clock that only moves forward, µs from an arbitrary start."""
        ...

    def trusted(self) -> bool:
        """False while the wall clock disagrees with the steady one, until it is set right or a person says it is."""
        ...

    def believed_us(self) -> int:
        """The wall clock while it is trusted; else what it said before it jumped, carried on by the steady clock."""
        ...


class Chance(Protocol):
    """What gives random bytes."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes (predictable ones from a seed in tests and drills)."""
        ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a node's processes hold the wall clock against. `wall_us` was believed when the steady clock of `boot` said
    `steady_us`; `seen_us`: the latest time that was believed since; `sure`: False when the machine came back with a
    clock behind that, so that `wall_us` is only the earliest it can be: nothing but a person's word ends that."""

    boot: bytes
    wall_us: int
    steady_us: int
    seen_us: int
    sure: bool = True


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)  # unlike the monotonic clock it counts a machine's sleep


class SystemClock:
    """The clock of the machine, held against its steady clock. Thread-safe.

    `anchor`: of an earlier process of this node. In the same boot a step in between is seen; in a later boot a clock
    that is behind what was seen is not believed. `wall`, `steady`: ns, the machine's own.
    """

    def __init__(
        self,
        anchor: Anchor | None = None,
        *,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = _boottime_ns,
        boot: bytes | None = None,
    ) -> None:
        self._wall, self._steady = wall, steady
        self._boot = boot or _boot_id()
        if anchor is None or anchor.boot != self._boot:
            now, seen = self.now_us(), anchor.seen_us if anchor else 0
            behind = now < seen - JUMP_US
            believed = seen if behind else now
            # doubt is not ended by starting the machine once more
            sure = not behind and (anchor is None or anchor.sure)
            anchor = Anchor(self._boot, believed, self.steady_us(), believed, sure)
        self._anchor = anchor

    @property
    def boot(self) -> bytes:
        """Linux's boot id where there is one, else chosen at process start."""
        return self._boot

    def now_us(self) -> int:
        """µs since 1970 UTC."""
        return self._wall() // 1000

    def steady_us(self) -> int:
        """µs of `CLOCK_BOOTTIME`."""
        return self._steady() // 1000

    def trusted(self) -> bool:
        """False while the wall clock is not where the anchor and the steady clock say it must be."""
        return self._anchor.sure and abs(self.now_us() - self._expected_us()) <= JUMP_US

    def believed_us(self) -> int:
        """The wall clock while it is trusted, else where it must be."""
        return self.now_us() if self.trusted() else self._expected_us()

    def anchor(self) -> Anchor:
        """For the next process: the anchor, with the time believed now."""
        return replace(self._anchor, seen_us=max(self._anchor.seen_us, self.believed_us()))

    def hold_against(self, anchor: Anchor) -> None:
        """Take another anchor: somebody said that the clock is right. One of another boot is ignored."""
        if anchor.boot == self._boot:
            self._anchor = anchor

    def righted(self) -> Anchor:
        """The anchor that says: the wall clock is right now."""
        now = self.now_us()
        return Anchor(self._boot, now, self.steady_us(), now)

    def _expected_us(self) -> int:
        return self._anchor.wall_us + self.steady_us() - self._anchor.steady_us


class SeededClock:
    """A clock that moves only when told to: for tests and drills."""

    def __init__(self, start_us: int = 1_790_000_000 * US_PER_S, *, boot: bytes = b"seeded-boot-0001") -> None:
        self._now = self._start = start_us
        self._steady = 0
        self._trusted = True
        self._boot = boot

    @property
    def boot(self) -> bytes:
        """The boot id given at the start."""
        return self._boot

    def now_us(self) -> int:
        """The time it was last moved to."""
        return self._now

    def steady_us(self) -> int:
        """The sum of all forward moves."""
        return self._steady

    def trusted(self) -> bool:
        """False after `jump`."""
        return self._trusted

    def believed_us(self) -> int:
        """`now_us`, without what it jumped."""
        return self._now if self._trusted else self._start + self._steady

    def advance(self, us: int) -> None:
        """Let `us` µs pass on both clocks."""
        self._now += us
        self._steady += us

    def jump(self, us: int) -> None:
        """Step the wall clock alone, as a bad time source would."""
        self._now += us
        self._trusted = False


class SystemChance:
    """The operating system's random source, read in blocks because nonces are small and many."""

    _BLOCK = 12_288

    def __init__(self) -> None:
        self._pool = b""
        self._at = 0

    def bytes(self, count: int) -> bytes:
        """`count` bytes of `os.urandom`, each handed out once. Not safe to share between threads."""
        if count > self._BLOCK:
            return os.urandom(count)
        if self._at + count > len(self._pool):
            self._pool, self._at = os.urandom(self._BLOCK), 0
        start, self._at = self._at, self._at + count
        return self._pool[start : self._at]


class SeededChance:
    """The same bytes for the same seed (SHA-256 in counter mode). Never for a real node."""

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed).encode()
        self._count = 0
        self._pool = b""

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes of the stream."""
        while len(self._pool) < count:
            self._pool += hashlib.sha256(self._seed + b"/" + str(self._count).encode()).digest()
            self._count += 1
        out, self._pool = self._pool[:count], self._pool[count:]
        return out


def _boot_id() -> bytes:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return bytes.fromhex(file.read().strip().replace("-", ""))
    except (OSError, ValueError):
        return os.urandom(16)
