"""When an order is to be carried out: TQ1 and TQ2, or the old TQ in ORC-7, OBR-27 and RXE-1.

Source: V2-to-FHIR 1.0.0, TQ1/TQ[MedicationRequest], TQ1/TQ[ServiceRequest], RPT[Timing]; HL7 v2.5.1, 4.3 and 4.5.5. The
pattern stays the code it was sent as (table 0335): a due time is never computed here. Several of them are several parts
of one order, in their sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from codedark.entries.datatypes import V2, Json, Rep, joined, number, part
from codedark.entries.moments import put_time, time_of_day
from codedark.entries.v2.orders import OrderGroup
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Delimiters, Segment

_UNITS = {
    "s": "s", "sec": "s", "min": "min", "m": "min", "h": "h", "hr": "h", "hour": "h", "d": "d", "day": "d", "days": "d",
    "w": "wk", "wk": "wk", "week": "wk", "mo": "mo", "l": "mo", "month": "mo", "a": "a", "yr": "a",
}  # fmt: skip
"""Units of time as sent (UCUM; the letters of TQ.3; common words) → R4 units of time."""
_WORDS = {"s": "s", "min": "min", "h": "h", "d": "days", "wk": "weeks", "mo": "months", "a": "years"}
_LENGTH = re.compile(r"([SMHDWLX])(\d+)\Z", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERED = ("1", "2", "3", "4", "5", "6", "7")
_EVENTS = frozenset({"AC", "ACD", "ACM", "ACV", "C", "CD", "CM", "CV", "HS", "PC", "PCD", "PCM", "PCV", "WAKE"})
"""Codes of table 0528 that are the same code in v3 TimingEvent."""
_MINUTES = {"min": 1, "h": 60, "d": 1440}
_RELATIONS = {
    "EE": "ends when {} ends",
    "ES": "starts when {} ends",
    "SS": "starts when {} starts",
    "SE": "ends when {} starts",
}
_MANNERS = {"C": "compound", "N": "nurse prerogative", "T": "tapering", "E": "exclusive", "S": "simultaneous"}


class Part(NamedTuple):
    """One TQ1, or one repetition of an old TQ. `timing`: R4 Timing, {} when nothing was said; `as_needed`: PRN;
    `condition`: TQ1-10; `instruction`: TQ1-11; `words`: what has no field of its own (for how long, after which
    order); `quantity`: TQ1-2, a CQ."""

    timing: Json
    as_needed: bool
    condition: str
    instruction: str
    words: tuple[str, ...]
    quantity: Rep


class Occurrence(NamedTuple):
    """When a service is to happen. `body`: occurrenceDateTime or occurrenceTiming."""

    body: Json
    as_needed: bool
    quantity: Rep
    words: tuple[str, ...]


def parts_of(reading: Reading, group: OrderGroup, segment: Segment | None) -> list[Part]:
    """Every part of an order's timing: of each TQ1, else of each repetition of the old TQ. `segment`: the medicine it
    is about, None for a service."""
    modern = group.every("TQ1") if segment is None else group.of(segment, "TQ1")
    if modern:
        return [_remembered(reading, group, tq1) for tq1 in modern]
    best: list[Part] = []
    rxe = segment if segment is not None and segment.name == "RXE" else None
    for source, field in ((rxe, 1), (group.orc, 7), (group.obr, 27)):
        if source is None or not is_valued(source, field):
            continue
        found = [_legacy(reading, source, field, index) for index in range(1, len(reps(source, field)) + 1)]
        # RXE-1 often holds only a start time; the pattern then stands in ORC-7.
        if any("code" in each.timing for each in found):
            return found
        best = best or found
    return best


def dosages_of(reading: Reading, group: OrderGroup, segment: Segment) -> list[tuple[Json, Rep]]:
    """For each part of an order's timing what of an R4 Dosage it says, and its quantity (a CQ)."""
    found = parts_of(reading, group, segment)
    out = []
    for index, each in enumerate(found, 1):
        dosage: Json = {"sequence": index} if len(found) > 1 else {}
        if each.timing:
            dosage["timing"] = each.timing
        instructions = [{"text": text} for text in each.words]
        if each.as_needed and each.condition:
            dosage["asNeededCodeableConcept"] = {"text": each.condition}
        elif each.as_needed:
            dosage["asNeededBoolean"] = True
        elif each.condition:
            instructions.insert(0, {"text": each.condition})
        if instructions:
            dosage["additionalInstruction"] = instructions
        if each.instruction:
            dosage["patientInstruction"] = each.instruction
        out.append((dosage, each.quantity))
    return out


