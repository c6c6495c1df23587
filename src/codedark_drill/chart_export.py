"""A hospital's charts as an EHR's bulk export gives them: one NDJSON file for each FHIR R4 type (Bulk Data 3.0.0).

For each patient one hundred resources, in the proportions of an inpatient record: 61 observations (two thirds of them
vital signs), 15 doses, 5 drug orders, 2 visits, 3 problems … about a kilobyte each. The same seed is the same export,
byte by byte; nothing in it is a real person.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import BinaryIO, NamedTuple

import orjson

from .formulary import FORMULARY, HOURS, Regimen
from .names import FAMILY, FEMALE, MALE
from .panels import PANELS, Analyte

A_PATIENT = 100
"""Resources for each patient."""
_START = datetime(2026, 11, 1, tzinfo=UTC)
_LOINC, _UCUM, _SCT = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_DRUGS, _PANELS = tuple(FORMULARY.values()), tuple(PANELS.values())
_WARDS = ("3N", "3S", "4W", "4E", "5N", "ICU")
_VITALS = (
    ("8867-4", "Heart rate", "/min", 55, 125),
    ("9279-1", "Respiratory rate", "/min", 10, 30),
    ("8310-5", "Body temperature", "Cel", 35, 40),
    ("2708-6", "Oxygen saturation", "%", 85, 100),
)
_PROBLEMS = (
    ("38341003", "Hypertension"), ("44054006", "Diabetes mellitus type 2"),
    ("13645005", "Chronic obstructive lung disease"),
    ("233604007", "Pneumonia"), ("84114007", "Heart failure"), ("431855005", "Chronic kidney disease stage 1"),
)  # fmt: skip
_ALLERGENS = (("7980", "penicillin G"), ("2670", "codeine"), ("1191", "aspirin"), ("29046", "lisinopril"))

Json = dict[str, object]


class Who(NamedTuple):
    """One patient of the export: the ids that the others point to, and when the stay began."""

    patient: str
    visit: str
    admitted: datetime


def write(folder: Path, resources: int, seed: int = 20261124) -> dict[str, int]:
    """Write an export of about `resources` (whole patients) into `folder`; how many of each type there are."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with contextlib.ExitStack() as files:
        opened: dict[str, BinaryIO] = {}
        for type_, line in lines(resources, seed):
            if type_ not in opened:
                opened[type_] = files.enter_context((folder / f"{type_}.ndjson").open("wb", buffering=1 << 20))
            opened[type_].write(line)
            counts[type_] = counts.get(type_, 0) + 1
    return counts


