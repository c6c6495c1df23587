"""Files made to fill the memory or to break a table by their names: refused by name and line, never a fault."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from journal_rig import new_journal, reader

from codedark.entries import FhirChunk, payload_of
from codedark.intake import ImportReport, files, import_files

PATIENT = b'{"resourceType":"Patient","id":"p%d"}'
MIB = 1 << 20


def taken(folder: Path, name: str, data: bytes) -> tuple[ImportReport, list[FhirChunk]]:
    place = folder / "files"
    place.mkdir()
    Path(os.fsdecode(os.fsencode(place) + b"/" + os.fsencode(name))).write_bytes(data)
    journal = new_journal(folder / "journal")
    report = import_files([place], journal.append_all, label="tests")
    journal.close()
    opened = reader(folder / "journal")
    kept = [payload_of(entry) for entry in opened.read(-1) if entry.kind == "fhir.imported"]
    opened.close()
    return report, [each for each in kept if isinstance(each, FhirChunk)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of 2 MiB a line and 4 MiB a document, so that a test need not fill the memory to show them."""
    monkeypatch.setattr(files, "LINE_BYTES", 2 * MIB)
    monkeypatch.setattr(files, "DOCUMENT_BYTES", 4 * MIB)


@pytest.mark.parametrize("size", [3, 11])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
def test_a_line_that_is_too_long_costs_only_itself(tmp_path: Path, small: None, size: int, pack: object) -> None:
    long = b'{"resourceType":"Binary","data":"' + b"A" * (size * MIB) + b'"}'
    data = b"\n".join([PATIENT % 1, long, PATIENT % 3, b"", PATIENT % 5])

    report, kept = taken(tmp_path, "a.ndjson", pack(data))  # type: ignore[operator]

    assert [(each.line, each.reason) for each in report.refusals] == [(2, "longer than 2 MiB")]
    assert report.resources == 3
    assert kept[0].lines.split(b"\n") == [PATIENT % 1, b"", PATIENT % 3, b"", PATIENT % 5]


@pytest.mark.parametrize("name", ["a.json", "a.hl7"])
def test_a_document_that_unpacks_to_too_much_is_refused_whole(tmp_path: Path, small: None, name: str) -> None:
    head = b'{"resourceType":"Bundle","entry":[' if name == "a.json" else b"MSH|^~\\&|"
    bomb = gzip.compress(head + bytes(80 * MIB), 1)

    tracemalloc.start()
    report, kept = taken(tmp_path, f"{name}.gz", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [(each.line, each.reason) for each in report.refusals] == [(0, "larger than 4 MiB unpacked: split it")]
    assert kept == []
    assert peak < 32 * MIB


def test_a_zstandard_bomb_is_unpacked_a_slice_at_a_time(tmp_path: Path, small: None) -> None:
    bomb = zstandard.compress(b'{"resourceType":"Bundle","x":"' + bytes(400 * MIB), 1)

    tracemalloc.start()
    report, _ = taken(tmp_path, "a.json.zst", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "larger than 4 MiB" in report.refusals[0].reason
    assert peak < 200 * MIB


def test_a_file_whose_name_is_no_text_is_taken_under_a_name_that_is(tmp_path: Path) -> None:
    report, kept = taken(tmp_path, "ward-\udcff\udcfe.ndjson", PATIENT % 1 + b"\n{")

    assert report.resources == 1
    assert kept[0].file == r"ward-\xff\xfe.ndjson"
    assert [(each.file, each.line) for each in report.refusals] == [(r"ward-\xff\xfe.ndjson", 2)]
