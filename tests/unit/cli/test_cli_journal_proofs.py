"""What `journal prove`, `roll` and `verify` answer, checked with the proofs' own functions and by damage."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from node_rig import codedark, message, new_node

from codedark.journal import is_consistent, is_included


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = new_node(tmp_path / "n")
    (tmp_path / "m.hl7").write_bytes(b"".join(message(number) for number in range(1, 21)))
    assert codedark("import", tmp_path / "m.hl7", "-f", folder).code == 0
    return folder


def test_an_entry_is_proved_to_be_under_the_newest_checkpoint(node: Path) -> None:
    said = codedark("journal", "prove", "7", "-f", node, "--json").object
    path, root = [bytes.fromhex(step) for step in said["path"]], bytes.fromhex(said["root"])
    entry = bytes.fromhex(said["entry_hash"])
    assert is_included(entry, 7, said["size"], path, root)
    assert not is_included(entry, 8, said["size"], path, root)


def test_an_older_state_is_proved_to_be_the_beginning_of_the_newest(node: Path) -> None:
    said = codedark("journal", "prove", "--from", "9", "-f", node, "--json").object
    path = [bytes.fromhex(step) for step in said["path"]]
    old, new = bytes.fromhex(said["from_root"]), bytes.fromhex(said["root"])
    assert is_consistent(9, said["size"], old, new, path)
    assert not is_consistent(9, said["size"], new, new, path)


def test_a_position_that_was_never_written_is_not_proved(node: Path) -> None:
    assert codedark("journal", "prove", "100000", "-f", node).code == 60


def test_prove_asks_what_to_prove(node: Path) -> None:
    assert codedark("journal", "prove", "-f", node).code == 10


def test_a_rolled_journal_goes_on_and_is_verified_over_both_volumes(node: Path, tmp_path: Path) -> None:
    done = codedark("journal", "roll", "-f", node, "--json")
    assert done.code == 0, done.err
    assert done.object["volumes"] == ["volume-000001.db", "volume-000002.db"]
    (tmp_path / "later.hl7").write_bytes(message(99))
    assert codedark("import", tmp_path / "later.hl7", "-f", node).code == 0
    assert codedark("journal", "verify", "--derived", "-f", node).code == 3
    said = codedark("journal", "prove", "--from", "9", "-f", node, "--json").object
    path = [bytes.fromhex(step) for step in said["path"]]
    assert is_consistent(9, said["size"], bytes.fromhex(said["from_root"]), bytes.fromhex(said["root"]), path)


def test_a_changed_row_of_the_table_of_resends_is_found_only_with_the_key(node: Path) -> None:
    database = apsw.Connection(str(node / "journal/volume-000001.db"))
    database.execute("UPDATE duplicate SET mac = zeroblob(16) WHERE key = (SELECT min(key) FROM duplicate)")
    database.close()
    assert codedark("journal", "verify", "-f", node).code == 3
    assert codedark("journal", "verify", "--derived", "-f", node).code == 22


def test_an_export_is_verified_without_a_node(node: Path, tmp_path: Path) -> None:
    export, note = tmp_path / "x.cdj", tmp_path / "note"
    assert codedark("journal", "export", export, "-f", node).code == 0
    note.write_text(codedark("journal", "checkpoint", "-f", node).out)
    assert codedark("journal", "verify", export).code == 3
    assert codedark("journal", "verify", export, "--checkpoint", note).code == 0
    data = bytearray(export.read_bytes())
    data[len(data) // 2] ^= 1
    export.write_bytes(data)
    assert codedark("journal", "verify", export).code in (22, 25)


def test_an_export_without_entries_that_a_checkpoint_covers_is_no_match(node: Path, tmp_path: Path) -> None:
    export, note = tmp_path / "x.cdj", tmp_path / "note"
    assert codedark("journal", "export", export, "-f", node).code == 0
    (tmp_path / "later.hl7").write_bytes(message(99))
    assert codedark("import", tmp_path / "later.hl7", "-f", node).code == 0
    note.write_text(codedark("journal", "checkpoint", "-f", node).out)
    assert codedark("journal", "verify", export, "--checkpoint", note).code == 23
