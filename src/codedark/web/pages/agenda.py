"""Who is expected, who is to leave, who left, who is booked, who is in the emergency department."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from codedark.access import Permission
from codedark.actions import view_agenda
from codedark.clock import US_PER_S
from codedark.tongue import noted
from codedark.views import Expected, When
from codedark.web.answers import Answer, Page, Visit

DAYS_LEFT = 30
_DAY_US = 24 * 3600 * US_PER_S


@dataclass(frozen=True, slots=True)
class List:
    """One list. `words`: its heading; `days`: from and to, counted from today, both included."""

    kind: Expected
    words: str
    days: tuple[int, int]


LISTS = {
    "arrivals": List(Expected.ARRIVAL, noted("Expected arrivals: yesterday to tomorrow"), (-1, 1)),
    "leaving": List(Expected.LEAVING, noted("Expected to leave: yesterday to tomorrow"), (-1, 1)),
    "left": List(Expected.LEFT, noted("Left in the last 30 days"), (-DAYS_LEFT, 0)),
    "bookings": List(Expected.BOOKING, noted("Operations and clinic: today and tomorrow"), (0, 1)),
    "emergency": List(Expected.EMERGENCY, noted("In the emergency department"), (-400, 1)),
}


def agenda(visit: Visit) -> Answer:
    """GET /agenda?list=&unit=: one list, of a unit or of all."""
    session, unit = visit.need(Permission.SEE_CENSUS), visit.query.get("unit", "")
    name = visit.query.get("list", "")
    name = name if name in LISTS else "arrivals"
    asked, now_us = LISTS[name], visit.pen.now_us
    # A day more on both sides: which day it is where the patients are is decided below.
    since, until = now_us + (asked.days[0] - 1) * _DAY_US, now_us + (asked.days[1] + 2) * _DAY_US
    opened = view_agenda(visit.deeds, session, unit, asked.kind, since, until)
    wanted = within(asked.days, now_us, visit.zone)
    rows = [row for row in opened.rows if wanted(row.when)]
    return Page("agenda.html", {
        "here": "agenda", "unit": unit, "rows": rows if name != "left" else rows[::-1], "name": name,
        "lists": LISTS, "unlogged": not opened.logged, "kind": asked,
        "suffix": f"&unit={quote(unit, safe='')}" if unit else "",
    })  # fmt: skip


def within(days: tuple[int, int], now_us: int, zone: ZoneInfo) -> Callable[[When | None], bool]:
    """Whether a time falls on one of these days of the facility, counted from today; a time nobody said always does."""
    today = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date()
    first, last = today + timedelta(days[0]), today + timedelta(days[1])

    def wanted(when: When | None) -> bool:
        day = None if when is None else _day(when.iso, zone)
        return day is None or first <= day <= last

    return wanted


def _day(iso: str, zone: ZoneInfo) -> date | None:
    """The day of a FHIR date or dateTime where the facility is; None when it names no day."""
    try:
        at = datetime.fromisoformat(iso)
        return (at.astimezone(zone) if at.tzinfo is not None else at).date()
    except ValueError:
        return None
