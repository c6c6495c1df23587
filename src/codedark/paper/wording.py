"""How values are written on paper: times, ages and outside text that may hide something.

Every string that reaches the template went through `printable`: what a reader could not see or could be fooled by is
drawn as a mark, what a font cannot draw is drawn by its number, and nothing is left out.
"""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

from codedark.journal import split_place
from codedark.views import When

NOT_RECORDED = "not recorded"
BREAK = "\N{ZERO WIDTH SPACE}"
"""Where a long unbroken run may be broken. Ours alone: one that came with the data is drawn as a mark."""

_NAMES = {"\t": "TAB", "\n": "LF", "\r": "CR", "\x00": "NUL", "\x1b": "ESC"}
_OURS = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@functools.cache
def drawable() -> frozenset[str]:
    """The characters the shipped typeface has: its `cmap` format 4 table (OpenType 1.9, cmap)."""
    data = resources.files("codedark.paper").joinpath("fonts/IBMPlexSans-Regular.ttf").read_bytes()
    tables = {data[at : at + 4]: struct.unpack_from(">I", data, at + 8)[0] for at in range(12, 12 + 16 * data[5], 16)}
    base = tables[b"cmap"]
    for record in range(struct.unpack_from(">H", data, base + 2)[0]):
        start = base + struct.unpack_from(">HHI", data, base + 4 + 8 * record)[2]
        if struct.unpack_from(">H", data, start)[0] == 4:
            return frozenset(_format_4(data, start))
    return frozenset(map(chr, range(32, 127)))


def _format_4(data: bytes, start: int) -> list[str]:
    """Characters of the segments whose glyph is not the missing one."""
    count = struct.unpack_from(">H", data, start + 6)[0] // 2
    ends, starts, deltas, offsets = (start + 14, start + 16 + 2 * count, start + 16 + 4 * count, start + 16 + 6 * count)
    found = []
    for segment in range(count):
        last, first, delta, offset = (
            struct.unpack_from(">H", data, at + 2 * segment)[0] for at in (ends, starts, deltas, offsets)
        )
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", data, offsets + 2 * segment + offset + 2 * (code - first))[0]
            if glyph and (glyph + delta) & 0xFFFF:
                found.append(chr(code))
    return found


def printable(text: str, run: int = 26) -> str:
    """`text` as it may be printed: control, bidi, zero-width and undrawable characters as ‹U+202E› marks, runs of more
    than `run` characters without a space given places to break. Nothing is removed or shortened."""
    drawn = "".join(map(_drawn, unicodedata.normalize("NFC", text)))
    return " ".join(_broken(word, run) for word in drawn.split(" "))


