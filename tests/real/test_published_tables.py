"""Our code tables against HL7's published V2-to-FHIR maps, row by row."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from codedark.entries import tables


def published(shared_data: Path, name: str) -> dict[str, set[tuple[str, str]]]:
    """Code → {(code, system)} of one concept map; a code without a target has an empty set."""
    folder = shared_data / "v2-to-fhir-maps" / "mappings" / "codesystems"
    (path,) = [path for path in folder.glob("*.csv") if path.name.startswith(f"HL7 Concept Map_ {name} - ")]
    out: dict[str, set[tuple[str, str]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in list(csv.reader(file))[2:]:
            if row[0]:
                targets = out.setdefault(row[0], set())
                if row[6]:
                    targets.add((row[6], row[9] if len(row) > 9 else ""))
    return out


@pytest.mark.parametrize("ours", sorted(tables.SOURCES))
def test_table_is_the_published_map(ours: str, shared_data: Path) -> None:
    theirs = {code: targets for code, targets in published(shared_data, tables.SOURCES[ours]).items() if targets}
    table = getattr(tables, ours)
    differing = {}
    for code in sorted(set(theirs) | set(table)):
        mine = table.get(code)
        mine = (mine[1], mine[0]) if isinstance(mine, tuple) else mine
        if mine not in theirs.get(code, set()) and mine not in {target for target, _ in theirs.get(code, set())}:
            differing[code] = (mine, sorted(theirs.get(code, set())))
    # The map gives CP (mobile phone) a *use* in place of a system; ours keeps it a phone.
    expected = {"CP"} if ours == "TELECOM_SYSTEM" else set()
    assert set(differing) == expected, differing


def test_interpretation_codes_are_the_published_ones(shared_data: Path) -> None:
    theirs = published(shared_data, "InterpretationCodes")
    same = {code for code, targets in theirs.items() if code in {target for target, _ in targets}}
    assert same == set(tables.INTERPRETATION)


@pytest.mark.parametrize(
    ("ours", "source"),
    [
        ("OBSERVATION_STATUS_HERE", "ObservationResultStatusCodesInterpretation"),
        ("REPORT_STATUS_HERE", "ResultStatus[Non-Queries]"),
    ],
)
def test_what_is_decided_here_the_map_leaves_blank(ours: str, source: str, shared_data: Path) -> None:
    theirs = published(shared_data, source)
    assert [code for code in getattr(tables, ours) if theirs.get(code)] == []
