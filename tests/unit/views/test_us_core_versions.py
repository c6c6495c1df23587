"""US Core 3.1.1 to 9.0.0: what each version writes in its own way is read whole and stands in the chart.

The texts are our own, after the forms each version introduced; HL7's own examples are read in tests/real.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from views_tape import KEY, Tape

from codedark.entries import FhirChunk
from codedark.views import Fold, Record, ViewStore

CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
SUBJECT = {"subject": {"reference": "Patient/p1"}}
ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}


def of(kind: str, ident: str, profile: str, /, **fields: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": ident, "meta": {"profile": [CORE + profile]}} | fields


def problem(name: str, text: str, category: str, profile: str) -> dict[str, Any]:
    coded = [{"coding": [{"system": CATEGORY, "code": category}]}]
    return of(
        "Condition", name, profile, category=coded, clinicalStatus=ACTIVE, code={"text": text}, **SUBJECT
    )  # fmt: skip


def order(name: str, **fields: Any) -> dict[str, Any]:
    return (
        of("MedicationRequest", name, "us-core-medicationrequest", status="active", intent="order", **SUBJECT) | fields
    )


PATIENT = of("Patient", "p1", "us-core-patient", name=[{"family": "Okafor"}], gender="female")
VERSIONS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "3.1.1": (
        [
            problem("c1", "Heart failure", "problem-list-item", "us-core-condition"),
            of("Medication", "d1", "us-core-medication", code={"text": "Furosemide 40 mg tablet"}),
            order("m1", reportedBoolean=True, medicationReference={"reference": "Medication/d1"}),
        ],
        ["Heart failure", "Furosemide 40 mg tablet"],
    ),
    "4.0.0": (
        [
            of(
                "Observation", "o1", "us-core-pulse-oximetry", status="final", code={"text": "SpO2"},
                category=[{"coding": [{"code": "vital-signs"}]}], effectiveDateTime="2026-11-20T06:00:00Z",
                dataAbsentReason={"coding": [{"code": "not-performed"}], "text": "Not performed"}, **SUBJECT,
            )
        ],
        ["SpO2", "Not performed"],
    ),
    "5.0.1": (
        [
            problem("c1", "Sepsis", "encounter-diagnosis", "us-core-condition-encounter-diagnosis"),
            problem("c2", "Homeless", "health-concern", "us-core-condition-problems-health-concerns"),
            of(
                "ServiceRequest", "s1", "us-core-servicerequest", status="active", intent="order",
                code={"text": "CT head"}, **SUBJECT,
            ),
        ],
        ["Sepsis", "Homeless", "CT head"],
    ),
    "6.1.0": (
        [
            of(
                "AllergyIntolerance", "a1", "us-core-allergyintolerance", clinicalStatus=ACTIVE,
                code={"text": "Penicillin"}, patient=SUBJECT["subject"],
                reaction=[{"manifestation": [{"extension": [{"url": ABSENT, "valueCode": "unknown"}]}]}],
            ),
            of(
                "Observation", "o1", "us-core-observation-lab", status="final", code={"text": "Potassium"},
                category=[{"coding": [{"code": "laboratory"}]}], specimen={"reference": "Specimen/x1"},
                effectiveDateTime="2026-11-20T06:00:00Z", valueQuantity={"value": 4.1, "unit": "mmol/L"}, **SUBJECT,
            ),
            of("Specimen", "x1", "us-core-specimen", type={"text": "Serum"}, **SUBJECT),
            of("Coverage", "v1", "us-core-coverage", status="active", beneficiary=SUBJECT["subject"]),
        ],
        ["Penicillin", "Potassium", "4.1"],
    ),
    "7.0.0": (
        [
            of("Location", "l1", "us-core-location", name="Ward 4 West", status="active"),
            of(
                "Observation", "o1", "us-core-treatment-intervention-preference", status="final",
                code={"text": "Treatment preference"}, category=[{"text": "preference"}],
                effectiveDateTime="2026-11-20", valueString="No dialysis", **SUBJECT,
            ),
        ],
        ["No dialysis"],
    ),
    "8.0.0": (
        [
            of(
                "DocumentReference", "n1", "us-core-adi-documentreference", status="current",
                type={"text": "Living will"}, date="2026-11-20T06:00:00Z",
                content=[{"attachment": {"contentType": "application/pdf", "title": "Living will"}}], **SUBJECT,
            ),
            order("m1", medicationCodeableConcept={"text": "Apixaban 5 mg"}),
        ],
        ["Living will", "Apixaban 5 mg"],
    ),
    "9.0.0": (
        [problem("c1", "Asthma", "problem-list-item", "us-core-condition-problems-health-concerns|9.0.0")],
        ["Asthma"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_version_is_read_whole_and_shown(version: str, tmp_path: Path) -> None:
    resources, words = VERSIONS[version]
    tape = Tape()
    lines = b"\n".join(json.dumps(each).encode() for each in (PATIENT, *resources))
    tape.say(FhirChunk(file="x.ndjson", first_line=1, format="ndjson", lines=lines), source="import:ehr")
    store = ViewStore.open(tmp_path, KEY)
    Fold(tape, store).catch_up()
    record = Record(store)
    [patient] = record.search("Okafor")
    chart = repr(record.chart(patient.patient))
    assert not list(record.worklist())
    assert [word for word in words if word not in chart] == []
