"""Lines of an import are kept as they came and read again only when claims meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from meanings import PID, PV1, message
from views_tape import KEY, START_US, Tape

from codedark.entries import FhirChunk, SourceDistrusted
from codedark.views import Fold, Record, ViewStore, digest

MR = {
    "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
    "value": "4711",
    "assigner": {"display": "ANNA"},
}
WHO = {"resourceType": "Patient", "id": "p1", "identifier": [MR], "name": [{"family": "Okafor"}]}


def potassium(value: float, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "meta": {"lastUpdated": f"2026-11-20T{hour:02d}:00:00Z"},
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "Potassium"},
        "valueQuantity": {"value": value, "unit": "mmol/L"},
    } | more


class Said:
    """Imports and messages on a tape, folded by the real interpreter."""

    def __init__(self) -> None:
        self.tape = Tape()

    def lines(self, *bodies: dict[str, Any], label: str = "old", spaced: bool = False) -> Said:
        separators = (" , ", " : ") if spaced else (",", ":")
        data = b"\n".join(json.dumps(body, separators=separators).encode() for body in bodies)
        chunk = FhirChunk(file=f"{len(self.tape.entries)}.ndjson", first_line=1, format="ndjson", lines=data)
        self.tape.say(chunk, source=f"import:{label}")
        return self

    def hl7(self, *segments: str) -> Said:
        self.tape.add("hl7.received", message("ADT^A01", *segments))
        return self

    def folded(self, folder: Path) -> tuple[Record, str]:
        store = ViewStore.open(folder, KEY)
        Fold(self.tape, store).catch_up()
        return Record(store), digest(store)


def test_two_lines_of_one_resource_fold_alike_in_either_order(tmp_path: Path) -> None:
    early, late = potassium(3.1, 7), potassium(4.2, 9)
    record, one = Said().lines(WHO, early).lines(late, spaced=True).folded(tmp_path / "a")
    _, other = Said().lines(late, spaced=True).lines(WHO, early).folded(tmp_path / "b")
    (result,) = record.chart(record.patients()[0].patient).results
    assert one == other
    assert (result.value, result.earlier) == ("4.2", ("3.1",))


def test_lines_that_differ_give_different_digests(tmp_path: Path) -> None:
    """The control: a digest that did not look into kept lines would pass the test above."""
    _, one = Said().lines(WHO, potassium(3.1, 7)).folded(tmp_path / "a")
    _, other = Said().lines(WHO, potassium(3.2, 7)).folded(tmp_path / "b")
    assert one != other


def test_a_line_and_a_message_about_one_patient_fold_alike_in_either_order(tmp_path: Path) -> None:
    record, one = Said().lines(WHO, potassium(3.1, 7)).hl7(PID, PV1).folded(tmp_path / "a")
    _, other = Said().hl7(PID, PV1).lines(WHO, potassium(3.1, 7)).folded(tmp_path / "b")
    (banner,) = record.patients()
    assert one == other
    assert (banner.mrn, banner.bed, len(record.chart(banner.patient).results)) == ("4711", "B", 1)


def test_a_distrusted_import_leaves_the_line_that_was_there(tmp_path: Path) -> None:
    said = Said().lines(WHO, potassium(3.1, 7)).lines(WHO, potassium(9.9, 9), spaced=True)
    forged = Said().lines(WHO, potassium(3.1, 7)).lines(WHO, potassium(9.9, 9), spaced=True)
    forged.tape.say(SourceDistrusted(source="import:old", since_us=START_US + 1))
    _, honest = Said().lines(WHO, potassium(3.1, 7)).folded(tmp_path / "a")
    _, both = said.folded(tmp_path / "b")
    _, distrusted = forged.folded(tmp_path / "c")
    assert honest == distrusted
    assert honest != both


def test_the_same_line_again_changes_nothing(tmp_path: Path) -> None:
    record, _ = Said().lines(WHO, potassium(3.1, 7)).lines(WHO, potassium(3.1, 7)).folded(tmp_path)
    (result,) = record.chart(record.patients()[0].patient).results
    assert (result.value, result.earlier) == ("3.1", ())


def test_the_original_id_is_kept_in_what_is_read_again(tmp_path: Path) -> None:
    bodies = potassium(3.1, 7), potassium(4.2, 9)
    record, _ = Said().lines(WHO, bodies[0]).lines(bodies[1]).folded(tmp_path)
    (state,) = (row[0] for row in record.store.reader().execute("SELECT state FROM resource WHERE type='Observation'"))
    assert b'"system":"urn:codedark:import:old","value":"o1"' in state