def occurrence(reading: Reading, group: OrderGroup) -> Occurrence:
    """When a service is to happen: a time when it happens once, a Timing when it is repeated."""
    found = parts_of(reading, group, None)
    if not found:
        return Occurrence({}, False, (), ())
    first = found[0]
    words = [text for each in found for text in (each.condition, each.instruction, *each.words) if text]
    body: Json = {}
    bounds = first.timing.get("repeat", {}).get("boundsPeriod", {})
    if "code" in first.timing:
        body["occurrenceTiming"] = first.timing
    elif "start" in bounds:
        body = {name.replace("start", "occurrenceDateTime"): bounds[name] for name in bounds if "start" in name}
    return Occurrence(body, first.as_needed, first.quantity, tuple(words))


def _beside(group: OrderGroup, tq1: Segment) -> list[Segment]:
    """The TQ2 below a TQ1."""
    found: list[Segment] = []
    if group.first("TQ2") is None:
        return found
    inside = False
    for segment in group.segments:
        if inside and segment.name != "TQ2":
            break
        if inside:
            found.append(segment)
        inside = inside or segment is tq1
    return found


_MEANT: dict[tuple[str, str, str, Delimiters], Part] = {}
_MOST = 16_384


def _remembered(reading: Reading, group: OrderGroup, tq1: Segment) -> Part:
    """What a TQ1 means. It comes again, unchanged, in every message about its order; what it means is a pure result of
    its text and the zone, so forgetting or keeping it changes nothing but the time it takes."""
    beside = _beside(group, tq1)
    if beside or reading.whole:
        return _modern(reading, tq1, beside)
    key = (tq1.raw, reading.site.zone, tq1.codec, tq1.delimiters)
    found = _MEANT.get(key)
    if found is None:
        problems = len(reading.problems)
        found = _modern(reading, tq1, beside)
        if len(reading.problems) > problems:
            return found  # the worklist hears of an impossible time each time
        if len(_MEANT) >= _MOST:
            _MEANT.clear()
        _MEANT[key] = found
    return found


def _modern(reading: Reading, tq1: Segment, beside: list[Segment]) -> Part:
    patterns = reps(tq1, 3)
    # RPT.1 is itself coded: its second sub-component is the text a person reads.
    code, as_needed = _code([part(rep, 1) for rep in patterns], [part(rep, 1, 2) for rep in patterns])
    if reading.whole:
        for coding, rep in zip(code.get("coding", ()), patterns, strict=False):
            coding |= {"display": part(rep, 1, 2)} if part(rep, 1, 2) else {}
    repeat = _bounds(reading, (tq1, 7, 1, 1), (tq1, 8, 1, 1))
    if patterns:
        _phase(repeat, patterns[0])
    if tq1.field(4) and (times := _times(part(rep, 1) for rep in reps(tq1, 4))):
        repeat["timeOfDay"] = times
    words: list[str] = []
    if any(tq1.fields[5:7]):
        words += _lasting(repeat, _cq(first_rep(tq1, 6)))
        words += [f"{part(rep, 1)} {_unit_word(rep)} relative to it".strip() for rep in reps(tq1, 5)]
    if any(tq1.fields[13:15]):
        _each(repeat, _cq(first_rep(tq1, 13)), text_of(tq1, 14))
    words += [text for tq2 in beside if (text := _relation(tq2))]
    as_needed = as_needed or tq1.field(9).upper() == "PRN"
    instruction = tq1.whole(11) if is_valued(tq1, 11) else ""
    return Part(_timing(code, repeat), as_needed, text_of(tq1, 10), instruction, tuple(words), first_rep(tq1, 2))


def _legacy(reading: Reading, segment: Segment, field: int, index: int) -> Part:
    """quantity ^ interval ^ duration ^ start ^ end ^ priority ^ condition ^ text ^ conjunction ^ sequence ^ occurrence
    duration ^ total occurrences (v2.3–2.5 TQ)."""
    rep = reps(segment, field)[index - 1]
    pattern, explicit, text = part(rep, 2, 1), part(rep, 2, 2), joined(rep, 8)
    code, as_needed = _code([pattern], [text])
    repeat = _bounds(reading, (segment, field, index, 4), (segment, field, index, 5))
    if times := _times(explicit.split(",")):
        repeat["timeOfDay"] = times
    words = _lasting(repeat, _length(part(rep, 3)))
    _each(repeat, None, part(rep, 12))
    quantity = tuple((sub,) for sub in rep[0]) if rep else ()
    as_needed = as_needed or part(rep, 6).upper() == "PRN"
    return Part(_timing(code, repeat), as_needed, joined(rep, 7), "", tuple(words), quantity)


def _timing(code: Json, repeat: Json) -> Json:
    out: Json = {"code": code} if code else {}
    if repeat:
        out["repeat"] = repeat
    return out


