"""What a person says was seen or done at a bedside, as FHIR R4 resources: a dose, vital signs, a note.

Only what the person said is in them: no unit is converted, nothing is judged. The clinical time is a claim and lives in
the resource; when the node kept it is in the entry. A time that is more than five minutes ahead is kept, and shown as
impossible, never as *last given*.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from codedark.errors import ActionRefused

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LONGEST = 16_000


class Basis(StrEnum):
    """How the person knows."""

    DONE = "done by me"
    SEEN = "seen by me"
    TOLD = "told to me"
    READ = "read off paper or a device"


SIGNS: dict[str, tuple[str, str, str]] = {
    "pulse": ("8867-4", "Heart rate", "/min"),
    "respiration": ("9279-1", "Respiratory rate", "/min"),
    "oxygen": ("59408-5", "Oxygen saturation", "%"),
    "temperature": ("8310-5", "Body temperature", "Cel"),
    "temperature-f": ("8310-5", "Body temperature", "[degF]"),
    "systolic": ("8480-6", "Systolic blood pressure", "mm[Hg]"),
    "diastolic": ("8462-4", "Diastolic blood pressure", "mm[Hg]"),
    "pain": ("72514-3", "Pain severity 0-10", "{score}"),
    "coma-scale": ("9269-2", "Glasgow coma score", "{score}"),
    "weight": ("29463-7", "Body weight", "kg"),
}
"""Vital signs by the name that is typed: LOINC code, its words, UCUM unit (FHIR R4 vital signs profile)."""


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose given, or not given and why. `order`: id of the order in the record, "" outside any; `medication`: its
    name as said; `amount`, `unit`, `route`: as said; `at`: FHIR dateTime with its offset."""

    medication: str
    at: str
    order: str = ""
    given: bool = True
    amount: Decimal | None = None
    unit: str = ""
    route: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Vital signs measured at one moment, by names of `SIGNS`."""

    values: Mapping[str, Decimal]
    at: str


@dataclass(frozen=True, slots=True)
class BedsideNote:
    """Words about a patient."""

    text: str
    at: str
    title: str = "Bedside note"


Said = Dose | Vitals | BedsideNote


def resources_of(said: Said, patient: str, by: str) -> list[str]:
    """The R4 resources as JSON text. `patient`: its id in the record; `by`: the person's name.

    Raises ActionRefused for what says nothing: no value, a dose without a drug, one not given without a reason.
    """
    match said:
        case Dose():
            made: Sequence[dict[str, Any]] = [_dose(said, patient, by)]
        case Vitals():
            made = [_vital(name, value, said.at, patient, by) for name, value in said.values.items()]
        case BedsideNote():
            made = [_note(said, patient, by)]
    if not made:
        raise ActionRefused("nothing was said", hint=f"One of: {', '.join(SIGNS)}.")
    return [_ENCODER.encode(each).decode() for each in made]


def _subject(patient: str) -> dict[str, str]:
    return {"reference": f"Patient/{patient}"}


def _dose(said: Dose, patient: str, by: str) -> dict[str, Any]:
    if not said.medication.strip():
        raise ActionRefused("a dose names its drug")
    if not said.given and not said.reason.strip():
        raise ActionRefused("a dose that was not given says why")
    body: dict[str, Any] = {
        "resourceType": "MedicationAdministration",
        "status": "completed" if said.given else "not-done",
        "medicationCodeableConcept": {"text": _words(said.medication)},
        "subject": _subject(patient),
        "performer": [{"actor": {"display": by}}],
    }
    if said.at:
        body["effectiveDateTime"] = said.at
    if said.order:
        body["request"] = {"reference": f"MedicationRequest/{said.order}"}
    if said.reason.strip():
        body["statusReason" if not said.given else "reasonCode"] = [{"text": _words(said.reason)}]
    dosage: dict[str, Any] = {}
    if said.amount is not None:
        dosage["dose"] = {"value": _positive(said.amount), "unit": _words(said.unit)}
    if said.route.strip():
        dosage["route"] = {"text": _words(said.route)}
    if dosage:
        body["dosage"] = dosage
    return body


def _vital(name: str, value: Decimal, at: str, patient: str, by: str) -> dict[str, Any]:
    if name not in SIGNS:
        raise ActionRefused(f"{name!r} is no vital sign known here", hint=f"One of: {', '.join(SIGNS)}.")
    code, words, unit = SIGNS[name]
    body: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": _LOINC, "code": code, "display": words}], "text": words},
        "subject": _subject(patient),
        "performer": [{"display": by}],
        "valueQuantity": {"value": _finite(value), "unit": unit, "system": _UCUM, "code": unit},
    }
    return body | ({"effectiveDateTime": at} if at else {})


def _note(said: BedsideNote, patient: str, by: str) -> dict[str, Any]:
    if not said.text.strip():
        raise ActionRefused("a note has words")
    body: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final",
        "type": {"text": _words(said.title)},
        "subject": _subject(patient),
        "author": [{"display": by}],
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "data": base64.b64encode(_words(said.text).encode()).decode(),
                }
            }
        ],
    }
    return body | ({"date": said.at} if said.at else {})


def _words(text: str) -> str:
    if len(text) > _LONGEST:
        raise ActionRefused(f"this is longer than {_LONGEST} characters", hint="Write it in several notes.")
    return text.strip()


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ActionRefused("a value is a number")
    return value


def _positive(value: Decimal) -> Decimal:
    if _finite(value) <= 0:
        raise ActionRefused("a dose is more than nothing", hint="Not given: say so, with the reason.")
    return value
