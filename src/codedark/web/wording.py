"""How times and ages are worded: dd-Mmm-yyyy and 24 h in the facility's zone, ages in whole minutes, hours, days.

Sources: NHS CUI Date Display and Time Display; screens.md. An age is never worded fresher than it is: it is rounded
down only below a minute, and a moment in the future has no age at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from codedark.clock import US_PER_S
from codedark.journal import split_place
from codedark.views import Band, Mark, Sign, Unscored, When

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONE_ASSUMED, SENT, TIME_IMPOSSIBLE = "zone assumed", "sent", "time impossible"
MARK_WORDS = {
    Mark.FEED: "by feed",
    Mark.PAPER: "from paper",
    Mark.SCREEN: "by screen",
    Mark.TRANSFER: "transferred",
    Mark.IMPORT: "imported",
}
SIGN_WORDS = {
    Sign.RESPIRATION: "Respirations",
    Sign.SATURATION: "SpO₂",
    Sign.OXYGEN: "Oxygen",
    Sign.PRESSURE: "Blood pressure",
    Sign.SYSTOLIC: "Systolic pressure",
    Sign.DIASTOLIC: "Diastolic pressure",
    Sign.PULSE: "Pulse",
    Sign.CONSCIOUSNESS: "Consciousness",
    Sign.TEMPERATURE: "Temperature",
    Sign.PAIN: "Pain",
}
FLAG_WORDS = {
    "HH": ("▲▲", "critical high"),
    "LL": ("▼▼", "critical low"),
    "AA": ("●●", "critical"),
    "H": ("▲", "high"),
    "L": ("▼", "low"),
    "A": ("●", "abnormal"),
    "N": ("", "normal"),
}
"""HL7 table 0078 as mark and word; any other flag is shown as it came."""
WITHDRAWN, PRELIMINARY, CORRECTED, WAS = "withdrawn", "preliminary", "corrected, heard", "was"
CRITICAL_OTHER = "critical"
BAND_WORDS = {
    Band.LOW: "low",
    Band.SINGLE: "one part scores 3",
    Band.MEDIUM: "medium",
    Band.HIGH: "high",
}
UNSCORED_WORDS = {
    Unscored.CHILD: "under 16 years, and the score is for adults",
    Unscored.AGE: "the age is not known, and the score is for adults",
    Unscored.PREGNANT: "pregnancy was heard, and the score is not made for it",
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


def day_text(day: date) -> str:
    """24-Nov-2026."""
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}"


def moment(us: int | None, zone: ZoneInfo) -> str:
    """24-Nov-2026 03:12, or "never" for None. `us`: µs since 1970 UTC."""
    if us is None:
        return "never"
    at = datetime.fromtimestamp(us // US_PER_S, UTC).astimezone(zone)
    return f"{day_text(at.date())} {_hour(at)}"


def _hour(at: datetime) -> str:
    """03:12; 01:30 EDT in the hour that comes twice when summer time ends: without it, an hour would be hidden."""
    text = f"{at.hour:02d}:{at.minute:02d}"
    return f"{text} {at.tzname()}" if at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset() else text


def short(us: int | None, now_us: int, zone: ZoneInfo) -> str:
    """03:12 when it is today in the zone, else 23-Nov 03:12, with the year when that differs; "never" for None."""
    if us is None:
        return "never"
    at = datetime.fromtimestamp(us // US_PER_S, UTC).astimezone(zone)
    return _brief(at, datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date())


def _brief(at: datetime, today: date) -> str:
    return _hour(at) if at.date() == today else _dated(at, today)


def _dated(at: datetime, today: date) -> str:
    hour = _hour(at)
    if at.year == today.year:
        return f"{at.day:02d}-{MONTHS[at.month - 1]} {hour}"
    return f"{day_text(at.date())} {hour}"


def age(then_us: int | None, now_us: int) -> str:
    """ "7 h 48 min", "3 d 4 h", "under 1 min"; "" when unknown, "in the future" when the clock says so."""
    if then_us is None:
        return ""
    past = now_us - then_us
    if past < 0:
        return "in the future"
    minutes = past // _MINUTE_US
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 14 else f"{days} d"


def clinical(when: When | None, now_us: int, zone: ZoneInfo) -> Worded:
    """A claimed time with its own precision, never without its day. A dateTime is turned into the facility's zone; an
    unreadable one is shown as it was sent, never guessed."""
    if when is None:
        return Worded("time not sent")
    partial = _PARTIAL.match(when.iso)
    if partial:
        return Worded(_precise(*partial.groups()) or f"as sent: {when.source_text or when.iso}", False, "")
    try:
        at = datetime.fromisoformat(when.iso)
    except ValueError:
        return Worded(f"as sent: {when.source_text or when.iso}")
    if at.tzinfo is not None:
        at = at.astimezone(zone)
    today = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date()
    return Worded(_dated(at, today), when.zone_assumed or at.tzinfo is None, when.source_text)


def _precise(year: str, month: str | None, day: str | None) -> str:
    try:
        known = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    if day:
        return day_text(known)
    return f"{MONTHS[known.month - 1]}-{year}" if month else year


def birth(birth_date: str, now_us: int, zone: ZoneInfo) -> str:
    """04-Mar-1955 (71 y); under two years in months, under three months in days; as sent when it cannot be read."""
    if not birth_date:
        return "birth date unknown"
    partial = _PARTIAL.match(birth_date)
    if not partial:
        return f"born, as sent: {birth_date}"
    shown = _precise(*partial.groups())
    if not shown:
        return f"born, as sent: {birth_date}"
    years = age_of(birth_date, now_us, zone)
    return f"{shown} ({years})" if years else shown


def age_of(birth_date: str, now_us: int, zone: ZoneInfo) -> str:
    """ "71 y", "14 mo", "9 d", or "" when the birth date is partial, unreadable or ahead of now."""
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return ""
    today = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(zone).date()
    days = (today - born).days
    if days < 0:
        return ""
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 3:
        return f"{days} d"
    return f"{months} mo" if months < 24 else f"{months // 12} y"


def entry_name(place: int) -> str:
    """48 211, or "2: 17" for entry 17 of a second origin (after a restore). "–" when there is none."""
    if place < 0:
        return "–"
    ordinal, position = split_place(place)
    return f"{ordinal + 1}: {grouped(position)}" if ordinal else grouped(position)


def grouped(number: int) -> str:
    """48 211: thin groups of three, for entry numbers and counts."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
