"""The hospital's wall clock: µs UTC to HL7 time stamps with offset, and the next of some local times of day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

US_PER_S = 1_000_000
MINUTE_US = 60 * US_PER_S
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


class WallClock:
    """One zone's view of µs since 1970 UTC. `zone`: an IANA name."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._stamp = lru_cache(maxsize=65_536)(self._stamp_of_second)

    def stamp(self, at_us: int) -> str:
        """`YYYYMMDDHHMMSS±ZZZZ` (HL7 v2.5.1, 2.A.22 DTM)."""
        return self._stamp(at_us // US_PER_S)

    def local(self, at_us: int) -> datetime:
        """The local date and time with its zone."""
        return datetime.fromtimestamp(at_us / US_PER_S, self.zone)

    def at(self, day: date, hour: int, minute: int = 0) -> int:
        """µs UTC of a local time of day (the first of two at the end of summer time)."""
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
        return int(local.astimezone(UTC).timestamp()) * US_PER_S

    def next_of(self, hours: tuple[int, ...], after_us: int) -> int:
        """The first µs UTC strictly after `after_us` whose local hour is one of `hours` (whole hours, ascending)."""
        day = self.local(after_us).date()
        for ahead in range(3):
            for hour in hours:
                found = self.at(day + timedelta(days=ahead), hour)
                if found > after_us:
                    return found
        return after_us + DAY_US

    def _stamp_of_second(self, second: int) -> str:
        return datetime.fromtimestamp(second, self.zone).strftime("%Y%m%d%H%M%S%z")
