"""What the FHIR interface answers, by Medplum's R4 validator: another code base than our own and than fhirkit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fhir_charts import bring, resources
from fhir_client import program
from node_programs import node_peers, run_peer
from web_rig import house


def found_by_medplum(answers: list[dict[str, Any]]) -> list[list[str]]:
    """The errors of each answer and of each resource in it."""
    node_peers()
    inside = [entry["resource"] for told in answers for entry in told.get("entry", [])]
    code, lines = run_peer("medplum_validates.mjs", [*answers, *inside])
    assert (code, len(lines)) == (0, len(answers) + len(inside))
    return lines


def test_medplum_finds_every_answer_valid_r4(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        bring(home, resources())
        reader = program(home)
        answers = [reader.read("metadata"), reader.read("Patient"), reader.read("Patient/nobody", 404)]
        for person in answers[1]["entry"]:
            name = person["resource"]["id"]
            answers += [reader.read(f"Patient/{name}/${operation}") for operation in ("everything", "summary")]
        home.fold()
        answers.append(program(home, "privacy", "10.0.7.40").read("AuditEvent"))

    assert [errors for errors in found_by_medplum(answers) if errors] == []


def test_the_control_medplum_finds_a_fault() -> None:
    assert found_by_medplum([{"resourceType": "Patient", "gender": 7}, {"resourceType": "Composition"}])[0]
