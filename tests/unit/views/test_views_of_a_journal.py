"""The fold on a real journal, with the real interpretation of what a simulated hospital says."""

from __future__ import annotations

from pathlib import Path

import pytest
from journal_rig import new_journal, reader
from views_tape import KEY, START_US

from codedark.entries import ConfigSet, draft_of
from codedark.journal import Draft, Once
from codedark.views import Fold, Record, ViewStore, digest
from codedark_drill import Hospital

HOURS = 3


def drafts() -> list[Draft]:
    said = Hospital(7, 40).messages(START_US, START_US + HOURS * 3_600_000_000)
    return [
        Draft("hl7.received", 1, f"feed:{each.feed}", each.data, once=Once(each.feed, str(number)))
        for number, each in enumerate(said)
    ]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of three hours of a small hospital."""
    folder = tmp_path_factory.mktemp("node") / "journal"
    written = new_journal(folder)
    for key, value in (("facility.id", "wtb"), ("facility.zone", "America/New_York"), ("facility.name", "Waterbury")):
        written.append(draft_of(ConfigSet(key=key, value=value), source="node"))
    written.append_all(drafts())
    written.close()
    return folder


def test_every_entry_is_folded_and_every_patient_has_a_chart(journal: Path, tmp_path: Path) -> None:
    store = ViewStore.open(tmp_path, KEY)
    with_reader = reader(journal)
    Fold(with_reader, store).catch_up()
    record = Record(store)
    status = record.status()
    assert status.as_of.position == with_reader.head().size - 1
    assert status.as_of.facility == "Waterbury"
    assert status.interpreted + status.kept == len(drafts())
    assert status.inpatients > 20
    for unit in record.units():
        for row in record.census(unit.unit):
            if row.patient:
                assert record.chart(row.patient).banner.name == row.name


def test_a_rebuild_from_the_journal_is_identical(journal: Path, tmp_path: Path) -> None:
    live = ViewStore.open(tmp_path / "live", KEY)
    fold = Fold(reader(journal), live)
    while fold.catch_up(max_entries=97):
        pass
    before = digest(live, whole=True)
    fold.rebuild()
    assert digest(live, whole=True) == before


def test_the_same_messages_backwards_give_the_same_clinical_digest(tmp_path: Path) -> None:
    digests = []
    for name, said in (("forwards", drafts()), ("backwards", drafts()[::-1])):
        written = new_journal(tmp_path / name)
        # Resources that nobody named get their id from their place in the journal: leave those messages out.
        written.append_all([each for each in said if b"\rPV1" in each.payload and b"MSH" in each.payload[:4]])
        written.close()
        store = ViewStore.open(tmp_path / f"views-{name}", KEY)
        Fold(reader(tmp_path / name), store).catch_up()
        digests.append(digest(store))
    assert digests[0] == digests[1]
