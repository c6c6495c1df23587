"""Slowing a device that gets it wrong. Accounts are never locked: an attacker must not be able to shut a nurse out.

Pure state: every method takes the time. Passwords and envelopes have separate lanes, so ten thousand bad log-ins from
a ward PC do not delay the envelope on that same PC (security.md, decision 8).
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from codedark.clock import US_PER_S

DEVICES = 16_384
"""How many devices are remembered; the one longest quiet is forgotten first."""


def neighbourhood(address: str) -> str:
    """What counts as one device: an IPv4 address, or the /64 of an IPv6 one, because whoever has one address of it has
    2⁶⁴ (RFC 4291, section 2.5.4). What is no address stands for itself."""
    if ":" not in address:
        return address
    try:
        known = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((known, 64), strict=False))


class AttemptLane(StrEnum):
    """What was tried."""

    PASSWORD = "password"  # nosec B105: the name of a lane
    ENVELOPE = "envelope"


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` wrong attempts cost nothing; then 1 s, doubling, never more than `longest_s`. Forgiven after `quiet_s`."""

    free: int
    longest_s: int
    quiet_s: int = 900


PACES = {AttemptLane.PASSWORD: Pace(free=5, longest_s=60), AttemptLane.ENVELOPE: Pace(free=10, longest_s=10)}
"""A code has 50 random bits: guessing it at one try in ten seconds takes longer than the hospital will stand."""


@dataclass(slots=True)
class _Attempts:
    wrong: int = 0
    last_us: int = 0
    until_us: int = 0


@dataclass(slots=True)
class Throttle:
    """Wrong attempts by lane and device. Thread-safe. Times in µs of any one clock (give it the steady one)."""

    _seen: OrderedDict[tuple[AttemptLane, str], _Attempts] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_us(self, lane: AttemptLane, device: str, now_us: int) -> int:
        """How long this device must still wait before its next attempt is looked at; 0 = now."""
        with self._lock:
            attempts = self._seen.get((lane, neighbourhood(device)))
            return max(0, attempts.until_us - now_us) if attempts else 0

    def wrong(self, lane: AttemptLane, device: str, now_us: int) -> None:
        """A wrong attempt was made."""
        pace, key = PACES[lane], (lane, neighbourhood(device))
        with self._lock:
            attempts = self._seen.setdefault(key, _Attempts())
            self._seen.move_to_end(key)
            if now_us - attempts.last_us > pace.quiet_s * US_PER_S:
                attempts.wrong = 0
            attempts.wrong += 1
            attempts.last_us = now_us
            over = attempts.wrong - pace.free
            wait_s = 0 if over <= 0 else min(pace.longest_s, 1 << min(over - 1, 16))
            attempts.until_us = now_us + wait_s * US_PER_S
            while len(self._seen) > DEVICES:
                self._seen.popitem(last=False)

    def right(self, lane: AttemptLane, device: str) -> None:
        """A right attempt was made: the device starts afresh in this lane."""
        with self._lock:
            self._seen.pop((lane, neighbourhood(device)), None)


@dataclass(slots=True)
class _Tally:
    count: int = 0
    said_us: int | None = None
    about: str = ""


TALLIES = 256
"""So many keys are told apart in one minute; more are counted together, so a flood from everywhere stays small."""


class Refusals(NamedTuple):
    """What one entry must stand for: `times` refusals of `key`; `about` is "" when they were not all about the same."""

    key: str
    times: int
    about: str


@dataclass(slots=True)
class RefusalTally:
    """Counts refusals so that at most one entry a minute is made for each key (a device, or a session).

    `note` and `due` hand out counts, each once; the caller appends them.
    """

    every_us: int = 60 * US_PER_S
    _tallies: dict[str, _Tally] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, about: str, now_us: int) -> Refusals | None:
        """One more refusal; what to write now, or None when one was written less than a minute ago."""
        with self._lock:
            key = key if key in self._tallies or len(self._tallies) < TALLIES else "others"
            tally = self._tallies.setdefault(key, _Tally())
            tally.about = about if not tally.count or tally.about == about else ""
            tally.count += 1
            return self._give(key, tally, now_us)

    def put_back(self, refusals: Refusals) -> None:
        """The entry could not be written: the count waits for the next chance."""
        with self._lock:
            self._tallies.setdefault(refusals.key, _Tally()).count += refusals.times

    def due(self, now_us: int, *, ending: bool = False) -> list[Refusals]:
        """What has waited a minute; everything when the process is `ending`. Keys with nothing to say are forgotten."""
        with self._lock:
            if ending:
                for tally in self._tallies.values():
                    tally.said_us = None
            out = [self._give(key, tally, now_us) for key, tally in self._tallies.items()]
            self._tallies = {
                key: tally
                for key, tally in self._tallies.items()
                if tally.count or (tally.said_us is not None and now_us - tally.said_us < self.every_us)
            }
            return [refusals for refusals in out if refusals]

    def _give(self, key: str, tally: _Tally, now_us: int) -> Refusals | None:
        if not tally.count or (tally.said_us is not None and now_us - tally.said_us < self.every_us):
            return None
        out = Refusals(key, tally.count, tally.about)
        tally.said_us, tally.count = now_us, 0
        return out
