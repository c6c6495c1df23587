"""OBX as Observation facts: identity, value, status (V2-to-FHIR: OBX[Observation]).

A value that does not fit its declared type is shown as the text it is; it is never made to fit.
"""

from __future__ import annotations

from typing import NamedTuple

from codedark.entries import tables
from codedark.entries.datatypes import (
    Json,
    Rep,
    concept,
    identifier_ei,
    joined,
    number,
    part,
    person,
    quantity,
)
from codedark.entries.facts import Standing
from codedark.entries.moments import Moment, moment, put_time, time_of_day
from codedark.entries.v2.reading import Reading, Specimens, first_rep, is_valued, null, reps, text_of
from codedark.hl7 import Segment

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_ATTACHMENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"
_TEXT = frozenset({"ST", "TX", "FT", "VR"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
_BROKEN = str.maketrans("\n", " ")

VITALS: Json = {"coding": [{"system": _CATEGORY, "code": "vital-signs", "display": "Vital Signs"}]}
LABORATORY: Json = {"coding": [{"system": _CATEGORY, "code": "laboratory", "display": "Laboratory"}]}
IMAGING: Json = {"coding": [{"system": _CATEGORY, "code": "imaging", "display": "Imaging"}]}

STANDING = {
    "registered": Standing.REGISTERED,
    "preliminary": Standing.PRELIMINARY,
    "partial": Standing.PRELIMINARY,
    "final": Standing.FINAL,
    "cancelled": Standing.FINAL,
    "amended": Standing.CORRECTED,
    "corrected": Standing.CORRECTED,
    "entered-in-error": Standing.WITHDRAWN,
}
"""R4 status → the result-status rule. "cancelled" (cannot be obtained) ranks with final: the later of the two wins."""


class Panel(NamedTuple):
    """What the OBR above says to its OBX. `key`: (authority, value) that names the order, or ("", ""); `name`: for
    people; `at`: OBR-7; `reported_us`: OBR-22; `category`: of its results; `report`: id of the DiagnosticReport."""

    key: tuple[str, str] = ("", "")
    name: str = ""
    at: Moment | None = None
    reported_us: int | None = None
    category: Json | None = None
    request: str = ""
    specimens: Specimens = Specimens()


def observation_status(code: str) -> str:
    """R4 observation status of OBX-11 (table 0085); empty means final in most feeds but is not said, so "unknown"."""
    return tables.OBSERVATION_STATUS.get(code) or tables.OBSERVATION_STATUS_HERE.get(code, "unknown")


def loinc_of(reading: Reading, rep: Rep) -> str:
    """The LOINC code of an observation identifier: as sent, as its alternate, or by the site's codes."""
    for component in (1, 4):
        if tables.CODING_SYSTEMS.get(part(rep, component + 2).upper()) == tables.LOINC:
            return part(rep, component)
    site = (reading.codes("observation") or {}).get(part(rep, 1))
    return site[1] if site is not None and site[0] == tables.LOINC else ""


def read_observation(reading: Reading, panel: Panel, rows: list[Segment], notes: list[str], twin: int) -> str | None:
    """One observation of one or more OBX (text split over rows). Returns its id, None when it has no code.

    `twin`: 0, or the how-manieth observation of that name in its panel.
    """
    obx = rows[0]
    rep = first_rep(obx, 3)
    code = concept(rep, reading.codes("observation"))
    if not code:
        if not any(is_valued(row, 5) for row in rows):
            return None  # an empty row says nothing at all
        if panel.name:
            # Reports leave OBX-3 empty when the whole panel is one text: it is that panel's.
            code = {"text": panel.name}
    if not code:
        reading.problem(obx.path, "a result that names nothing", kind="Observation")
        return None
    said = text_of(obx, 11)
    status = observation_status(said)
    body: Json = reading.subject({"status": status, "code": code})
    is_vital = loinc_of(reading, rep) in tables.VITAL_SIGNS
    reading.topics.add("vitals" if is_vital else "results")
    category = VITALS if is_vital else panel.category
    if category is not None:
        body["category"] = [category]
    when = reading.put(body, "effectiveDateTime", obx, 14) or panel.at
    if "effectiveDateTime" not in body:
        put_time(body, "effectiveDateTime", panel.at)
    _panel_fields(body, panel, obx)
    cleared = _value(reading, body, rows)
    _interpretation(body, obx)
    if said == "N" and "dataAbsentReason" not in body:
        system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        body["dataAbsentReason"] = {"coding": [{"system": system, "code": "not-asked"}]}
    _details(body, obx)
    if notes:
        body["note"] = [{"text": note} for note in notes]
    identity = _identity(reading, panel, obx, rep, when if is_vital or not panel.key[1] else None, twin)
    at = panel.reported_us if panel.reported_us is not None else reading.said_us
    ranked = reading.rank(STANDING.get(status, Standing.PLAIN), at)
    reading.claim(obx.path, "Observation", identity, body, ranked=ranked, at_us=at, cleared=cleared)
    return identity


def _panel_fields(body: Json, panel: Panel, obx: Segment) -> None:
    if panel.name:
        # R4 has no way up from an Observation to its report: the panel's name goes with each result.
        body["extension"] = [{"url": "urn:codedark:panel", "valueString": panel.name}]
    if panel.request:
        body["basedOn"] = [{"reference": f"ServiceRequest/{panel.request}"}]
    if identity := _specimen_of(panel, obx):
        body["specimen"] = {"reference": f"Specimen/{identity}"}


def _specimen_of(panel: Panel, obx: Segment) -> str:
    """The specimen that OBX-33 names among the group's, else its first."""
    by_number = panel.specimens.by_number
    if by_number and len(by_number) > 1 and len(obx.fields) > 32:
        named = first_rep(obx, 33)
        return by_number.get(part(named, 2)) or by_number.get(part(named, 1)) or panel.specimens.first
    return panel.specimens.first


def _identity(reading: Reading, panel: Panel, obx: Segment, rep: Rep, when: Moment | None, twin: int) -> str:
    named = first_rep(obx, 21)
    if part(named, 1):
        return reading.id_of("Observation", reading.authority(named, 2), part(named, 1))
    name = f"{part(rep, 1)} {part(rep, 3)}".strip() or joined(rep, 2)
    own = f"{name} {obx.field(4)} {when.at_us if when is not None else ''} {twin or ''}"
    if panel.key[1]:
        authority, value = panel.key
        return reading.id_of("Observation", authority, f"{value} {own}")
    if reading.patient and when is not None:
        return reading.id_of("Observation", f"patient {reading.patient}", f"{panel.name} {own}")
    return reading.id_of_place("Observation", obx.path)


def _value(reading: Reading, body: Json, rows: list[Segment]) -> tuple[str, ...]:
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
    if len(found) > 1:
        body["valueString"] = "; ".join(_readable(rep) for rep in found)
    elif kind in ("NM", "SN"):
        _numeric(body, kind, found[0], first_rep(obx, 6))
    elif kind in _CODED:
        value = concept(found[0], reading.codes("value"))
        if value:
            body["valueCodeableConcept"] = value
    elif kind in ("DT", "TS", "DTM", "TM"):
        _temporal(reading, body, kind, found[0])
    elif kind in ("ED", "RP"):
        _attachment(reading, body, obx, kind, found[0])
    else:
        body["valueString"] = _readable(found[0])
    return ()


def _text_value(obx: Segment) -> str:
    if not is_valued(obx, 5):
        return ""
    if text_of(obx, 2) in _CODED or text_of(obx, 2) == "ED":
        return "; ".join(_readable(rep) for rep in reps(obx, 5))
    text = obx.whole(5)
    repetition = obx.delimiters.repetition
    # A repeated TX or FT is a new line each; elsewhere the mark is most likely an unescaped character of the text.
    return text.replace(repetition, "\n") if repetition and text_of(obx, 2) in ("TX", "FT") else text


def _readable(rep: Rep) -> str:
    words = [joined(rep, component) for component in range(1, len(rep) + 1)]
    return " ".join(word for word in words if word)


def _numeric(body: Json, kind: str, rep: Rep, unit: Rep) -> None:
    if kind == "NM":
        value = number(part(rep, 1))
        if value is None:
            text, label = _readable(rep), joined(unit, 2) or part(unit, 1)
            body["valueString"] = f"{text} {label}".strip()
        else:
            body["valueQuantity"] = quantity(value, unit)
        return
    comparator, first, mark, second = (part(rep, n) for n in (1, 2, 3, 4))
    low, high = number(first), number(second)
    if comparator in ("", "=", "<", ">", "<=", ">=") and low is not None and not mark and not second:
        body["valueQuantity"] = quantity(low, unit, comparator if comparator != "=" else "")
    elif comparator in ("", "=") and mark == "-" and low is not None and high is not None:
        body["valueRange"] = {"low": quantity(low, unit), "high": quantity(high, unit)}
    elif comparator in ("", "=") and mark in (":", "/") and low is not None and high is not None:
        body["valueRatio"] = {"numerator": quantity(low, unit), "denominator": quantity(high, unit)}
    else:
        label = joined(unit, 2) or part(unit, 1)
        body["valueString"] = " ".join(word for word in (comparator, first, mark, second, label) if word)


def _temporal(reading: Reading, body: Json, kind: str, rep: Rep) -> None:
    text = part(rep, 1)
    if kind == "TM":
        time = time_of_day(text)
        body["valueTime" if time else "valueString"] = time or text
        return
    when = moment(text, reading.site.zone)
    if when.problem:
        body["valueString"] = text
    else:
        put_time(body, "valueDateTime", when)


def _attachment(reading: Reading, body: Json, obx: Segment, kind: str, rep: Rep) -> None:
    """A file inside a result: its bytes stay in the entry, the fact says where and of what kind."""
    attachment: Json = {"url": reading.pointer(f"{obx.path}.5")}
    media = _media_type(part(rep, 2), part(rep, 3)) if kind == "ED" else ""
    if media:
        attachment["contentType"] = media
    label = joined(first_rep(obx, 3), 2)
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


def _interpretation(body: Json, obx: Segment) -> None:
    if is_valued(obx, 7):
        body["referenceRange"] = [{"text": obx.whole(7).translate(_BROKEN)}]
    if not is_valued(obx, 8):
        return
    out = []
    for rep in reps(obx, 8):
        code = part(rep, 1)
        if code.upper() in tables.INTERPRETATION:
            out.append({"coding": [{"system": _INTERPRETATION, "code": code.upper()}], "text": code})
        elif said := concept(rep):
            out.append(said)
    if out:
        body["interpretation"] = out


def _details(body: Json, obx: Segment) -> None:
    if len(obx.fields) <= 15:
        return
    performers = [person(rep) for rep in reps(obx, 16)] if is_valued(obx, 16) else []
    if is_valued(obx, 23) and (lab := joined(first_rep(obx, 23), 1)):
        performers.append({"display": lab})
    elif is_valued(obx, 15) and (place := concept(first_rep(obx, 15))):
        performers.append({"display": place["text"]})
    if performers := [who for who in performers if who]:
        body["performer"] = performers
    if is_valued(obx, 17) and (method := concept(first_rep(obx, 17))):
        body["method"] = method
    if is_valued(obx, 20) and (site := concept(first_rep(obx, 20))):
        body["bodySite"] = site
    if identifier := identifier_ei(first_rep(obx, 21), "FILL"):
        body["identifier"] = [identifier]
