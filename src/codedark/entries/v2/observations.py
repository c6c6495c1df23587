"""OBX as Observation facts: identity, value, status (V2-to-FHIR: OBX[Observation]).

A value that does not fit its declared type is shown as the text it is; it is never made to fit.
"""

from __future__ import annotations

from typing import NamedTuple

from codedark.entries import tables
from codedark.entries.datatypes import (
    V2,
    Json,
    Rep,
    concept,
    identifier_ei,
    joined,
    part,
    person,
)
from codedark.entries.facts import Standing
from codedark.entries.moments import Moment, put_time
from codedark.entries.v2.reading import Reading, Specimens, first_rep, is_valued, reps, text_of
from codedark.entries.v2.values import put_value, reference_range
from codedark.hl7 import Segment

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
PANEL = "urn:codedark:panel"
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
    people; `at`: OBR-7; `reported_us`: OBR-22; `category`: of its results; `request`: id of the ServiceRequest;
    `parent`: id of the Observation that these were made of (the isolate of a susceptibility)."""

    key: tuple[str, str] = ("", "")
    name: str = ""
    at: Moment | None = None
    reported_us: int | None = None
    category: Json | None = None
    request: str = ""
    specimens: Specimens = Specimens()
    parent: str = ""


def observation_status(code: str) -> str:
    """R4 observation status of OBX-11 (table 0085); empty means final in most feeds but is not said, so "unknown"."""
    return (
        tables.OBSERVATION_STATUS.get(code) or tables.OBSERVATION_STATUS_HERE.get(code) or _STATUS.get(code, "unknown")
    )


_STATUS = {"B": "amended"}
"""Appended to (table 0085 of v2.8): what was there stays, something is added."""


def loinc_of(reading: Reading, rep: Rep) -> str:
    """The LOINC code of an observation identifier: as sent, as its alternate, or by the site's codes."""
    for component in (1, 4):
        if tables.CODING_SYSTEMS.get(part(rep, component + 2).upper()) == tables.LOINC:
            return part(rep, component)
    site = (reading.codes("observation") or {}).get(part(rep, 1))
    return site[1] if site is not None and site[0] == tables.LOINC else ""


def read_observation(
    reading: Reading, panel: Panel, rows: list[Segment], notes: list[Json], twin: int, *, numbered: bool = False
) -> str | None:
    """One observation of one or more OBX (text split over rows). Returns its id, None when it has no code.

    `twin`: 0, or the how-manieth observation of that name in its panel; `numbered`: OBX-4 tells things of one name
    apart in this panel (isolate 1, isolate 2), so it is kept.
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
    if numbered and is_valued(obx, 4):
        body.setdefault("extension", []).append(_sub_id(text_of(obx, 4)))
    cleared = put_value(reading, body, rows)
    _interpretation(reading, body, obx)
    if said == "N" and "dataAbsentReason" not in body:
        system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        body["dataAbsentReason"] = {"coding": [{"system": system, "code": "not-asked"}]}
    _details(body, obx)
    if notes:
        body["note"] = notes
    identity = _identity(reading, panel, obx, rep, when if is_vital or not panel.key[1] else None, twin)
    identity = _remembered(reading, obx, part(rep, 1), identity, body)
    at = panel.reported_us if panel.reported_us is not None else reading.said_us
    ranked = reading.rank(STANDING.get(status, Standing.PLAIN), at)
    reading.claim(obx.path, "Observation", identity, body, ranked=ranked, at_us=at, cleared=cleared)
    return identity


def _sub_id(text: str) -> Json:
    return {"url": SUB_ID, "extension": [{"url": "original-sub-identifier", "valueString": text}]}


SUB_ID = "http://hl7.org/fhir/StructureDefinition/observation-v2-subid"


def _remembered(reading: Reading, obx: Segment, code: str, identity: str, body: Json) -> str:
    """The id to claim. Two results of one message under one name (two panels of one number) are two results: the
    second gets an id of its own, for nothing may overwrite what stands beside it."""
    seen = reading.results.get(identity)
    if seen is None:
        reading.results[identity] = 1
    else:
        reading.results[identity] = seen + 1
        identity = reading.id_of("Observation", identity, str(seen))
    if obx.field(4):
        reading.named[code, text_of(obx, 4)] = (identity, body)
    return identity


def _panel_fields(body: Json, panel: Panel, obx: Segment) -> None:
    if panel.name:
        # R4 has no way up from an Observation to its report: the panel's name goes with each result.
        body["extension"] = [{"url": PANEL, "valueString": panel.name}]
    if panel.parent:
        body["derivedFrom"] = [{"reference": f"Observation/{panel.parent}"}]
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


def _interpretation(reading: Reading, body: Json, obx: Segment) -> None:
    if is_valued(obx, 7):
        words = obx.whole(7).translate(_BROKEN)
        # Its ends as numbers double what is kept of a result, and the chart shows the words.
        body["referenceRange"] = reference_range(words, first_rep(obx, 6)) if reading.whole else [{"text": words}]
    if not is_valued(obx, 8):
        return
    out = []
    for rep in reps(obx, 8):
        code = part(rep, 1)
        if said := tables.INTERPRETATION.get(code.upper()):
            meant = {"system": _INTERPRETATION, "code": code.upper(), "display": said}
            out.append({"coding": [meant], "text": code})
        elif other := concept(rep):
            out.append(other)
    if out:
        body["interpretation"] = out


def _details(body: Json, obx: Segment) -> None:
    if len(obx.fields) <= 15:
        return
    if is_valued(obx, 18) and (device := identifier_ei(first_rep(obx, 18))):
        body["device"] = {"display": device["value"], "identifier": device}
    if len(obx.fields) > 29 and (kind := text_of(obx, 29)):
        body["category"] = [*body.get("category", ()), {"coding": [{"system": V2 + "0936", "code": kind}]}]
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
