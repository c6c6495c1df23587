"""The pen a template writes with: words for times and ages, bound to one moment and one zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from codedark.views import Stamp, When
from codedark.web import tables, wording


@dataclass(frozen=True, slots=True)
class Pen:
    """`now_us`: the node's clock, µs UTC, once for the whole page; `zone`: the facility's; `trusted`: whether ages
    may be told."""

    now_us: int
    zone: ZoneInfo
    trusted: bool = True

    def moment(self, us: int | None) -> str:
        """24-Nov-2026 03:12."""
        return wording.moment(us, self.zone)

    def short(self, us: int | None) -> str:
        """03:12 today, else 23-Nov 03:12."""
        return wording.short(us, self.now_us, self.zone)

    def age(self, us: int | None) -> str:
        """ "7 h 48 min"; the time itself where the clock cannot be trusted."""
        return wording.age(us, self.now_us) if self.trusted else self.moment(us)

    def clinical(self, when: When | None) -> wording.Worded:
        """A claimed time with its precision, zone mark and original text."""
        return wording.clinical(when, self.now_us, self.zone)

    def impossible(self, when: When | None, stamp: Stamp) -> bool:
        """Whether the claimed time lies ahead of the moment it was heard."""
        return tables.impossible(when, stamp)

    def birth(self, birth_date: str) -> str:
        """04-Mar-1955 (71 y)."""
        return wording.birth(birth_date, self.now_us, self.zone)

    def age_of(self, birth_date: str) -> str:
        """71 y."""
        return wording.age_of(birth_date, self.now_us, self.zone)

    def span(self, seconds: int) -> str:
        """ "5 min", "2 h": an expected interval."""
        return wording.age(0, seconds * 1_000_000)

    def grouped(self, number: int) -> str:
        """48 211."""
        return wording.grouped(number)

    def local_date(self) -> str:
        """Today in the zone as YYYY-MM-DD."""
        return datetime.fromtimestamp(self.now_us // 1_000_000, UTC).astimezone(self.zone).date().isoformat()