def _code(codes: list[str], words: list[str]) -> tuple[Json, bool]:
    """(the repeat pattern as Timing.code, whether any of its spellings says PRN)."""
    codes, words = [each for each in codes if each], [each for each in words if each]
    if not codes and not words:
        return {}, False
    as_needed = any(code.upper().startswith("PRN") or code.upper().endswith("PRN") for code in codes)
    code: Json = {"text": ", ".join(words) or " ".join(codes)}
    # Some senders write words where the code belongs; words are text and no code.
    if codings := [{"system": V2 + "0335", "code": value} for value in codes if " " not in value]:
        code["coding"] = codings
    return code, as_needed


_Place = tuple[Segment, int, int, int]
"""Segment, field, repetition, component."""


def _bounds(reading: Reading, start: _Place, end: _Place) -> Json:
    bounds: Json = {}
    for name, place in (("start", start), ("end", end)):
        put_time(bounds, name, reading.moment(*place))
    return {"boundsPeriod": bounds} if bounds else {}


def _times(texts: Iterable[str]) -> list[str]:
    return [time for time in (time_of_day(text) for text in texts) if time]


def _phase(repeat: Json, rep: Rep) -> None:
    """RPT: days of the week, period, event (of the first pattern)."""
    if len(rep) < 2:
        return
    if part(rep, 2) == "DW":
        first, last = part(rep, 3), part(rep, 4) or part(rep, 3)
        if first in _NUMBERED and last in _NUMBERED:
            at, end = _NUMBERED.index(first), _NUMBERED.index(last)
            # Saturday to Tuesday goes round the end of the week.
            repeat["dayOfWeek"] = list(_DAYS[at : end + 1] if at <= end else _DAYS[at:] + _DAYS[: end + 1])
    period, unit = number(part(rep, 5)), _UNITS.get(part(rep, 6).lower())
    if period is not None and unit:
        repeat["period"], repeat["periodUnit"] = period, unit
    if (event := part(rep, 8).upper()) in _EVENTS:
        repeat["when"] = [event]
        minutes = _MINUTES.get(_UNITS.get(part(rep, 10).lower(), ""))
        if minutes and part(rep, 9).isascii() and part(rep, 9).isdigit():
            repeat["offset"] = int(part(rep, 9)) * minutes


def _cq(rep: Rep) -> tuple[str, str] | None:
    """(number, R4 unit of time) of a CQ; None when it is no length of time."""
    amount = number(part(rep, 1))
    unit = _UNITS.get(part(rep, 2).lower()) or _UNITS.get(part(rep, 2, 2).lower())
    return (part(rep, 1), unit) if amount is not None and unit else None


def _unit_word(rep: Rep) -> str:
    return part(rep, 2, 2) or part(rep, 2)


def _length(text: str) -> tuple[str, str] | None:
    """TQ.3: "D10" is ten days, "X3" three times."""
    match = _LENGTH.match(text.strip())
    if match is None:
        return None
    letter = match[1].upper()
    return (match[2], "x" if letter == "X" else _UNITS[letter.lower()])


def _lasting(repeat: Json, length: tuple[str, str] | None) -> list[str]:
    """For how long: `boundsDuration`, or words beside a period that names its ends."""
    if length is None:
        return []
    amount, unit = length
    if unit == "x":
        repeat["count"] = int(amount)
        return [f"{amount} times"]
    if "boundsPeriod" not in repeat:
        repeat["boundsDuration"] = {"value": number(amount), "unit": unit, "system": _UCUM, "code": unit}
    return [f"for {amount} {_WORDS[unit]}"]


_UCUM = "http://unitsofmeasure.org"


def _each(repeat: Json, length: tuple[str, str] | None, total: str) -> None:
    """How long each time (TQ1-13) and how many times in all (TQ1-14, TQ.12)."""
    if length is not None:
        repeat["duration"], repeat["durationUnit"] = number(length[0]), length[1]
    if total.isascii() and total.isdigit() and int(total) > 0:
        repeat["count"] = int(total)


def _relation(tq2: Segment) -> str:
    """How this order hangs on others (TQ2), in words: there is no field for it in R4."""
    related = [part(rep, 1) for field in (3, 4, 5) for rep in reps(tq2, field)]
    named = "order " + ", ".join(dict.fromkeys(each for each in related if each)) if any(related) else "another order"
    said = []
    if relation := _RELATIONS.get(text_of(tq2, 6).upper()):
        said.append(relation.format(named))
    elif any(related):
        said.append(f"{'in turn with' if text_of(tq2, 2) == 'C' else 'in sequence with'} {named}")
    if is_valued(tq2, 7):
        said.append(tq2.whole(7))
    if is_valued(tq2, 8):
        rep = first_rep(tq2, 8)
        said.append(f"interval {part(rep, 1)} {_unit_word(rep)}".strip())
    if manner := _MANNERS.get(text_of(tq2, 10).upper()):
        said.append(manner)
    return ", ".join(said)
