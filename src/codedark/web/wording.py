"""How times and ages are worded: dd-Mmm-yyyy and 24 h in the facility's zone, ages in whole minutes, hours, days.

Sources: NHS CUI Date Display and Time Display; screens.md. An age is never worded fresher than it is: it is rounded
down only below a minute, and a moment in the future has no age at all. Words come from the catalogue of the reader's
language; digits, the order of a date and the 24 h clock are the same in each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from codedark.clock import US_PER_S
from codedark.journal import split_place
from codedark.tongue import ENGLISH, noted, tongue
from codedark.views import Band, Mark, Sign, Unscored, When

ZONE_ASSUMED, TIME_IMPOSSIBLE = noted("zone assumed"), noted("time impossible")
ZONE_ASSUMED_SENT = noted("zone assumed: sent %(sent)s")
NEVER, AGE_NOT_KNOWN, AGO = noted("never"), noted("age not known"), noted("%(age)s ago")
MARK_WORDS = {
    Mark.FEED: noted("by feed"),
    Mark.PAPER: noted("from paper"),
    Mark.SCREEN: noted("by screen"),
    Mark.TRANSFER: noted("transferred"),
    Mark.IMPORT: noted("imported"),
}
SIGN_WORDS = {
    Sign.RESPIRATION: noted("Respirations"),
    Sign.SATURATION: "SpO₂",
    Sign.OXYGEN: noted("Oxygen"),
    Sign.PRESSURE: noted("Blood pressure"),
    Sign.SYSTOLIC: noted("Systolic pressure"),
    Sign.DIASTOLIC: noted("Diastolic pressure"),
    Sign.PULSE: noted("Pulse"),
    Sign.CONSCIOUSNESS: noted("Consciousness"),
    Sign.TEMPERATURE: noted("Temperature"),
    Sign.PAIN: noted("Pain"),
}
FLAG_WORDS = {
    "HH": ("▲▲", noted("critical high")),
    "LL": ("▼▼", noted("critical low")),
    "AA": ("●●", noted("critical")),
    "H": ("▲", noted("high")),
    "L": ("▼", noted("low")),
    "A": ("●", noted("abnormal")),
    "N": ("", noted("normal")),
}
"""HL7 table 0078 as mark and word; any other flag is shown as it came."""
WITHDRAWN, WAS = noted("withdrawn"), noted("was")
CORRECTED = noted("corrected, heard %(at)s")
STATUS_WORDS = {
    "active": noted("active"),
    "completed": noted("completed"),
    "stopped": noted("stopped"),
    "cancelled": noted("cancelled"),
    "entered-in-error": noted("entered in error"),
    "on-hold": noted("on hold"),
    "draft": noted("draft"),
    "unknown": noted("unknown"),
    "revoked": noted("revoked"),
    "resolved": noted("resolved"),
    "inactive": noted("inactive"),
    "remission": noted("in remission"),
    "recurrence": noted("recurred"),
    "relapse": noted("relapsed"),
    "preliminary": noted("preliminary"),
    "final": noted("final"),
    "corrected": noted("corrected"),
    "amended": noted("amended"),
    "withdrawn": noted("withdrawn"),
    "partial": noted("partial"),
    "registered": noted("registered"),
    "rejected": noted("rejected: take it again"),
    "not-done": noted("not done"),
    "booked": noted("booked"),
    "noshow": noted("did not come"),
    "fulfilled": noted("took place"),
}
"""States of orders, problems and results in FHIR's codes; any other is shown as it came."""
EVENT_WORDS = {
    "appointment": noted("booking"),
    "goal": noted("goal"),
    "procedure": noted("procedure"),
    "vaccine": noted("vaccine"),
    "dispense": noted("dispensed"),
    "specimen": noted("specimen"),
}
SEX_WORDS = {
    "female": noted("female"),
    "male": noted("male"),
    "other": noted("other"),
    "unknown": noted("unknown"),
}
BAND_WORDS = {
    Band.LOW: noted("low"),
    Band.SINGLE: noted("one part scores 3"),
    Band.MEDIUM: noted("medium"),
    Band.HIGH: noted("high"),
}
UNSCORED_WORDS = {
    Unscored.CHILD: noted("under 16 years, and the score is for adults"),
    Unscored.AGE: noted("the age is not known, and the score is for adults"),
    Unscored.PREGNANT: noted("pregnancy was heard, and the score is not made for it"),
}
_MINUTE_US = 60 * US_PER_S
_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")


