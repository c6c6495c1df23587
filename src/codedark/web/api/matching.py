"""Whether a resource is what a search asks for. Pure: a decoded R4 body and the parsed values in, yes or no out.

Source: R4 4.0.1, search.html: values joined by commas are alternatives; a date matches as the range that it spans.
What is not shaped like R4 matches nothing; no body makes a search fail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from codedark.fhir import parse_reference
from codedark.web.api.outcome import malformed
from codedark.web.api.parameters import Kind, Parameter

Body = dict[str, Any]

MODIFIERS = {
    Kind.TOKEN: frozenset({"", "not", "missing"}),
    Kind.STRING: frozenset({"", "exact", "contains", "missing"}),
    Kind.DATE: frozenset({"", "missing"}),
    Kind.REFERENCE: frozenset({"", "missing"}),
}
_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?\Z"
)
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Span(NamedTuple):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime


class Wish(NamedTuple):
    """One parameter of a search with its alternatives."""

    name: str
    kind: Kind
    paths: tuple[str, ...]
    modifier: str
    values: tuple[str, ...]


def wish(name: str, modifier: str, text: str, parameter: Parameter) -> Wish:
    """Raises `Declined` for a modifier that is not known here, or a value that is none of its kind."""
    if modifier not in MODIFIERS[parameter.kind]:
        raise malformed("A search parameter has a modifier that is not supported here.")
    values = tuple(part.replace("\\,", ",") for part in re.split(r"(?<!\\),", text))
    if modifier == "missing" and values not in (("true",), ("false",)):
        raise malformed("The modifier :missing takes true or false.")
    if parameter.kind is Kind.DATE and modifier != "missing":
        for value in values:
            if _span(_parted(value)[1], UTC) is None:
                raise malformed("A search parameter is not a date.")
    return Wish(name, parameter.kind, parameter.paths, modifier, values)


def matches(body: Body, wanted: Wish, zone: ZoneInfo) -> bool:
    """Whether the resource satisfies one wish. `zone`: of dates that name none."""
    found = [value for path in wanted.paths for value in _walk(body, path.split("."))]
    if wanted.modifier == "missing":
        return (not found) is (wanted.values == ("true",))
    if wanted.kind is Kind.TOKEN:
        has = any(_token(value, each) for each in wanted.values for value in found)
        return has is not (wanted.modifier == "not")
    if wanted.kind is Kind.STRING:
        return any(_text(value, each, wanted.modifier) for each in wanted.values for value in found)
    if wanted.kind is Kind.DATE:
        return any(in_time(_range(value, zone), each, zone) for each in wanted.values for value in found)
    return any(_leads(value, each) for each in wanted.values for value in found)


def targets(body: Body, parameter: Parameter) -> Iterator[tuple[str, str]]:
    """(type, id) of what a reference parameter leads to."""
    for path in parameter.paths:
        for value in _walk(body, path.split(".")):
            found = parse_reference(value["reference"]) if _has_text(value, "reference") else None
            if found is not None and found.type:
                yield found.type, found.id


def in_time(span: Span | None, value: str, zone: ZoneInfo) -> bool:
    """Whether a span of time satisfies `ge2026-11` and the like."""
    prefix, text = _parted(value)
    asked = _span(text, zone)
    if span is None or asked is None:
        return False
    within = asked.start <= span.start and span.end <= asked.end
    return {
        "eq": within,
        "ne": not within,
        "gt": span.end > asked.end,
        "lt": span.start < asked.start,
        "ge": within or span.end > asked.end,
        "le": within or span.start < asked.start,
        "sa": span.start >= asked.end,
        "eb": span.end <= asked.start,
    }[prefix]


def instant(us: int) -> Span:
    """The span of one moment, µs UTC."""
    start = datetime.fromtimestamp(us / 1_000_000, UTC)
    return Span(start, start + timedelta(microseconds=1))


def _walk(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _walk(each, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _walk(value[path[0]], path[1:])


def _has_text(value: Any, name: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(name), str)


def _coded(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, Coding, CodeableConcept, Identifier or boolean."""
    if isinstance(value, bool):
        yield "", str(value).lower()
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, dict):
        system = value.get("system")
        for name in ("code", "value"):
            if _has_text(value, name):
                yield system if isinstance(system, str) else "", value[name]
        codings = value.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            yield from _coded(coding)


def _token(value: Any, asked: str) -> bool:
    system, bar, code = asked.rpartition("|")
    for own_system, own in _coded(value):
        if code and own != code:
            continue
        # A plain code has its system by definition, so a system that is asked for is taken on trust there.
        if not bar or isinstance(value, (str, bool)) or own_system == system:
            return bool(code or bar)
    return False


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).casefold()


def _text(value: Any, asked: str, modifier: str) -> bool:
    if not isinstance(value, str):
        return False
    if modifier == "exact":
        return value == asked
    own, wanted = _folded(value), _folded(asked)
    return wanted in own if modifier == "contains" else own.startswith(wanted)


def _leads(value: Any, asked: str) -> bool:
    if not _has_text(value, "reference"):
        return False
    own, wanted = parse_reference(value["reference"]), parse_reference(asked)
    if own is None:
        return False
    return own.id == asked if wanted is None else (own.type, own.id) == (wanted.type, wanted.id)


def _parted(value: str) -> tuple[str, str]:
    return (value[:2], value[2:]) if value[:2] in _PREFIXES else ("eq", value)


def _range(value: Any, zone: ZoneInfo) -> Span | None:
    """The span of a date, dateTime, instant or Period; an open end is open."""
    if isinstance(value, str):
        return _span(value, zone)
    if not isinstance(value, dict):
        return None
    start = _span(value["start"], zone) if _has_text(value, "start") else None
    end = _span(value["end"], zone) if _has_text(value, "end") else None
    if start is None and end is None:
        return None
    return Span(start.start if start else _EARLIEST, end.end if end else _LATEST)


def _span(text: str, zone: ZoneInfo | Any) -> Span | None:
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, part, offset = found.groups()
    try:
        tz: Any = zone if offset is None else datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo
        fine = int((part or "0")[:6].ljust(6, "0"))
        whole = [int(each or low) for each, low in ((month, 1), (day, 1), (hour, 0), (minute, 0), (second, 0))]
        start = datetime(int(year), whole[0], whole[1], whole[2], whole[3], whole[4], fine, tz)
        return Span(start.astimezone(UTC), _after(start, found.groups()).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _after(start: datetime, said: tuple[str | None, ...]) -> datetime:
    """The first moment after what a date with so many parts names."""
    _, month, day, hour, _, second, part, _ = said
    if month is None:
        return start.replace(year=start.year + 1)
    if day is None:
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    if hour is None:
        return start + timedelta(days=1)
    if second is None:
        return start + timedelta(minutes=1)
    return start + (timedelta(microseconds=1) if part else timedelta(seconds=1))