def _drawn(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if char in _OURS or category[0] in "CM" or category in ("Zl", "Zp") or char not in drawable():
        return f"{_OURS[0]}{_NAMES.get(char) or f'U+{ord(char):04X}'}{_OURS[1]}"
    return char


def _broken(word: str, run: int) -> str:
    if len(word) <= run:
        return word
    return BREAK.join(word[at : at + 4] for at in range(0, len(word), 4))


def known(text: str, run: int = 26) -> str:
    """`printable`, and what is empty said as unknown."""
    return printable(text, run) if text.strip() else NOT_RECORDED


def moment(us: int | None, zone: ZoneInfo) -> str:
    """`24-Nov-2026 03:12` in the facility's zone, or "never"."""
    return "never" if us is None else _clock(_local(us, zone))


def brief(us: int | None, printed_at_us: int | None, zone: ZoneInfo) -> str:
    """`03:12` when that is the day of printing, else (or when that day is not known) with its day; "never"."""
    if us is None:
        return "never"
    at = _local(us, zone)
    today = printed_at_us is not None and at.date() == _local(printed_at_us, zone).date()
    return _hour(at) if today else _clock(at)


def _local(us: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).astimezone(zone)


def _clock(at: datetime) -> str:
    return f"{_day(at)} {_hour(at)}"


def _hour(at: datetime) -> str:
    """`03:12`; `01:30 EDT` in the hour that comes twice when summer time ends: without it, an hour would be hidden."""
    twice = at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
    return f"{at:%H:%M} {at.tzname()}" if twice else f"{at:%H:%M}"


def _day(at: date) -> str:
    return f"{at.day:02d}-{MONTHS[at.month - 1]}-{at.year:04d}"


def day(us: int, zone: ZoneInfo) -> str:
    """`24-Nov-2026` in the facility's zone."""
    return _day(_local(us, zone))


def when(claimed: When | None, zone: ZoneInfo, printed_at_us: int | None = None) -> str:
    """A clinical time as claimed, to its own precision; `*` = the sender gave no zone, the site's was assumed; a time
    that cannot be read is printed as it came. With `printed_at_us` a time of day within the 180 days before it is
    written without its year, which the line of state says."""
    if claimed is None or not (claimed.iso or claimed.source_text).strip():
        return "time not recorded"
    today = None if printed_at_us is None else _local(printed_at_us, zone)
    text = _claimed(claimed.iso, zone, today)
    if text is None:
        return printable(f"“{claimed.source_text or claimed.iso}”")
    return text + "*" if claimed.zone_assumed else text


def _claimed(iso: str, zone: ZoneInfo, today: datetime | None = None) -> str | None:
    partial = _PARTIAL.fullmatch(iso)
    try:
        if partial:
            year, month, in_month = partial.groups()
            date(int(year), int(month or 1), int(in_month or 1))
            named = MONTHS[int(month) - 1] if month else ""
            return "-".join(part for part in (in_month, named, year) if part)
        at = datetime.fromisoformat(iso)
        at = at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    recent = today is not None and timedelta(0) <= today - at <= timedelta(days=180)
    return f"{at.day:02d}-{MONTHS[at.month - 1]} {_hour(at)}" if recent else _clock(at)


def span(us: int) -> str:
    """`7 h 48 min`, `2 d 3 h`: how long, rounded down."""
    minutes = max(0, us) // 60_000_000
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60:02d} min" if hours else f"{minutes} min"


def age(birth_date: str, printed_at_us: int, zone: ZoneInfo) -> str:
    """`71 y`, `14 mo`, `9 d` on the day of printing; "about 71 y" when only the year is known; "age not known"."""
    partial = _PARTIAL.fullmatch(birth_date[:10])
    today = _local(printed_at_us, zone).date()
    try:
        if not partial:
            return "age not known"
        year, month, in_month = partial.groups()
        if not in_month:
            return f"about {today.year - int(year)} y"
        return _exact_age(date(int(year), int(month), int(in_month)), today)
    except ValueError:
        return "age not known"


def _exact_age(born: date, today: date) -> str:
    if born > today:
        return "age not known"
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months >= 24:
        return f"{months // 12} y"
    return f"{months} mo" if months >= 2 else f"{(today - born).days} d"


def born(birth_date: str, run: int = 26) -> str:
    """`04-Mar-1955`, to the precision known; unreadable dates as they came."""
    if not birth_date.strip():
        return NOT_RECORDED
    return _claimed(birth_date[:10], ZoneInfo("UTC")) or printable(f"“{birth_date}”", run)


def entry_name(place: int) -> str:
    """`48 211`, or `2: 17` for entry 17 of a second origin (after a restore)."""
    ordinal, position = split_place(place)
    return f"{ordinal + 1}: {number(position)}" if ordinal else number(position)


def number(value: int) -> str:
    """`48 211`: thousands apart by a space."""
    return f"{value:,}".replace(",", " ")


def mar_day(printed_at_us: int, zone: ZoneInfo, start_hour: int) -> tuple[datetime, datetime, bool]:
    """The 24 hours one MAR sheet covers, and whether it bridges the site's MAR day.

    It is the MAR day of the printing; with less than eight hours of that left it runs 24 h from the hour of printing
    instead. Never more than 24 h of wall clock, so that a time of day on it means one day only (bedside.md, rule 3).
    """
    now = _local(printed_at_us, zone).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    start = now.replace(hour=start_hour)
    if start > now:
        start -= timedelta(days=1)
    bridges = start + timedelta(days=1) - now < timedelta(hours=8)
    first = now if bridges else start
    return first, first + timedelta(days=1), bridges


def wall(at: datetime) -> str:
    """A wall-clock time of the facility, `24-Nov-2026 07:00`."""
    return _clock(at)


def wall_day(at: datetime) -> str:
    """The day of a wall-clock time of the facility, `24-Nov-2026`."""
    return _day(at)
