"""What others wrote, folded: nothing stops the fold, a rebuild is identical, every chart opens."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from views_tape import KEY, Tape

from codedark.entries import ConfigSet, FhirChunk
from codedark.fhir import bundle_lines, read_ndjson
from codedark.hl7 import split_batch
from codedark.views import Fold, Record, ViewStore, digest

NOT_MESSAGES = (".yml", ".yaml", ".csv", ".md", ".py", ".java", ".xml", ".json", "SOURCE.txt")
DEFECT = "could not be folded"


def put(tape: Tape, lines: Iterator[tuple[int, bytes]], name: str, form: str, limit: int) -> None:
    """Chunks of 200 lines as the import journals them."""
    limited = islice(lines, limit)
    while held := list(islice(limited, 200)):
        data = b"\n".join(line for _, line in held)
        tape.say(FhirChunk(file=name, first_line=held[0][0], format=form, lines=data), source="import:real")


@pytest.fixture(scope="module")
def tape(shared_data: Path) -> Tape:
    """Every HL7 corpus, then imports, in one journal's order."""
    made = Tape()
    made.say(ConfigSet(key="facility.zone", value="America/New_York"))
    for corpus in sorted(path for path in shared_data.iterdir() if path.name.startswith("hl7v2-")):
        for path in sorted(corpus.rglob("*")):
            if path.is_file() and not path.name.endswith(NOT_MESSAGES):
                for part in split_batch(path.read_bytes()):
                    made.add("hl7.received", part.raw, source=f"feed:{corpus.name.removeprefix('hl7v2-')}")
    for path in sorted((shared_data / "fhir-clinosim").rglob("*.ndjson.gz")):
        with gzip.open(path, "rb") as file:
            put(made, read_ndjson(iter(file)), path.name, "ndjson", 3_000)
    for path in sorted((shared_data / "fhir-synthea-r4-bundles").rglob("*.json.gz"))[:4]:
        put(made, iter(bundle_lines(gzip.decompress(path.read_bytes()))), path.name, "bundle", 3_000)
    return made


@pytest.fixture(scope="module")
def folded(tape: Tape, tmp_path_factory: pytest.TempPathFactory) -> Fold:
    """All of it folded."""
    fold = Fold(tape, ViewStore.open(tmp_path_factory.mktemp("views"), KEY))
    fold.catch_up()
    return fold


def test_nothing_stops_the_fold(tape: Tape, folded: Fold) -> None:
    record = Record(folded.store)
    status = record.status()
    print(f"{status.facts} facts, {status.patients} patients, {status.inpatients} in, {status.worklist_open} open")
    assert status.as_of.position == len(tape.entries) - 1
    assert [item for item in record.worklist(100_000) if DEFECT in item.reason] == []


def test_every_chart_and_every_bed_list_opens(folded: Fold) -> None:
    record = Record(folded.store)
    for banner in record.patients():
        assert record.chart(banner.patient).banner.name == banner.name
    for unit in record.units():
        assert len(record.census(unit.unit)) >= unit.patients


def test_double_booked_beds_are_shown_as_clashes(folded: Fold) -> None:
    record = Record(folded.store)
    rows = [row for unit in record.units() if unit.unit.startswith("Ward") for row in record.census(unit.unit)]
    print(f"{sum(bool(row.patient) for row in rows)} in ward beds, {sum(row.clash for row in rows)} clash")
    assert sum(bool(row.patient) for row in rows) >= 12


def test_a_rebuild_of_real_data_is_identical(folded: Fold) -> None:
    before = digest(folded.store, whole=True)
    folded.rebuild()
    assert digest(folded.store, whole=True) == before
