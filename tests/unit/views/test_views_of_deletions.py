"""What the EHR's server deleted is out of the chart, whatever came first; a patient never is."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from views_tape import KEY, Tape

from codedark.entries import FhirChunk
from codedark.views import Fold, Record, ViewStore, digest

WHO = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Okafor"}]}
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "Warfarin 5 mg"},
}
RESULT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "subject": {"reference": "Patient/p1"},
    "code": {"text": "Potassium"},
    "valueQuantity": {"value": 9.9, "unit": "mmol/L"},
}


def chunk(as_of: str, *bodies: dict[str, Any]) -> FhirChunk:
    lines = b"\n".join(json.dumps(body).encode() for body in bodies)
    return FhirChunk(file=f"{as_of}{bodies}", first_line=1, format="ndjson", lines=lines, as_of=as_of)


def gone(url: str) -> dict[str, Any]:
    return {"request": {"method": "DELETE", "url": url}}


def folded(folder: Path, *chunks: FhirChunk) -> tuple[Record, str]:
    tape = Tape()
    for each in chunks:
        tape.say(each, source="import:ehr")
    store = ViewStore.open(folder, KEY)
    Fold(tape, store).catch_up()
    return Record(store), digest(store)


def shown(record: Record) -> str:
    [patient] = record.search("Okafor")
    return repr(record.chart(patient.patient))


FIRST = chunk("2026-11-20T06:00:00Z", WHO, ORDER, RESULT)
LATER = chunk("2026-11-21T06:00:00Z", gone("MedicationRequest/m1"), gone("Observation/o1"))


def test_the_control_both_stand_in_the_chart_before(tmp_path: Path) -> None:
    text = shown(folded(tmp_path, FIRST)[0])
    assert "Warfarin" in text
    assert "Potassium" in text


@pytest.mark.parametrize("chunks", [*itertools.permutations((FIRST, LATER))])
def test_what_was_deleted_is_out_whatever_came_first(tmp_path: Path, chunks: tuple[FhirChunk, ...]) -> None:
    text = shown(folded(tmp_path, *chunks)[0])
    assert "Warfarin" not in text
    assert "Potassium" not in text


def test_any_order_folds_to_one_digest(tmp_path: Path) -> None:
    back = chunk("2026-11-22T06:00:00Z", ORDER)
    several = enumerate(itertools.permutations((FIRST, LATER, back)))
    assert len({folded(tmp_path / str(n), *chunks)[1] for n, chunks in several}) == 1


def test_an_order_that_the_ehr_took_up_again_is_back(tmp_path: Path) -> None:
    assert "Warfarin" in shown(folded(tmp_path, chunk("2026-11-22T06:00:00Z", ORDER), FIRST, LATER)[0])


def test_a_deleted_patient_keeps_the_chart_and_stands_on_the_worklist(tmp_path: Path) -> None:
    record, _ = folded(tmp_path, FIRST, chunk("2026-11-21T06:00:00Z", gone("Patient/p1")))
    assert "Warfarin" in shown(record)
    assert "the EHR deleted this patient" in repr(record.worklist(50, 0))


@pytest.mark.parametrize(
    "entry", [gone("m1"), gone(""), {"request": {"method": "PUT", "url": "Patient/p1"}}, {"request": {}}]
)
def test_an_entry_that_deletes_nothing_stands_on_the_worklist(tmp_path: Path, entry: dict[str, Any]) -> None:
    record, _ = folded(tmp_path, FIRST, chunk("2026-11-21T06:00:00Z", entry))
    assert "deletes none" in repr(record.worklist(50, 0))


def test_a_resource_without_a_time_of_its_own_is_as_old_as_its_export(tmp_path: Path) -> None:
    newer = chunk("2026-11-22T06:00:00Z", ORDER | {"medicationCodeableConcept": {"text": "Warfarin 2.5 mg"}})
    assert "Warfarin 2.5 mg" in shown(folded(tmp_path, newer, FIRST)[0])