@dataclass(frozen=True, slots=True)
class Worded:
    """A clinical time ready to draw. `text`: what to show; `assumed`: the zone is the site's, not the sender's;
    `sent`: the original text when it says something else or could not be read."""

    text: str
    assumed: bool = False
    sent: str = ""


@cache
def months(language: str = ENGLISH) -> tuple[str, ...]:
    """The twelve months, short."""
    pgettext = tongue(language).pgettext
    return (
        pgettext("month", "Jan"), pgettext("month", "Feb"), pgettext("month", "Mar"), pgettext("month", "Apr"),
        pgettext("month", "May"), pgettext("month", "Jun"), pgettext("month", "Jul"), pgettext("month", "Aug"),
        pgettext("month", "Sep"), pgettext("month", "Oct"), pgettext("month", "Nov"), pgettext("month", "Dec"),
    )  # fmt: skip


def day_text(day: date, language: str = ENGLISH) -> str:
    """24-Nov-2026."""
    return f"{day.day:02d}-{months(language)[day.month - 1]}-{day.year:04d}"


def moment(us: int | None, zone: ZoneInfo, language: str = ENGLISH) -> str:
    """24-Nov-2026 03:12, or "never" for None. `us`: µs since 1970 UTC."""
    if us is None:
        return _never(language)
    at = datetime.fromtimestamp(us // US_PER_S, UTC).astimezone(zone)
    return f"{day_text(at.date(), language)} {_hour(at)}"


def _never(language: str) -> str:
    return tongue(language).gettext(NEVER)


def _hour(at: datetime) -> str:
    """03:12; 01:30 EDT in the hour that comes twice when summer time ends: without it, an hour would be hidden."""
    text = f"{at.hour:02d}:{at.minute:02d}"
    return f"{text} {at.tzname()}" if at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset() else text


def short(us: int | None, now_us: int, zone: ZoneInfo, language: str = ENGLISH) -> str:
    """03:12 when it is today in the zone, else 23-Nov 03:12, with the year when that differs; "never" for None."""
    if us is None:
        return _never(language)
    at = datetime.fromtimestamp(us // US_PER_S, UTC).astimezone(zone)
    today = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date()
    return _hour(at) if at.date() == today else _dated(at, today, language)


def dated(us: int | None, now_us: int, zone: ZoneInfo, language: str = ENGLISH) -> str:
    """23-Nov 03:12, always with its day; with the year when that differs; "never" for None."""
    if us is None:
        return _never(language)
    at = datetime.fromtimestamp(us // US_PER_S, UTC).astimezone(zone)
    return _dated(at, datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date(), language)


def _dated(at: datetime, today: date, language: str) -> str:
    if at.year == today.year:
        return f"{at.day:02d}-{months(language)[at.month - 1]} {_hour(at)}"
    return f"{day_text(at.date(), language)} {_hour(at)}"


def age(then_us: int | None, now_us: int, language: str = ENGLISH) -> str:
    """ "7 h 48 min", "3 d 4 h", "under 1 min"; "" when unknown, "in the future" when the clock says so."""
    if then_us is None:
        return ""
    past, said = now_us - then_us, tongue(language).gettext
    if past < 0:
        return said("in the future")
    minutes = past // _MINUTE_US
    if minutes < 1:
        return said("under 1 min")
    if minutes < 60:
        return said("%(minutes)s min") % {"minutes": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return said("%(hours)s h %(minutes)s min" if minutes else "%(hours)s h") % {"hours": hours, "minutes": minutes}
    days, hours = divmod(hours, 24)
    return said("%(days)s d %(hours)s h" if hours and days < 14 else "%(days)s d") % {"days": days, "hours": hours}


AGES = (
    noted("%(hours)s h %(minutes)s min"), noted("%(hours)s h"), noted("%(days)s d %(hours)s h"), noted("%(days)s d"),
    noted("%(months)s mo"), noted("%(years)s y"), noted("%(minutes)s min"), noted("under 1 min"),
    noted("in the future"),
)  # fmt: skip
"""How long ago, and how old, in each language's own units."""


def clinical(when: When | None, now_us: int, zone: ZoneInfo, language: str = ENGLISH) -> Worded:
    """A claimed time with its own precision, never without its day. A dateTime is turned into the facility's zone; an
    unreadable one is shown as it was sent, never guessed."""
    if when is None:
        return Worded(tongue(language).gettext("time not sent"))
    partial = _PARTIAL.match(when.iso)
    if partial:
        return Worded(_precise(*partial.groups(), language=language) or _as_sent(when, language), False, "")
    try:
        at = datetime.fromisoformat(when.iso)
    except ValueError:
        return Worded(_as_sent(when, language))
    if at.tzinfo is not None:
        at = at.astimezone(zone)
    today = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date()
    return Worded(_dated(at, today, language), when.zone_assumed or at.tzinfo is None, when.source_text)


def _as_sent(when: When, language: str) -> str:
    return tongue(language).gettext("as sent: %(time)s") % {"time": when.source_text or when.iso}


def _precise(year: str, month: str | None, day: str | None, *, language: str) -> str:
    try:
        known = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    if day:
        return day_text(known, language)
    return f"{months(language)[known.month - 1]}-{year}" if month else year


def birth(birth_date: str, now_us: int, zone: ZoneInfo, language: str = ENGLISH) -> str:
    """04-Mar-1955 (71 y); under two years in months, under three months in days; as sent when it cannot be read."""
    said = tongue(language).gettext
    if not birth_date:
        return said("birth date unknown")
    partial = _PARTIAL.match(birth_date)
    shown = _precise(*partial.groups(), language=language) if partial else ""
    if not shown:
        return said("born, as sent: %(date)s") % {"date": birth_date}
    years = age_of(birth_date, now_us, zone, language)
    return f"{shown} ({years})" if years else shown


def age_of(birth_date: str, now_us: int, zone: ZoneInfo, language: str = ENGLISH) -> str:
    """ "71 y", "14 mo", "9 d", or "" when the birth date is partial, unreadable or ahead of now."""
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return ""
    today = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date()
    days = (today - born).days
    if days < 0:
        return ""
    said = tongue(language).gettext
    months_old = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months_old < 3:
        return said("%(days)s d") % {"days": days}
    if months_old < 24:
        return said("%(months)s mo") % {"months": months_old}
    return said("%(years)s y") % {"years": months_old // 12}


def entry_name(place: int) -> str:
    """48 211, or "2: 17" for entry 17 of a second origin (after a restore). "–" when there is none."""
    if place < 0:
        return "–"
    ordinal, position = split_place(place)
    return f"{ordinal + 1}: {grouped(position)}" if ordinal else grouped(position)


def grouped(number: int) -> str:
    """48 211: thin groups of three, for entry numbers and counts."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def in_groups(number: str) -> tuple[str, ...]:
    """A long record number in threes, so that it can be read out and compared: 000 482 193, 943 476 5919. Any other
    number, and one of six digits or fewer, as it came (NHS CUI, Patient Identification)."""
    if len(number) < 7 or not (number.isascii() and number.isdigit()):
        return (number,) if number else ()
    groups = [number[start : start + 3] for start in range(0, len(number), 3)]
    if len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return tuple(groups)
