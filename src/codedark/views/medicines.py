"""The MAR of one patient at one moment: up to when doses are known, what is due, and what is known of PRN doses.

Pure: what was heard, which sheets are out and the moment are arguments. Outside of what is covered nothing is due, late
or remaining: a dose may have been given that nobody here knows of (bedside.md, rule 1). A next due time comes from the
times in the order or from the site's table of standard times, and says which; it is never guessed from an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from codedark.tongue import noted
from codedark.views.codings import micros
from codedark.views.shapes import Administration, Chart, DoseSheet, FeedRow, Medication, SheetState

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
STANDARD_TIMES = "mar.times"
"""The setting for the site's standard times: name of a schedule, such as "Q12H" → ["03:00", "15:00"]."""
LATE_AFTER = "mar.late_after_min"
"""The setting for the minutes around its time in which a dose is DUE; after them it is LATE."""
_LATE_AFTER_MIN = 60
"""ISMP, Acute Care Guidelines for Timely Administration of Scheduled Medications (2011): one hour, where a drug is not
time-critical."""
_DAY_US, _DAY_AND_HALF_US = 24 * HOUR_US, 36 * HOUR_US
UNKNOWN_SIZE = noted("%(n)s of unknown size")
"""Doses of which no number is known."""
UNKNOWN_TIME = noted("%(n)s at an unknown time")
"""Doses that may lie in the window: nobody said their hour, or said an impossible one."""


@dataclass(frozen=True, slots=True)
class MarFeed:
    """What the feeds say of doses. `heard_us`: when the MAR was last heard at this facility; `expected_s`: the longest
    silence that whoever carries the MAR is declared to keep, 0 = nobody is declared to carry it; `stopped`: why what it
    says is not believed, "" = it is."""

    heard_us: int | None
    expected_s: int
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class MarCoverage:
    """Whether every dose up to now is known. `heard_us`: up to when the feed was heard; `out`: sheets that may hold
    doses nobody confirmed; `lost`: sheets whose time is unknown for good; `why`: the reason when it is not covered."""

    covered: bool
    heard_us: int | None
    out: tuple[DoseSheet, ...]
    lost: tuple[DoseSheet, ...]
    why: str


def mar_coverage(
    feed: MarFeed, sheets: Iterable[DoseSheet], now_us: int, *, dark_us: int | None = None, clock_trusted: bool = True
) -> MarCoverage:
    """The coverage of a patient's MAR at `now_us`. `dark_us`: since when the EHR is declared dark, None = it is not."""
    listed = sorted(sheets, key=lambda each: (each.from_us, each.sheet))
    out = tuple(each for each in listed if each.state in (SheetState.OUT, SheetState.RETURNED))
    lost = tuple(each for each in listed if each.state is SheetState.LOST)
    why = _why(feed, listed, out, lost, now_us, dark_us, clock_trusted)
    return MarCoverage(not why, feed.heard_us, out, lost, why)


def _why(
    feed: MarFeed,
    sheets: Sequence[DoseSheet],
    out: Sequence[DoseSheet],
    lost: Sequence[DoseSheet],
    now_us: int,
    dark_us: int | None,
    clock_trusted: bool,
) -> str:
    if not clock_trusted:
        return noted("the clock is not trusted")
    if feed.heard_us is None:
        return noted("no dose was ever heard")
    if feed.stopped:
        return feed.stopped
    if out:
        return noted("a sheet with doses is not confirmed")
    if lost:
        return noted("a sheet with doses is lost")
    if dark_us is None and _speaks(feed, now_us):
        return ""
    if not sheets or not feed.expected_s:
        return noted("the EHR is dark") if dark_us is not None else _silent(feed)
    return "" if _joined(feed, sheets, now_us) else noted("between the feed and the sheets doses are not known")


def _speaks(feed: MarFeed, now_us: int) -> bool:
    assert feed.heard_us is not None
    return feed.expected_s > 0 and now_us - feed.heard_us <= feed.expected_s * 1_000_000


def _silent(feed: MarFeed) -> str:
    return noted("the MAR feed is silent") if feed.expected_s else noted("no feed is declared to carry the MAR")


def _joined(feed: MarFeed, sheets: Sequence[DoseSheet], now_us: int) -> bool:
    """Whether the confirmed sheets begin before the last word of the feed ends, each before the one before ends, and
    the last was confirmed no longer ago than the feed may be silent: nobody knows what was given after it."""
    known = feed.heard_us or 0
    for each in sheets:
        if each.from_us > known or each.until_us is None:
            return False
        known = max(known, each.until_us)
    return now_us - known <= feed.expected_s * 1_000_000


