"""HL7 v2 times (DTM, TS, DT, TM) as FHIR dates and times: precision and zone kept, nothing guessed.

Source: HL7 v2.5.1 chapter 2A (DTM: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]); R4 datatypes.html#dateTime. An
hour without minutes has no form in FHIR: the day is given and the source text kept beside it.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

ASSUMED_ZONE = "urn:codedark:assumed-zone"
SOURCE_TEXT = "urn:codedark:source-text"
DOUBTFUL_HOUR = "urn:codedark:doubtful-hour"

_DTM = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(?:([+-])(\d\d)(\d\d))?\Z"
)
_TM = re.compile(r"(\d\d)(\d\d)(?:(\d\d)(?:\.\d{1,9})?)?(?:[+-]\d{4})?\Z")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Moment(NamedTuple):
    """A time as claimed. `iso`: FHIR date or dateTime ("" when `problem`); `at_us`: µs UTC of its start; `text`: as
    sent; `assumed`: the zone is the site's; `doubtful`: that hour happens twice or never in the site's zone;
    `exact`: it has at least minutes; `problem`: why it is no time."""

    iso: str
    at_us: int | None
    text: str
    assumed: bool = False
    doubtful: bool = False
    exact: bool = False
    problem: str = ""


@lru_cache(maxsize=65_536)
def moment(text: str, zone: str) -> Moment:
    """The moment `text` names; a time without offset is read in `zone` (IANA) and marked so."""
    match = _DTM.match(text.strip())
    if match is None:
        return Moment("", None, text, problem="not a date or time")
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups()
    try:
        start = dt.datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0))
        if int(second or 0) > 60 or (sign and (int(off_hours) > 14 or int(off_minutes) > 59)):
            raise ValueError
    except ValueError:
        return Moment("", None, text, problem="an impossible date or time")
    start += dt.timedelta(seconds=int(second or 0), microseconds=int((fraction or "")[:6].ljust(6, "0")))
    if minute is None:
        iso = "-".join(part for part in (year, month, day) if part)
        return Moment(iso, _since_epoch(start, zone), text, problem="")
    if sign:
        offset = int(sign + "1") * dt.timedelta(hours=int(off_hours), minutes=int(off_minutes))
        aware = start.replace(tzinfo=dt.timezone(offset))
        tail = f"{sign}{off_hours}:{off_minutes}"
        return Moment(_iso(match, tail), (aware - _EPOCH) // _MICROSECOND, text, exact=True)
    aware = start.replace(tzinfo=_zone(zone))
    tail = _offset_text(aware.utcoffset() or dt.timedelta())
    doubtful = aware.utcoffset() != aware.replace(fold=1).utcoffset()
    return Moment(_iso(match, tail), (aware - _EPOCH) // _MICROSECOND, text, True, doubtful, True)


def put_time(body: dict[str, Any], name: str, when: Moment | None, *, instant: bool = False) -> None:
    """Set `name` in `body` to `when`, with the extensions that say what was assumed.

    `instant`: the field needs a full time (R4 instant); a bare date then stays as source text beside it.
    """
    if when is None or when.problem:
        return
    extensions = []
    if when.exact or not instant:
        body[name] = when.iso
    if when.assumed:
        extensions.append({"url": ASSUMED_ZONE, "valueString": when.text})
    elif not when.exact and (instant or len(when.text) > 8):
        extensions.append({"url": SOURCE_TEXT, "valueString": when.text})
    if when.doubtful:
        extensions.append({"url": DOUBTFUL_HOUR, "valueString": when.text})
    if extensions:
        body["_" + name] = {"extension": extensions}


def time_of_day(text: str) -> str:
    """R4 time ("13:05:00") of an HL7 TM, or "" when it is none."""
    match = _TM.match(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return ""
    return f"{match[1]}:{match[2]}:{match[3] or '00'}"


def _iso(match: re.Match[str], tail: str) -> str:
    year, month, day, hour, minute, second, fraction = match.groups()[:7]
    point = f".{fraction}" if fraction else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{point}{tail}"


def _offset_text(offset: dt.timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _since_epoch(start: dt.datetime, zone: str) -> int:
    return (start.replace(tzinfo=_zone(zone)) - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)
def _zone(name: str) -> dt.tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return dt.UTC
