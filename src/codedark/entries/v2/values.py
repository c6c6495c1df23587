"""OBX-5 of every data type as value[x], OBX-7 as a reference range (V2-to-FHIR: OBX[Observation], SN, NR, DR, NA).

A value that does not fit its declared type is shown as the text it is; it is never made to fit.
"""

from __future__ import annotations

import re
from functools import lru_cache

from codedark.entries.datatypes import Json, Rep, concept, human_name, joined, number, part, person, quantity
from codedark.entries.moments import moment, put_time, time_of_day
from codedark.entries.v2.reading import Reading, first_rep, is_valued, null, reps, text_of
from codedark.hl7 import Segment

_ATTACHMENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"
_TEXT = frozenset({"ST", "TX", "FT", "VR"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
_TIMES = frozenset({"DT", "TS", "DTM", "TM", "DR"})
_COMPARATORS = frozenset({"", "=", "<", ">", "<=", ">="})
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|–|\bto\b)\s*{_NUMBER}\Z")
_BEYOND = re.compile(rf"([<>])(=?)\s*{_NUMBER}\Z")


def put_value(reading: Reading, body: Json, rows: list[Segment]) -> tuple[str, ...]:
    """Set value[x]; returns the fields to clear. Rows of one text are joined by line breaks."""
    obx = rows[0]
    kind = text_of(obx, 2)
    if null(obx, 5):
        return ("valueQuantity", "valueString", "valueCodeableConcept")
    if not any(is_valued(row, 5) for row in rows):
        return ()
    if kind in _TEXT or len(rows) > 1:
        body["valueString"] = "\n".join(_text_value(row) for row in rows).strip("\n")
        return ()
    found = reps(obx, 5)
    if len(found) == 1:
        _one(reading, body, obx, kind, found[0])
        return ()
    body["valueString"] = "; ".join(_shown(kind, rep) for rep in found)
    if reading.whole:
        body["component"] = _components(reading, obx, kind, found)
    return ()


def _components(reading: Reading, obx: Segment, kind: str, found: tuple[Rep, ...]) -> list[Json]:
    """Each repetition a value of its own (OBX[Observation-Component]); the chart shows them as one text."""
    code = concept(first_rep(obx, 3), reading.codes("observation"))
    out = []
    for rep in found:
        each: Json = {"code": code} if code else {}
        _one(reading, each, obx, kind, rep)
        out.append(each)
    return out


def _one(reading: Reading, body: Json, obx: Segment, kind: str, rep: Rep) -> None:
    if kind in ("NM", "SN", "SI"):
        _numeric(body, kind, rep, first_rep(obx, 6))
    elif kind in _CODED:
        if value := concept(rep, reading.codes("value")):
            body["valueCodeableConcept"] = value
    elif kind in _TIMES:
        _temporal(reading, body, kind, rep)
    elif kind in ("ED", "RP"):
        _attachment(reading, body, obx, kind, rep)
    else:
        _other(body, kind, rep, first_rep(obx, 6))


def _other(body: Json, kind: str, rep: Rep, unit: Rep) -> None:
    """NR and CQ where they hold numbers; everything else, and what does not fit, as the words that were sent."""
    if kind == "NR":
        ends = {name: number(part(rep, at)) for name, at in (("low", 1), ("high", 2)) if part(rep, at)}
        if ends and all(end is not None for end in ends.values()):
            body["valueRange"] = {name: quantity(end, unit) for name, end in ends.items() if end is not None}
            return
    amount = number(part(rep, 1)) if kind == "CQ" else None
    if amount is not None:
        own = tuple((text,) for text in rep[1]) if len(rep) > 1 else unit
        body["valueQuantity"] = quantity(amount, own)
        return
    body["valueString"] = _shown(kind, rep)


def _shown(kind: str, rep: Rep) -> str:
    """One repetition as a person reads it: names of what is coded, names of people in their order."""
    if kind in _CODED:
        return str(concept(rep).get("text", ""))
    if kind in ("XPN", "PN"):
        name = human_name(rep)
        return " ".join([*name.get("prefix", ()), *name.get("given", ()), name.get("family", "")]).strip()
    if kind in ("XCN", "CN"):
        return str(person(rep).get("display", ""))
    return _readable(rep)


def _text_value(obx: Segment) -> str:
    if not is_valued(obx, 5):
        return ""
    if text_of(obx, 2) in _CODED or text_of(obx, 2) == "ED":
        return "; ".join(_shown(text_of(obx, 2), rep) for rep in reps(obx, 5))
    text = obx.whole(5)
    repetition = obx.delimiters.repetition
    # A repeated TX or FT is a new line each; elsewhere the mark is most likely an unescaped character of the text.
    return text.replace(repetition, "\n") if repetition and text_of(obx, 2) in ("TX", "FT") else text


def _readable(rep: Rep) -> str:
    words = [joined(rep, component) for component in range(1, len(rep) + 1)]
    return " ".join(word for word in words if word)


def _numeric(body: Json, kind: str, rep: Rep, unit: Rep) -> None:
    if kind != "SN":
        value = number(part(rep, 1))
        if value is None:
            text, label = _readable(rep), joined(unit, 2) or part(unit, 1)
            body["valueString"] = f"{text} {label}".strip()
        else:
            body["valueQuantity"] = quantity(value, unit)
        return
    comparator, first, mark, second = (part(rep, n) for n in (1, 2, 3, 4))
    low, high = number(first), number(second)
    if comparator in _COMPARATORS and low is not None and not mark and not second:
        body["valueQuantity"] = quantity(low, unit, comparator if comparator != "=" else "")
    elif comparator in ("", "=") and mark == "-" and low is not None and high is not None:
        body["valueRange"] = {"low": quantity(low, unit), "high": quantity(high, unit)}
    elif comparator in _COMPARATORS and mark in (":", "/") and low is not None and high is not None:
        above = quantity(low, unit, comparator if comparator != "=" else "")
        body["valueRatio"] = {"numerator": above, "denominator": quantity(high, unit)}
    else:
        label = joined(unit, 2) or part(unit, 1)
        body["valueString"] = " ".join(word for word in (comparator, first, mark, second, label) if word)


def _temporal(reading: Reading, body: Json, kind: str, rep: Rep) -> None:
    text = part(rep, 1)
    if kind == "TM":
        time = time_of_day(text)
        body["valueTime" if time else "valueString"] = time or text
        return
    if kind == "DR":
        _period(reading, body, rep)
        return
    when = moment(text, reading.site.zone)
    if when.problem:
        body["valueString"] = text
    else:
        put_time(body, "valueDateTime", when)


def _period(reading: Reading, body: Json, rep: Rep) -> None:
    period: Json = {}
    for name, component in (("start", 1), ("end", 2)):
        if not part(rep, component):
            continue
        when = moment(part(rep, component), reading.site.zone)
        if when.problem:
            body["valueString"] = _readable(rep)
            return
        put_time(period, name, when)
    if period:
        body["valuePeriod"] = period


@lru_cache(maxsize=8192)
def reference_range(text: str, unit: Rep) -> list[Json]:
    """Observation.referenceRange of OBX-7: the text as sent, and its ends where it has the forms of HL7 v2.5.1, 7.4.2.7
    ("low-high", "> low", "< high"). Shared between callers: never change it."""
    out: Json = {"text": text}
    bare = text.strip()
    if between := _BETWEEN.match(bare):
        ends = {"low": between[1], "high": between[2]}
    elif beyond := _BEYOND.match(bare):
        ends = {"low" if beyond[1] == ">" else "high": beyond[3]}
    else:
        return [out]
    for name, end in ends.items():
        if (value := number(end)) is not None:
            out[name] = quantity(value, unit)
    return [out]


def _attachment(reading: Reading, body: Json, obx: Segment, kind: str, rep: Rep) -> None:
    """A file inside a result: its bytes stay in the entry, the fact says where and of what kind."""
    attachment: Json = {"url": reading.pointer(f"{obx.path}.5")}
    media = _media_type(part(rep, 2), part(rep, 3)) if kind == "ED" else _media_type(part(rep, 3), part(rep, 4))
    if media:
        attachment["contentType"] = media
    label = joined(first_rep(obx, 3), 2)
    if kind == "RP" and (pointer := joined(rep, 1)):
        label = f"{label} ({pointer})".strip()  # kept elsewhere: at least it can be asked for there
    if label:
        attachment["title"] = label
    body.setdefault("extension", []).append({"url": _ATTACHMENT, "valueAttachment": attachment})


def _media_type(kind: str, subtype: str) -> str:
    known = {
        "PDF": "application/pdf",
        "JPEG": "image/jpeg",
        "PNG": "image/png",
        "RTF": "application/rtf",
        "HTML": "text/html",
    }
    if subtype.upper() in known:
        return known[subtype.upper()]
    if "/" in kind:
        return kind
    return {"TEXT": "text/plain", "IM": "image/*"}.get(kind.upper(), "")