def mar_feed(feeds: Iterable[FeedRow], now_us: int) -> MarFeed:
    """The feed that carries doses; of several the one that has been silent for longest against what is expected of it:
    what it did not say is missing, whatever the others say."""
    carrying = [feed for feed in feeds if "mar" in feed.carries and feed.declared]
    if not carrying:
        return MarFeed(max((feed.last_heard_us or 0 for feed in feeds), default=0) or None, 0)
    for feed in carrying:
        if feed.held_since_us is not None or feed.distrusted:
            stopped = (
                noted("the MAR feed is held back")
                if feed.held_since_us is not None
                else noted("the MAR feed is distrusted")
            )
            return MarFeed(feed.held_since_us or feed.last_heard_us, feed.expected_s, stopped)
    worst = max(carrying, key=lambda feed: now_us - (feed.last_heard_us or 0) - feed.expected_s * 1_000_000)
    return MarFeed(worst.last_heard_us, worst.expected_s)


class Due(StrEnum):
    """The first column of a covered MAR."""

    LATE = "LATE"
    DUE = "DUE"
    LATER = ""


@dataclass(frozen=True, slots=True)
class NextDue:
    """When the next dose is due. `source`: "order" or "site's standard times"."""

    at_us: int
    state: Due
    source: str


@dataclass(frozen=True, slots=True)
class KnownDoses:
    """What is known to be given in a window before now: never an amount allowed. `total`: in words, each unit added
    up; a dose without a number is counted, not added."""

    hours: int
    doses: int
    total: str


@dataclass(frozen=True, slots=True)
class SiteTimes:
    """The site's MAR: `times` of a schedule by its name in capitals; `late_us` after its time a dose is LATE."""

    zone: ZoneInfo
    times: Mapping[str, Sequence[str]]
    late_us: int = _LATE_AFTER_MIN * MINUTE_US


def site_times(settings: Mapping[str, Any], zone: str) -> SiteTimes:
    """The site's standard times from its settings; without them only the times that an order gives count."""
    table = settings.get(STANDARD_TIMES) or {}
    minutes = settings.get(LATE_AFTER, _LATE_AFTER_MIN)
    return SiteTimes(
        ZoneInfo(zone), {str(name).upper(): tuple(each) for name, each in table.items()}, minutes * MINUTE_US
    )


def times_complaint(key: str, value: Any) -> str:
    """Why this setting of the MAR cannot be used; "" = it can."""
    if key == LATE_AFTER:
        return "" if type(value) is int and 0 < value <= 720 else "must be whole minutes from 1 to 720"
    fits = isinstance(value, dict) and all(
        isinstance(times, (list, tuple)) and times and all(_clock(each) is not None for each in times)
        for times in value.values()
    )
    return "" if fits else 'must map a schedule to its times, as {"Q12H": ["03:00", "15:00"]}'


def _clock(text: Any) -> time | None:
    try:
        return time.fromisoformat(str(text)[:5])
    except ValueError:
        return None


def next_due(order: Medication, coverage: MarCoverage, site: SiteTimes, now_us: int) -> NextDue | None:
    """When the next dose is due; None where nobody can say: outside coverage, PRN, infusions, orders not active,
    without times, or of which no dose was ever known. The dose given, held or refused last answers for the time nearest
    to it. After a dose whose hour nobody said, or said an impossible one, that may be the last one, nothing is due; nor
    when the order has ended by then."""
    times, source = _times(order, site)
    doses = [dose for dose in order.doses if not dose.time_impossible]
    last = max((at for dose in doses if (at := _at(dose)) is not None), default=None)
    if (
        not coverage.covered
        or order.status != "active"
        or order.as_needed
        or order.infusion
        or not times
        or last is None
        or any(_may_be_after(last, dose) for dose in order.doses)
    ):
        return None
    slots = _slots(times, site.zone, last)
    answered = min(slots, key=lambda slot: (abs(slot - last), slot))
    due = next(slot for slot in slots if slot > answered)
    if order.ends_us is not None and due >= order.ends_us:
        return None
    state = Due.LATE if now_us > due + site.late_us else Due.DUE if now_us >= due - site.late_us else Due.LATER
    return NextDue(due, state, source)


