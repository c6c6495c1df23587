"""Packs as the node draws them: the ledger first, a draft in no ledger, names without patients."""

from __future__ import annotations

from pathlib import Path

import pytest
from node_rig import codedark, message, new_node

from codedark.node import open_node


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packs")
    folder = new_node(place / "n")
    for number in (1, 2):
        (place / f"{number}.hl7").write_bytes(message(number))
    assert codedark("import", place / "1.hl7", place / "2.hl7", "-f", folder).code == 0
    return folder


def _kinds(folder: Path, *names: str) -> list[str]:
    with open_node(folder) as node:
        reader = node.reader()
        entries = reader.read(-1)
        reader.close()
    return [entry.kind for entry in entries if entry.kind in names]


def test_a_draft_is_told_to_the_journal_but_is_in_no_ledger(folder: Path) -> None:
    before = _kinds(folder, "sheets.printed", "pack.made")
    done = codedark("pack", "4W", "--draft", "-f", folder, "--json")
    assert done.code == 0, done.err
    assert done.object["packs"][0]["patients"] == 2
    assert _kinds(folder, "sheets.printed", "pack.made") == [*before, "pack.made"]


def test_an_issued_pack_is_in_the_ledger_before_it_is_drawn(folder: Path) -> None:
    done = codedark("pack", "4W", "-f", folder, "--json")
    assert done.code == 0, done.err
    assert _kinds(folder, "sheets.printed", "pack.made")[-2:] == ["sheets.printed", "pack.made"]


def test_the_file_of_a_pack_is_closed_to_others_and_names_no_patient(folder: Path) -> None:
    path = Path(codedark("pack", "--all", "--draft", "-f", folder, "--json").object["packs"][0]["path"])
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.stat().st_mode & 0o077 == 0
    assert "MARLOWE" not in path.name.upper()


def test_a_unit_that_is_not_there_is_said_so(folder: Path) -> None:
    done = codedark("pack", "9Z", "-f", folder, "--json")
    assert (done.code, done.object["error"]) == (60, "not-found")


def test_a_dry_run_draws_nothing(folder: Path) -> None:
    before = sorted((folder / "packs").iterdir())
    done = codedark("pack", "--all", "--dry-run", "-f", folder, "--json")
    assert done.object == {"would_draw": ["4W"]}
    assert sorted((folder / "packs").iterdir()) == before
