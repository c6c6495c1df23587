"""R4 resources of one invented patient, as an EHR's export gives them: enough of each type to search, include and
summarise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from web_rig import House

from codedark.intake import import_files

SCT, LOINC = "http://snomed.info/sct", "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_HL7 = "http://terminology.hl7.org/CodeSystem/"
Json = dict[str, Any]


def coded(system: str, code: str, display: str = "") -> Json:
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def resources(who: str = "7", mrn: str = "700700") -> list[Json]:
    me, visit, doctor = (
        {"reference": f"Patient/{who}"}, {"reference": f"Encounter/v{who}"}, {"reference": "Practitioner/d1"}
    )  # fmt: skip
    own: list[Json] = [
        {"resourceType": "Patient", "id": who, "meta": {"source": "https://ehr.example/r4", "tag": [{"code": "vip"}]},
         "identifier": [{"system": "urn:mrn", "value": mrn, "type": coded(_HL7 + "v2-0203", "MR")}],
         "name": [{"family": "Núñez", "given": ["Lía", "Rosa"]}], "birthDate": "1980-02-29", "gender": "female"},
        {"resourceType": "Encounter", "id": f"v{who}", "status": "in-progress", "subject": me,
         "class": {"system": _HL7 + "v3-ActCode", "code": "IMP"}, "period": {"start": "2026-09-20T08:00:00Z"},
         "location": [{"status": "active", "location": {
             "display": "4W 12 A", "identifier": {"value": "4W^12^A^WTB"}}}],
         "participant": [{"individual": doctor}]},
        {"resourceType": "AllergyIntolerance", "id": f"a{who}", "patient": me,
         "code": coded(SCT, "764146007", "Penicillin"),
         "clinicalStatus": coded(_HL7 + "allergyintolerance-clinical", "active")},
        {"resourceType": "Condition", "id": f"c{who}", "subject": me, "encounter": visit,
         "code": coded(SCT, "38341003", "Hypertension"), "clinicalStatus": coded(_HL7 + "condition-clinical", "active"),
         "category": [coded(_HL7 + "condition-category", "problem-list-item")], "onsetDateTime": "2019"},
        {"resourceType": "Medication", "id": "m1", "code": coded(RXNORM, "29046", "lisinopril")},
        {"resourceType": "MedicationRequest", "id": f"r{who}", "status": "active", "intent": "order", "subject": me,
         "medicationReference": {"reference": "Medication/m1"}, "authoredOn": "2026-09-20T09:30:00Z",
         "requester": doctor},
        {"resourceType": "MedicationRequest", "id": f"s{who}", "status": "stopped", "intent": "order", "subject": me,
         "medicationCodeableConcept": {"text": "heparin"}, "authoredOn": "2026-09-01"},
        {"resourceType": "Immunization", "id": f"i{who}", "status": "completed", "patient": me, "lotNumber": "AX-9",
         "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", "140", "Influenza"), "occurrenceDateTime": "2025-10-01"},
        {"resourceType": "Procedure", "id": f"p{who}", "status": "completed", "subject": me,
         "code": coded(SCT, "80146002", "Appendectomy"), "performedDateTime": "2001-05"},
        {"resourceType": "Provenance", "id": f"x{who}", "recorded": "2026-09-20T10:00:00Z",
         "target": [{"reference": f"Condition/c{who}"}, {"reference": f"Patient/{who}"}], "agent": [{"who": doctor}]},
        {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Hale", "given": ["John"]}]},
    ]  # fmt: skip
    return own + [
        {"resourceType": "Observation", "id": f"o{who}-{number}", "status": "final", "subject": me, "encounter": visit,
         "category": [coded(_HL7 + "observation-category", "vital-signs" if number % 2 else "laboratory")],
         "code": coded(LOINC, "8867-4" if number % 2 else "2823-3", "Heart rate" if number % 2 else "Potassium"),
         "effectiveDateTime": f"2026-09-{number + 10:02}T06:00:00Z",
         "valueQuantity": {"value": 60 + number, "unit": "1"}}
        for number in range(10)
    ]  # fmt: skip


def bring(home: House, bodies: list[Json], label: str = "ehr") -> None:
    """Import these and fold."""
    place = Path(home.folder) / f"{label}.ndjson"
    place.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    report = import_files([place], home.journal.append_all, label=label)
    assert not report.refusals
    home.fold()