def _times(order: Medication, site: SiteTimes) -> tuple[list[time], str]:
    explicit = [at for each in order.times if (at := _clock(each)) is not None]
    if explicit:
        return sorted(explicit), "order"
    table = [at for each in site.times.get(order.frequency.upper(), ()) if (at := _clock(each)) is not None]
    return sorted(table), noted("site's standard times")


def _slots(times: Sequence[time], zone: ZoneInfo, around_us: int) -> list[int]:
    """The scheduled moments from two days before to two days after (µs UTC); wall times, so that a day of 23 or 25
    hours has as many doses as any other."""
    day = datetime.fromtimestamp(around_us / 1e6, zone).date()
    days = (day + timedelta(days=offset) for offset in range(-2, 3))
    return sorted(
        int(datetime.combine(each, at, zone).astimezone(UTC).timestamp()) * 1_000_000 for each in days for at in times
    )


def _at(dose: Administration) -> int | None:
    """When it was given, to the hour (µs UTC); None where only a day, or nothing, was said."""
    return micros(dose.when.iso) if dose.when is not None and len(dose.when.iso) > 10 else None


def _may_be_after(last_us: int, dose: Administration) -> bool:
    """Whether a dose of unknown hour may be newer than the last known: its day ends (in any zone) after that, or no
    day was said, or an impossible time, and it was recorded after."""
    if dose.time_impossible:
        return dose.stamp.recorded_at_us > last_us
    if _at(dose) is not None:
        return False
    day = micros(dose.when.iso) if dose.when is not None else None
    return (
        dose.stamp.recorded_at_us if day is None else min(day + _DAY_AND_HALF_US, dose.stamp.recorded_at_us)
    ) > last_us


def known_doses(order: Medication, now_us: int) -> KnownDoses:
    """What is known to be given in the window of the order's limit before now, in 24 h where it names none. Doses that
    may lie in it are counted beside the total: left out, more would seem to be allowed."""
    window = order.window_us or _DAY_US
    given = [
        dose
        for dose in order.doses
        if dose.given and not dose.time_impossible and (at := _at(dose)) is not None and now_us - window < at <= now_us
    ]
    unplaced = sum(
        dose.given and (dose.time_impossible or _at(dose) is None) and _may_be_after(now_us - window, dose)
        for dose in order.doses
    )
    total = _added([dose.dose for dose in given])
    total += f" + {UNKNOWN_TIME % {'n': unplaced}}" if unplaced else ""
    return KnownDoses(window // HOUR_US, len(given), total)


def _added(doses: Sequence[str]) -> str:
    sums: dict[str, Decimal] = {}
    uncounted = 0
    for dose in doses:
        number, _, unit = dose.partition(" ")
        try:
            sums[unit] = sums.get(unit, Decimal(0)) + Decimal(number)
        except InvalidOperation:
            uncounted += 1
    said = [f"{total:f} {unit}".strip() for unit, total in sums.items()]
    said += [UNKNOWN_SIZE % {"n": uncounted}] if uncounted else []
    return " + ".join(said) or noted("none")


DARK_SINCE = "incident.dark_since_us"
"""The setting for the moment (µs UTC) since when the EHR is declared dark."""


@dataclass(frozen=True, slots=True)
class MarState:
    """A patient's MAR at one moment. `due`, `known`: by id of the order; `known` of PRN orders only."""

    coverage: MarCoverage
    due: Mapping[str, NextDue]
    known: Mapping[str, KnownDoses]


def mar_state(
    chart: Chart, feeds: Iterable[FeedRow], settings: Mapping[str, Any], zone: str, now_us: int, clock_trusted: bool
) -> MarState:
    """The MAR of a chart at `now_us`. Items about the patient that could not be read may be doses: then nothing is
    covered."""
    dark = settings.get(DARK_SINCE)
    coverage = mar_coverage(
        mar_feed(feeds, now_us), chart.sheets, now_us,
        dark_us=dark if type(dark) is int else None, clock_trusted=clock_trusted,
    )  # fmt: skip
    if coverage.covered and (chart.unread or chart.held_back):
        coverage = replace(coverage, covered=False, why=noted("items about this patient could not be read"))
    site = site_times(settings, zone)
    due = {order.id: next_due(order, coverage, site, now_us) for order in chart.medications}
    known = {order.id: known_doses(order, now_us) for order in chart.medications if order.as_needed and order.doses}
    return MarState(coverage, {id_: each for id_, each in due.items() if each is not None}, known)
