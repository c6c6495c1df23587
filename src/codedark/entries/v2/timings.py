"""When a medicine is given: TQ1, or the old TQ in ORC-7 and RXE-1, as Dosage timing (V2-to-FHIR: TQ1, RPT[Timing]).

The pattern stays the code it was sent as (table 0335): a due time is never computed here.
"""

from __future__ import annotations

from codedark.entries.datatypes import V2, Json, joined, part
from codedark.entries.moments import put_time, time_of_day
from codedark.entries.v2.orders import OrderGroup
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment


def timing_of(reading: Reading, group: OrderGroup, segment: Segment) -> Json:
    """The part of an R4 Dosage that TQ1 (else the old TQ) says: timing, asNeeded."""
    timing = group.first("TQ1")
    if timing is not None:
        return _modern(reading, timing)
    found: list[Json] = []
    for source, field in ((segment if segment.name == "RXE" else None, 1), (group.orc, 7)):
        if source is not None and is_valued(source, field):
            found.append(_legacy(reading, source, field))
    # RXE-1 often holds only a start time; the pattern then stands in ORC-7.
    named = [each for each in found if "code" in each.get("timing", {})]
    return next(iter(named or found), {})


def _modern(reading: Reading, tq1: Segment) -> Json:
    patterns = list(reps(tq1, 3)) if is_valued(tq1, 3) else []
    codes = [part(rep, 1) for rep in patterns if part(rep, 1)]
    # RPT.1 is itself coded: its second sub-component is the text a person reads.
    words = [part(rep, 1, 2) for rep in patterns if part(rep, 1, 2)]
    out = _pattern(codes, words)
    timing: Json = out.get("timing", {})
    bounds: Json = {}
    reading.put(bounds, "start", tq1, 7)
    reading.put(bounds, "end", tq1, 8)
    repeat: Json = {}
    if bounds:
        repeat["boundsPeriod"] = bounds
    times = [time_of_day(part(rep, 1)) for rep in reps(tq1, 4)] if is_valued(tq1, 4) else []
    if times := [time for time in times if time]:
        repeat["timeOfDay"] = times
    if repeat:
        timing["repeat"] = repeat
    if timing:
        out["timing"] = timing
    condition = text_of(tq1, 10)
    if condition:
        if "asNeededBoolean" in out:
            del out["asNeededBoolean"]
            out["asNeededCodeableConcept"] = {"text": condition}
        else:
            out["additionalInstruction"] = [{"text": condition}]
    if is_valued(tq1, 11):
        out["patientInstruction"] = tq1.whole(11)
    return out


def _legacy(reading: Reading, segment: Segment, field: int) -> Json:
    """quantity ^ interval ^ duration ^ start ^ end ^ priority ^ condition ^ text (v2.3–2.5 TQ)."""
    rep = first_rep(segment, field)
    pattern, explicit = part(rep, 2, 1), part(rep, 2, 2)
    out = _pattern([pattern] if pattern else [], [joined(rep, 8)] if joined(rep, 8) else [])
    timing: Json = out.get("timing", {})
    bounds: Json = {}
    for name, component in (("start", 4), ("end", 5)):
        if part(rep, component):
            put_time(bounds, name, reading.moment(segment, field, 1, component))
    repeat: Json = {"boundsPeriod": bounds} if bounds else {}
    times = [time_of_day(text) for text in explicit.split(",")] if explicit else []
    if times := [time for time in times if time]:
        repeat["timeOfDay"] = times
    if repeat:
        timing["repeat"] = repeat
    if timing:
        out["timing"] = timing
    if condition := joined(rep, 7):
        out["additionalInstruction"] = [{"text": condition}]
    return out


def _pattern(codes: list[str], words: list[str]) -> Json:
    """The repeat pattern as Timing.code; PRN in any of its spellings is also `asNeeded`."""
    out: Json = {}
    if not codes and not words:
        return out
    as_needed = any(code.upper().startswith("PRN") or code.upper().endswith("PRN") for code in codes)
    code: Json = {"text": ", ".join(words) or " ".join(codes)}
    # Some senders write words where the code belongs; words are text and no code.
    if codings := [{"system": V2 + "0335", "code": value} for value in codes if " " not in value]:
        code["coding"] = codings
    out["timing"] = {"code": code}
    if as_needed:
        out["asNeededBoolean"] = True
    return out
