"""Time and chance, handed in and never reached for.

Every function that needs the time takes a `Clock`; every function that needs randomness takes a `Chance`. The
system versions are made once, in `node.py` and the command line; tests and the drill hand in seeded ones, so a
whole hospital runs in one thread from one seed.
"""

from __future__ import annotations

import hashlib
import os
import time
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
        """False once the wall clock has jumped against the steady one, until a person says it is right."""
        ...


class Chance(Protocol):
    """What gives random bytes."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes (predictable ones from a seed in tests and drills)."""
        ...


class SystemClock:
    """The clock of the machine, with jump detection against its monotonic clock."""

    def __init__(self) -> None:
        self._start_wall = time.time_ns() // 1000
        self._start_steady = time.monotonic_ns() // 1000
        self._jumped = False
        self._boot = _boot_id()

    @property
    def boot(self) -> bytes:
        """Linux's boot id where there is one, else chosen at process start."""
        return self._boot

    def now_us(self) -> int:
        """µs since 1970 UTC."""
        now = time.time_ns() // 1000
        if abs((now - self._start_wall) - (self.steady_us() - self._start_steady)) > JUMP_US:
            self._jumped = True
        return now

    def steady_us(self) -> int:
        """µs of `CLOCK_MONOTONIC`."""
        return time.monotonic_ns() // 1000

    def trusted(self) -> bool:
        """False after a jump seen by this process."""
        return not self._jumped


class SeededClock:
    """A clock that moves only when told to: for tests and drills."""

    def __init__(self, start_us: int = 1_790_000_000 * US_PER_S, *, boot: bytes = b"seeded-boot-0001") -> None:
        self._now = start_us
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
