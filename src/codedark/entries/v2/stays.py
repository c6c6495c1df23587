"""How somebody stays: the parts of PV1 and PV2 around class, bed and people (V2-to-FHIR: PV1/PV2[Encounter]).

Fields the map leaves blank and a ward asks for (accommodation, precautions, level of care …) become extensions under
names of our own.
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import (
    UCUM_DAY,
    V2,
    Json,
    bed,
    coding,
    concept,
    identifier_cx,
    number,
    part,
    table_concept,
    translated,
)
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter."
_ARRIVAL = "http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival"
_CODED = (
    (2, "urn:codedark:accommodation"),
    (40, "urn:codedark:level-of-care"),
    (41, "urn:codedark:precaution"),
    (42, "urn:codedark:condition-of-patient"),
    (45, "urn:codedark:advance-directive"),
    (7, "urn:codedark:visit-user-code"),
)
_ONE_OF_MANY = (("admitSource", 14), ("dischargeDisposition", 36))
_MANY = (("specialCourtesy", 16, "0099"), ("dietPreference", 38, "0114"))


def describe_stay(reading: Reading, body: Json, pv1: Segment, pv2: Segment | None) -> None:
    """Add type, service, hospitalization and everything of PV2 to an Encounter's body."""
    if kind := text_of(pv1, 4):
        body["type"] = [{"coding": [coding(kind, tables.ADMISSION_TYPE.get(kind, ""), "HL70007")]}]
    if is_valued(pv1, 10) and (service := concept(first_rep(pv1, 10))):
        body["serviceType"] = service
    if stay := _hospitalization(pv1):
        body["hospitalization"] = stay
    if pv2 is not None:
        _of_pv2(reading, body, pv2)


def _hospitalization(pv1: Segment) -> Json:
    stay: Json = {}
    if is_valued(pv1, 5) and (number_before := identifier_cx(first_rep(pv1, 5))):
        stay["preAdmissionIdentifier"] = number_before
    for name, field in _ONE_OF_MANY:
        if is_valued(pv1, field) and (said := concept(first_rep(pv1, field))):
            stay[name] = said
    if again := text_of(pv1, 13):
        stay["reAdmission"] = table_concept(again, "0092", tables.READMISSION) | {"text": again}
    if is_valued(pv1, 15):
        stay["specialArrangement"] = [_ambulatory(part(rep, 1)) for rep in reps(pv1, 15) if part(rep, 1)]
    for name, field, table in _MANY:
        if is_valued(pv1, field) and (said := _of_table(pv1, field, table)):
            stay[name] = [said]
    if is_valued(pv1, 37) and (house := part(first_rep(pv1, 37), 1)):
        stay["destination"] = {"display": house}
    return stay


def _ambulatory(code: str) -> Json:
    """Table 0009 with what each code says, for a nurse reads words."""
    said = tables.AMBULATORY_STATUS.get(code)
    if said is None:
        return table_concept(code, "0009", {})
    return {"coding": [{"system": V2 + "0009", "code": code, "display": said}], "text": said}


def _of_table(segment: Segment, field: int, table: str) -> Json:
    """A coded field; a code alone is one of the table the standard names for the field."""
    rep = first_rep(segment, field)
    code = part(rep, 1)
    if code and not part(rep, 2) and not part(rep, 3):
        return table_concept(code, table, {}) | {"text": code}
    return concept(rep)


def _of_pv2(reading: Reading, body: Json, pv2: Segment) -> None:
    if is_valued(pv2, 3) and (reason := concept(first_rep(pv2, 3))):
        body["reasonCode"] = [reason]
    days = number(text_of(pv2, 11)) if is_valued(pv2, 11) else None
    if days is not None:
        body["length"] = {"value": days, **UCUM_DAY}
    if is_valued(pv2, 25) and part(urgency := first_rep(pv2, 25), 1):
        body["priority"] = translated(urgency, "HL70217", tables.ENCOUNTER_PRIORITY)
    if text_of(pv2, 22) == "Y":
        system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
        body["meta"] = {"security": [{"system": system, "code": "R", "display": "restricted"}]}
    if found := _extensions(reading, pv2):
        body["extension"] = found


def _extensions(reading: Reading, pv2: Segment) -> list[Json]:
    found: list[Json] = []
    for number_, name in ((8, "plannedStartDate"), (9, "plannedEndDate")):
        when = reading.moment(pv2, number_)
        if when is not None:
            found.append({"url": _R5 + name, "valueDateTime": when.iso})
    if is_valued(pv2, 38) and (rep := first_rep(pv2, 38)):
        found.append({"url": _ARRIVAL, "valueCoding": coding(part(rep, 1), part(rep, 2), part(rep, 3) or "HL70430")})
    for number_, name in _CODED:
        for rep in reps(pv2, number_) if is_valued(pv2, number_) else ():
            if said := concept(rep):
                found.append({"url": name, "valueCodeableConcept": said})
    if is_valued(pv2, 12):
        found.append({"url": "urn:codedark:visit-description", "valueString": pv2.whole(12)})
    return found


def other_places(pv1: Segment, pv2: Segment | None) -> list[Json]:
    """Where somebody also is, or is to go: temporary (PV1-11), pending (PV1-42, PV2-1). None of them is the bed."""
    found: list[Json] = []
    for segment, field, status in ((pv1, 11, "active"), (pv1, 42, "reserved"), (pv2, 1, "planned")):
        if segment is None or not is_valued(segment, field) or not (place := bed(first_rep(segment, field))):
            continue
        entry: Json = {"location": place, "status": status}
        if field == 11:
            # Beside the assigned bed, never instead of it: the census keeps the bed.
            entry["extension"] = [_TEMPORARY]
        found.append(entry)
    return found


_TEMPORARY: Json = {
    "url": "http://hl7.org/fhir/StructureDefinition/subject-locationClassification",
    "valueCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/ValueSet/subject-location", "code": "temporary"}]
    },
}