def lines(resources: int, seed: int = 20261124) -> Iterator[tuple[str, bytes]]:
    """(type, line with its end) of every resource."""
    chance = Random(seed)
    for number in range(max(resources // A_PATIENT, 1)):
        for body in _patient(chance, number):
            yield str(body["resourceType"]), orjson.dumps(body) + b"\n"


def write_people(folder: Path, people: int, seed: int = 20261124) -> None:
    """Write the Patient resources alone of `people` patients: who was ever known."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(seed)
    with (folder / "Patient.ndjson").open("wb", buffering=1 << 20) as file:
        for number in range(people):
            file.write(orjson.dumps(_person(chance, number, _id(chance))) + b"\n")


def _patient(chance: Random, number: int) -> Iterator[Json]:
    who = Who(_id(chance), _id(chance), _START + timedelta(minutes=chance.randrange(20_000)))
    yield _person(chance, number, who.patient)
    yield _visit(chance, who, who.visit, number % 8 == 0)
    yield _visit(chance, who, _id(chance), False)
    for make, times in _KINDS:
        for _ in range(times):
            yield make(chance, who)
    for _ in range(5):
        order = _id(chance)
        regimen = chance.choice(_DRUGS)
        yield _order(chance, who, order, regimen)
        for _ in range(3):
            yield _dose(chance, who, order, regimen)


def _id(chance: Random) -> str:
    text = f"{chance.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _at(chance: Random, who: Who) -> str:
    return (who.admitted + timedelta(minutes=chance.randrange(6_000))).isoformat()


def _concept(system: str, code: str, words: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": words}], "text": words}


def _base(chance: Random, type_: str, id_: str, who: Who, subject: str = "subject") -> Json:
    return {
        "resourceType": type_,
        "id": id_,
        "meta": {
            "versionId": "1",
            "lastUpdated": _at(chance, who),
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{type_.lower()}"],
        },
        "identifier": [{"system": f"urn:oid:1.2.840.114350.1.13.{len(type_)}", "value": str(chance.getrandbits(40))}],
        subject: {"reference": f"Patient/{who.patient}"},
    }


def _person(chance: Random, number: int, id_: str) -> Json:
    sex = chance.choice(("female", "male"))
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(34_000))
    return {
        "resourceType": "Patient",
        "id": id_,
        "meta": {"versionId": "1", "lastUpdated": _START.isoformat()},
        "identifier": [
            {
                "use": "usual",
                "type": {"coding": [{"system": _HL7 + "v2-0203", "code": "MR"}], "text": "Medical Record Number"},
                "system": "urn:oid:2.16.840.1.113883.19.5",
                "value": f"MR{number:07d}",
            },
        ],
        "active": True,
        "name": [
            {
                "use": "official",
                "family": chance.choice(FAMILY).title(),
                "given": [chance.choice(FEMALE if sex == "female" else MALE)],
            }
        ],
        "telecom": [{"system": "phone", "value": f"860-555-{chance.randrange(10_000):04d}", "use": "home"}],
        "gender": sex,
        "birthDate": born.isoformat(),
        "address": [{"line": [f"{chance.randrange(1, 990)} Main Street"], "city": "Waterbury", "state": "CT"}],
    }


def _visit(chance: Random, who: Who, id_: str, here: bool) -> Json:
    body = _base(chance, "Encounter", id_, who)
    ward, room = chance.choice(_WARDS), chance.randrange(100, 400)
    return body | {
        "status": "in-progress" if here else "finished",
        "class": {"system": _HL7 + "v3-ActCode", "code": "IMP", "display": "inpatient encounter"},
        "type": [_concept(_SCT, "32485007", "Hospital admission")],
        "period": {"start": who.admitted.isoformat()} | ({} if here else {"end": _at(chance, who)}),
        "participant": [
            {
                "type": [{"coding": [{"system": _HL7 + "v3-ParticipationType", "code": "ATND"}]}],
                "individual": _nurse(chance),
            }
        ],
        "location": [
            {
                "location": {"display": f"{ward} {room} A", "identifier": {"value": f"{ward}^{room}^A^WTB"}},
                "status": "active" if here else "completed",
            }
        ],
    }


def _nurse(chance: Random) -> Json:
    number = chance.randrange(400)
    return {"reference": f"Practitioner/staff-{number}", "display": f"{FAMILY[number % len(FAMILY)].title()}, R."}


def _observation(chance: Random, who: Who, category: str, code: Json, value: Json) -> Json:
    return _base(chance, "Observation", _id(chance), who) | {
        "status": "final",
        "category": [_concept(_HL7 + "observation-category", category, category)],
        "code": code,
        "encounter": {"reference": f"Encounter/{who.visit}"},
        "effectiveDateTime": _at(chance, who),
        "performer": [_nurse(chance)],
        "valueQuantity": value,
    }


def _vital(chance: Random, who: Who) -> Json:
    loinc, name, unit, low, high = chance.choice(_VITALS)
    value = {"value": chance.randrange(low, high), "unit": unit, "system": _UCUM, "code": unit}
    return _observation(chance, who, "vital-signs", _concept(_LOINC, loinc, name), value)


def _result(chance: Random, who: Who) -> Json:
    analyte: Analyte = chance.choice(chance.choice(_PANELS).analytes)
    value = round(chance.gauss((analyte.low + analyte.high) / 2, analyte.spread), analyte.digits)
    flag = "H" if value > analyte.high else "L" if value < analyte.low else "N"
    quantity = {"value": value, "unit": analyte.unit, "system": _UCUM, "code": analyte.unit}
    body = _observation(chance, who, "laboratory", _concept(_LOINC, analyte.loinc, analyte.name), quantity)
    return body | {
        "interpretation": [{"coding": [{"system": _HL7 + "v3-ObservationInterpretation", "code": flag}]}],
        "referenceRange": [
            {"low": {"value": analyte.low, "unit": analyte.unit}, "high": {"value": analyte.high, "unit": analyte.unit}}
        ],
    }


def _order(chance: Random, who: Who, id_: str, regimen: Regimen) -> Json:
    times = [f"{hour:02d}:00:00" for hour in HOURS.get(regimen.pattern, (9,))]
    return _base(chance, "MedicationRequest", id_, who) | {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _concept(_RXNORM, regimen.rxcui, regimen.name),
        "encounter": {"reference": f"Encounter/{who.visit}"},
        "authoredOn": _at(chance, who),
        "requester": _nurse(chance),
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": len(times), "period": 1, "periodUnit": "d", "timeOfDay": times}},
                "route": {"text": regimen.route},
                "doseAndRate": [{"doseQuantity": {"value": regimen.dose, "unit": regimen.unit}}],
            }
        ],
    }


def _dose(chance: Random, who: Who, order: str, regimen: Regimen) -> Json:
    return _base(chance, "MedicationAdministration", _id(chance), who) | {
        "status": "completed",
        "medicationCodeableConcept": _concept(_RXNORM, regimen.rxcui, regimen.name),
        "context": {"reference": f"Encounter/{who.visit}"},
        "effectiveDateTime": _at(chance, who),
        "performer": [{"actor": _nurse(chance)}],
        "request": {"reference": f"MedicationRequest/{order}"},
        "dosage": {"route": {"text": regimen.route}, "dose": {"value": regimen.dose, "unit": regimen.unit}},
    }


def _problem(chance: Random, who: Who) -> Json:
    code, words = chance.choice(_PROBLEMS)
    return _base(chance, "Condition", _id(chance), who) | {
        "clinicalStatus": {"coding": [{"system": _HL7 + "condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": _HL7 + "condition-ver-status", "code": "confirmed"}]},
        "category": [_concept(_HL7 + "condition-category", "problem-list-item", "Problem List Item")],
        "code": _concept(_SCT, code, words),
        "onsetDateTime": _at(chance, who)[:10],
    }


def _allergy(chance: Random, who: Who) -> Json:
    code, words = chance.choice(_ALLERGENS)
    return _base(chance, "AllergyIntolerance", _id(chance), who, "patient") | {
        "clinicalStatus": {"coding": [{"system": _HL7 + "allergyintolerance-clinical", "code": "active"}]},
        "criticality": chance.choice(("low", "high")),
        "category": ["medication"],
        "code": _concept(_RXNORM, code, words),
        "reaction": [{"manifestation": [_concept(_SCT, "271807003", "Eruption of skin")]}],
    }


def _test(chance: Random, who: Who) -> Json:
    panel = chance.choice(_PANELS)
    return _base(chance, "ServiceRequest", _id(chance), who) | {
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "code": _concept(_LOINC, panel.loinc, panel.name),
        "authoredOn": _at(chance, who),
        "requester": _nurse(chance),
    }


def _report(chance: Random, who: Who) -> Json:
    panel = chance.choice(_PANELS)
    return _base(chance, "DiagnosticReport", _id(chance), who) | {
        "status": "final",
        "code": _concept(_LOINC, panel.loinc, panel.name),
        "effectiveDateTime": _at(chance, who),
        "conclusion": "See the values of this panel.",
    }


def _procedure(chance: Random, who: Who) -> Json:
    return _base(chance, "Procedure", _id(chance), who) | {
        "status": "completed",
        "code": _concept(_SCT, "40701008", "Echocardiography"),
        "performedDateTime": _at(chance, who),
    }


_KINDS: tuple[tuple[Callable[[Random, Who], Json], int], ...] = (
    (_vital, 41), (_result, 20), (_problem, 3), (_allergy, 2), (_test, 5), (_report, 4), (_procedure, 2),
)  # fmt: skip
