"""Verify, pull, export and rebuild from the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest
from node_rig import codedark, message, new_node

from codedark.journal import is_signed_by, verify_export


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("record")
    folder = new_node(place / "n")
    (place / "all.hl7").write_bytes(b"".join(message(number) for number in range(1, 31)))
    assert codedark("import", place / "all.hl7", "-f", folder).code == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of one's own, to be damaged."""
    shutil.copytree(made, tmp_path / "n")
    return tmp_path / "n"


def test_a_journal_without_a_witness_is_never_called_untouched(folder: Path) -> None:
    done = codedark("journal", "verify", "-f", folder, "--json")
    assert done.code == 3
    assert done.object["witnessed"] == "self-consistent, unwitnessed"


def test_a_checkpoint_from_elsewhere_makes_it_witnessed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "note").write_text(codedark("journal", "checkpoint", "-f", folder, "--json").object["note"])
    done = codedark("journal", "verify", "-f", folder, "--checkpoint", tmp_path / "note", "--json")
    assert (done.code, done.object["ok"]) == (0, True)
    assert done.object["witnessed"].startswith("matches checkpoint at")


def test_one_changed_byte_is_found_with_its_place(folder: Path) -> None:
    with apsw.Connection(str(folder / "journal" / "volume-000001.db")) as db:
        (nonce,) = db.execute("SELECT nonce FROM entry WHERE position=7").fetchone()
        db.execute("UPDATE entry SET nonce=? WHERE position=7", (bytes([nonce[0] ^ 1]) + nonce[1:],))
    done = codedark("journal", "verify", "-f", folder, "--json")
    assert (done.code, done.object["error"]) == (22, "chain-broken")
    assert "at 7" in done.object["message"]


def test_a_pulled_copy_is_verified_and_cosigned(folder: Path, tmp_path: Path) -> None:
    done = codedark("journal", "pull", folder, tmp_path / "copy", "--json")
    assert done.code == 0, done.err
    witness = bytes.fromhex((tmp_path / "copy" / "witness.key").read_text())
    assert done.object["note"].count("\n— ") == 2
    assert codedark("journal", "verify", "-f", tmp_path / "copy").code == 3
    assert len(witness) == 32


def test_a_source_that_was_rolled_back_is_not_followed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "older")
    (tmp_path / "more.hl7").write_bytes(message(99))
    assert codedark("import", tmp_path / "more.hl7", "-f", folder).code == 0
    assert codedark("journal", "pull", folder, tmp_path / "copy").code == 0
    done = codedark("journal", "pull", tmp_path / "older", tmp_path / "copy", "--json")
    assert (done.code, done.object["error"]) == (23, "fork-found")


def test_an_export_verifies_by_itself(folder: Path, tmp_path: Path) -> None:
    done = codedark("journal", "export", tmp_path / "all.cdj", "-f", folder, "--json")
    with (tmp_path / "all.cdj").open("rb") as source:
        checker = verify_export(source)
    assert checker.tree.size == done.object["entries"]


def test_rebuilt_views_are_the_same(folder: Path) -> None:
    done = codedark("rebuild", "-f", folder, "--json")
    assert (done.code, done.object["identical"]) == (0, True)
    assert codedark("status", "-f", folder, "--json").object["patients"] == 30


def test_views_that_were_lost_come_back_from_the_journal(folder: Path) -> None:
    before = codedark("rebuild", "-f", folder, "--json").object["digest"]
    shutil.rmtree(folder / "views")
    assert codedark("rebuild", "-f", folder, "--json").object["digest"] == before


def test_a_checkpoint_is_signed_by_its_origin(folder: Path) -> None:
    from codedark.access import load_node_keys

    note = codedark("journal", "checkpoint", "-f", folder, "--json").object["note"]
    statement = load_node_keys(folder).statement
    assert is_signed_by(note, statement.name, statement.public_key)
