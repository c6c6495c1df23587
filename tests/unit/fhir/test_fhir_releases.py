"""FHIR releases told apart by form: R4 and R4B are read, R5 and STU3 are said, none is half-read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from meanings import entry

from codedark.entries import FhirChunk, Interpretation, Site, Understood, draft_of, interpret
from codedark.fhir import foreign_release, is_read, release_name

SITE = Site(facility="st-anna", zone="America/New_York", authority="ANNA")
ASPIRIN = {"text": "aspirin 81 mg tablet"}
SUBJECT = {"reference": "Patient/p1"}

R5: dict[str, dict[str, Any]] = {
    "MedicationRequest.medication": {"status": "active", "intent": "order", "medication": {"concept": ASPIRIN}},
    "MedicationAdministration.medication": {"status": "completed", "medication": {"concept": ASPIRIN}},
    "MedicationStatement.medication": {"medication": {"reference": {"reference": "Medication/m"}}},
    "MedicationDispense.medication": {"status": "completed", "medication": {"concept": ASPIRIN}},
    "Encounter.class": {"status": "in-progress", "class": [{"coding": [{"code": "IMP"}]}]},
    "Encounter.status": {"status": "discharged"},
    "Encounter.participant": {"status": "in-progress", "participant": [{"actor": {"reference": "Practitioner/d"}}]},
    "Encounter.actualPeriod": {"status": "in-progress", "actualPeriod": {"start": "2026-11-24"}},
    "AllergyIntolerance.reaction": {"reaction": [{"manifestation": [{"concept": {"text": "hives"}}]}]},
    "AllergyIntolerance.type": {"type": {"coding": [{"code": "allergy"}]}},
    "Condition.evidence": {"evidence": [{"reference": {"reference": "Observation/o"}}]},
    "ServiceRequest.code": {"status": "active", "intent": "order", "code": {"concept": {"text": "CT head"}}},
    "Procedure.occurrenceDateTime": {"status": "completed", "occurrenceDateTime": "2026-11-24"},
    "DocumentReference.context": {"status": "current", "context": [{"reference": "Encounter/e"}]},
    "Observation.valueReference": {"status": "final", "valueReference": {"reference": "MolecularSequence/s"}},
    "Appointment.priority": {"status": "booked", "priority": {"text": "urgent"}},
    "NutritionIntake": {"status": "completed"},
}  # fmt: skip
STU3: dict[str, dict[str, Any]] = {
    "Condition.clinicalStatus": {"clinicalStatus": "active"},
    "AllergyIntolerance.verificationStatus": {"verificationStatus": "confirmed"},
    "MedicationRequest.requester": {"requester": {"agent": {"reference": "Practitioner/d"}}},
    "MedicationAdministration.notGiven": {"status": "completed", "notGiven": True},
    "Immunization.notGiven": {"status": "completed", "notGiven": True},
    "Observation.context": {"status": "final", "context": {"reference": "Encounter/e"}},
    "DiagnosticReport.category": {"status": "final", "category": {"text": "LAB"}},
    "ProcedureRequest": {"status": "active"},
}
R4: dict[str, dict[str, Any]] = {
    "MedicationRequest": {
        "status": "active", "intent": "order", "medicationCodeableConcept": ASPIRIN, "reasonCode": [ASPIRIN],
        "performer": {"reference": "Practitioner/d"}, "category": [ASPIRIN], "requester": SUBJECT,
    },
    "MedicationAdministration": {
        "status": "completed", "medicationReference": {"reference": "#m"}, "effectiveDateTime": "2026-11-24",
        "context": {"reference": "Encounter/e"}, "device": [{"reference": "Device/x"}], "category": ASPIRIN,
    },
    "Encounter": {
        "status": "finished", "class": {"code": "IMP"}, "period": {"start": "2026-11-24"}, "serviceType": ASPIRIN,
        "participant": [{"individual": {"reference": "Practitioner/d"}}],
        "diagnosis": [{"condition": {"reference": "Condition/c"}}], "hospitalization": {"dietPreference": [ASPIRIN]},
    },
    "AllergyIntolerance": {
        "type": "allergy", "clinicalStatus": {"coding": [{"code": "active"}]}, "asserter": SUBJECT,
        "reaction": [{"manifestation": [ASPIRIN]}], "recordedDate": "2026-11-24",
    },
    "Condition": {
        "clinicalStatus": {"coding": [{"code": "active"}]}, "evidence": [{"code": [ASPIRIN], "detail": [SUBJECT]}],
        "stage": [{"summary": ASPIRIN}],
    },
    "Observation": {"status": "final", "encounter": SUBJECT, "interpretation": [ASPIRIN], "valueString": "x"},
    "ServiceRequest": {"status": "active", "intent": "order", "code": ASPIRIN, "supportingInfo": [SUBJECT]},
    "Procedure": {"status": "completed", "performedDateTime": "2026-11-24", "category": ASPIRIN, "usedCode": [ASPIRIN]},
    "DocumentReference": {"status": "current", "context": {"encounter": [SUBJECT]}, "content": [{"format": ASPIRIN}]},
    "Immunization": {"status": "completed", "occurrenceDateTime": "2026-11-24", "manufacturer": SUBJECT},
    "Appointment": {"status": "booked", "priority": 5, "serviceType": [ASPIRIN], "patientInstruction": "fasting"},
    "Goal": {"lifecycleStatus": "active", "target": [{"dueDate": "2026-12-24"}]},
    "CareTeam": {"status": "active", "participant": [{"role": [ASPIRIN], "member": SUBJECT}]},
}  # fmt: skip


def imported(kind: str, body: dict[str, Any]) -> Interpretation:
    line = {"resourceType": kind, "id": "x1", "subject": SUBJECT, "patient": SUBJECT} | body
    chunk = FhirChunk(file="x.ndjson", first_line=1, format="ndjson", lines=json.dumps(line).encode())
    kept = entry(draft_of(chunk, source="import:old").payload, kind="fhir.imported", source="import:old")
    return interpret(kept, SITE)


@pytest.mark.parametrize("element", sorted(R5))
def test_form_of_r5_is_told(element: str) -> None:
    assert foreign_release(element.split(".")[0], R5[element]) == ("R5", element)


@pytest.mark.parametrize("element", sorted(STU3))
def test_form_of_stu3_is_told(element: str) -> None:
    assert foreign_release(element.split(".")[0], STU3[element]) == ("STU3", element)


@pytest.mark.parametrize("kind", sorted(R4))
def test_r4_of_the_same_type_is_read_whole(kind: str) -> None:
    """The negative control of the two above: the same elements as R4 and R4B write them."""
    assert foreign_release(kind, R4[kind]) is None
    assert imported(kind, R4[kind]).understood is Understood.FULL


def test_foreign_resource_gives_no_fact_and_names_the_element() -> None:
    meaning = imported("MedicationRequest", R5["MedicationRequest.medication"])
    assert (meaning.facts, meaning.understood) == ((), Understood.KEPT)
    assert meaning.problems[0].reason == "FHIR R5 (MedicationRequest.medication): kept, not read"


def test_unread_allergy_is_said_for_its_patient() -> None:
    """So that the chart says "could not be read" and never "none"."""
    problem = imported("AllergyIntolerance", R5["AllergyIntolerance.type"]).problems[0]
    read = imported("AllergyIntolerance", R4["AllergyIntolerance"]).facts[0]
    assert (problem.type, problem.patient) == ("AllergyIntolerance", read.patient)


def test_foreign_resource_is_not_heard_for_its_section() -> None:
    assert imported("MedicationRequest", R5["MedicationRequest.medication"]).topics == frozenset()


def test_member_that_a_release_only_added_does_not_cost_the_resource() -> None:
    assert foreign_release("DiagnosticReport", {"status": "final", "note": [{"text": "x"}]}) is None


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("http://hl7.org/fhir/5.0/StructureDefinition/Patient", ("R5", "meta.profile")),
        ("http://hl7.org/fhir/StructureDefinition/Patient|3.0.2", ("STU3", "meta.profile")),
        ("http://hl7.org/fhir/StructureDefinition/Patient|4.3.0", None),
        ("http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|5.0.1", None),
        ("http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|3.1.1", None),
    ],
)
def test_declared_base_profile_tells_the_release(profile: str, told: tuple[str, str] | None) -> None:
    assert foreign_release("Patient", {"meta": {"profile": [profile]}}) == told


def test_r4b_is_read_and_r5_is_not() -> None:
    versions = ("4.0.0", "4.0.1", "4.3.0", "3.0.2", "5.0.0", "6.0.0-ballot3")
    assert [version for version in versions if is_read(version)] == ["4.0.0", "4.0.1", "4.3.0"]
    assert [release_name(version) for version in versions[2:]] == ["R4B", "STU3", "R5", "R6"]


@pytest.mark.parametrize("odd", [None, 7, "x", [], [7], {"profile": 3}, {"profile": [7]}])
def test_odd_meta_tells_nothing(odd: object) -> None:
    assert foreign_release("Patient", {"meta": odd}) is None
