"""A machine whose clock is wrong: true time goes on, the wall clock is stepped, the battery of the clock dies.

Its clocks are the house's own `SystemClock`, reading this machine; each process of a node has one of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from codedark.clock import US_PER_S, Anchor, SystemClock

MINUTE, HOUR, DAY = 60 * US_PER_S, 3600 * US_PER_S, 86_400 * US_PER_S
YEARS = 5 * 365 * DAY + 36 * HOUR
BEFORE_WINTER_TIME_US = 1_793_505_600 * US_PER_S  # 01-Nov-2026 00:00 in New York: clocks go back at 02:00
_UNITS = {"d": DAY, "h": HOUR, "min": MINUTE, "s": US_PER_S}
_AGE = re.compile(r"\b\d+ d(?: \d+ h)?\b|\b\d+ h(?: \d+ min)?\b|\b\d+ min\b|\b\d+ s\b(?= ago)")


class Machine:
    """`true_us`: what a good clock would say; nothing in the house reads it."""

    def __init__(self, start_us: int = BEFORE_WINTER_TIME_US) -> None:
        self.true_us, self.wall_us, self.steady_us, self.boots = start_us, start_us, 17 * DAY, 1

    def clock(self, anchor: Anchor | None = None) -> SystemClock:
        """The clock of a process that starts now."""
        return SystemClock(
            anchor,
            wall=lambda: self.wall_us * 1000,
            steady=lambda: self.steady_us * 1000,
            boot=bytes([self.boots]) * 16,
        )

    def passes(self, us: int) -> None:
        """Time passes; the wall clock goes on from wherever it is."""
        self.true_us, self.wall_us, self.steady_us = self.true_us + us, self.wall_us + us, self.steady_us + us

    def steps(self, us: int) -> None:
        """The wall clock alone is stepped."""
        self.wall_us += us

    def stamp(self, us: int) -> str:
        """A true time as a sender writes it in HL7, with its offset."""
        return f"{datetime.fromtimestamp(us // US_PER_S, UTC):%Y%m%d%H%M%S}+0000"

    def set_right(self) -> None:
        """Somebody sets it."""
        self.wall_us = self.true_us

    def reboots(self, off_us: int, wall_us: int | None = None) -> None:
        """Off for so long, then a new boot; `wall_us`: what a bad battery gives, None for the true time."""
        self.true_us += off_us
        self.steady_us, self.boots = 30 * US_PER_S, self.boots + 1
        self.wall_us = self.true_us if wall_us is None else wall_us


class GullibleClock(SystemClock):
    """The control: a clock without the guard. Whatever the wall clock says is believed."""

    def trusted(self) -> bool:
        return True

    def believed_us(self) -> int:
        return self.now_us()


def ages_in(text: str) -> list[tuple[int, int]]:
    """Every age a text tells, as (µs, µs of its smallest unit): it is rounded down to that."""
    return [(span_us(found[0]), _UNITS[found[0].rsplit(" ", 1)[1]]) for found in _AGE.finditer(text)]


def span_us(text: str) -> int:
    """µs of `2 d 3 h`, `7 h 48 min`, `12 min`, `40 s`."""
    parts = text.split()
    return sum(int(count) * _UNITS[unit] for count, unit in zip(parts[::2], parts[1::2], strict=True))
