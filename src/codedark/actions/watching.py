"""What the privacy officer should look at first: more reading than care explains. Counted from the read log, no more.

A bound is not a verdict: a transfer night or a large round passes it too. Nobody is hindered by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from codedark.actions.exchange import BY_PROGRAM, SEARCHED
from codedark.clock import US_PER_S
from codedark.views import ReadRow

_HOUR_US = 3600 * US_PER_S


class Reading(StrEnum):
    """What is counted for each person."""

    PACKS = "whole units printed"
    OUTSIDE = "charts opened outside their units"
    CHARTS = "different charts opened"
    SEARCHES = "searches"
    READS = "looks at the read log"
    PROGRAM = "different records read by a program"
    PROGRAM_SEARCHES = "searches for patients by a program"


@dataclass(frozen=True, slots=True)
class Bound:
    """More than `most` in `within_us` is an alarm."""

    most: int
    within_us: int


BOUNDS = {
    Reading.PACKS: Bound(3, _HOUR_US),
    Reading.OUTSIDE: Bound(10, 12 * _HOUR_US),
    Reading.CHARTS: Bound(60, _HOUR_US),
    Reading.SEARCHES: Bound(60, _HOUR_US),
    Reading.READS: Bound(60, _HOUR_US),
    Reading.PROGRAM: Bound(60, _HOUR_US),
    Reading.PROGRAM_SEARCHES: Bound(60, _HOUR_US),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One person over one bound. `count` of them between `since_us` and `until_us`, the fullest such time."""

    person: str
    reading: Reading
    count: int
    since_us: int
    until_us: int


def counted(row: ReadRow) -> list[tuple[Reading, str]]:
    """What one row of the read log counts as, and for which patient or row ("" = each counts)."""
    each = str(row.position)
    if row.what == "chart":
        return [(Reading.CHARTS, row.patient), *([(Reading.OUTSIDE, row.patient)] if row.reason else [])]
    if row.what == BY_PROGRAM:
        return [(Reading.PROGRAM, row.patient)]
    named = {
        "pack": Reading.PACKS,
        "search": Reading.SEARCHES,
        "reads": Reading.READS,
        SEARCHED: Reading.PROGRAM_SEARCHES,
    }.get(row.what)
    return [(named, each)] if named else []


def alarms(rows: Iterable[ReadRow]) -> list[Alarm]:
    """Everybody who is over a bound somewhere in these rows, most first. A chart opened again is the same chart."""
    seen: dict[tuple[str, Reading], list[tuple[int, str]]] = {}
    for row in rows:
        for reading, what in counted(row):
            seen.setdefault((row.person, reading), []).append((row.recorded_at_us, what))
    found = [_fullest(person, reading, sorted(times)) for (person, reading), times in seen.items()]
    return sorted((alarm for alarm in found if alarm), key=lambda alarm: (-alarm.count, alarm.person, alarm.reading))


def _fullest(person: str, reading: Reading, times: list[tuple[int, str]]) -> Alarm | None:
    """The time in which most was read, when that is over the bound."""
    bound, start, inside = BOUNDS[reading], 0, dict[str, int]()
    most: Alarm | None = None
    for at, what in times:
        inside[what] = inside.get(what, 0) + 1
        while times[start][0] < at - bound.within_us:
            gone = times[start][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            start += 1
        if len(inside) > max(bound.most, most.count if most else 0):
            most = Alarm(person, reading, len(inside), times[start][0], at)
    return most
