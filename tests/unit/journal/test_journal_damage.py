"""Whatever is changed on disk is found, by position and reason; reading never serves it."""

from __future__ import annotations

import io
import random

import apsw
import pytest
from journal_rig import SEED, deed, hl7, new_journal, reader, reopen, statement

from codedark.errors import ChainBroken, ForkFound, JournalError
from codedark.journal import NoteSigner, cosigned_at_us, export, pull, verify, verify_export
from codedark.journal.merkle import Frontier

HEADER_FIELDS = {
    "format": 0, "position": 11, "origin": 12, "previous": 28, "recorded_at": 67, "boot": 68, "sequence": 91,
    "clock": 92, "flags": 94, "epoch": 95, "version": 112, "length": 120, "kind": 122, "audience": 138, "source": 146,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    journal = new_journal(tmp_path / "journal")
    journal.append_all([hl7(n) for n in range(20)])
    journal.append(deed())
    journal.close()
    return tmp_path / "journal"


def change(folder, sql, *values):
    connection = apsw.Connection(str(folder / "volume-000001.db"))
    connection.execute(sql, values).fetchall()
    connection.close()


def flip(data: bytes, at: int, bit: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


@pytest.mark.parametrize("field", HEADER_FIELDS)
def test_a_changed_header_column_is_found_at_its_position(folder, field):
    connection = apsw.Connection(str(folder / "volume-000001.db"))
    ((header,),) = connection.execute("SELECT header FROM entry WHERE position = 7").fetchall()
    connection.execute("UPDATE entry SET header = ? WHERE position = 7", (flip(header, HEADER_FIELDS[field]),))
    connection.close()
    report = verify(folder)
    assert (report.ok, report.position) == (False, 7)
    with pytest.raises(JournalError):
        reader(folder).read(-1)


@pytest.mark.parametrize("table", ["entry.nonce", "entry.hash", "payload.ciphertext"])
def test_any_changed_byte_of_an_entry_is_found(folder, table):
    name, column = table.split(".")
    key = "position = 7" if name == "entry" else "id = 7 * 4096"
    connection = apsw.Connection(str(folder / "volume-000001.db"))
    ((data,),) = connection.execute(f"SELECT {column} FROM {name} WHERE {key}").fetchall()
    at = random.Random(table).randrange(len(data))
    connection.execute(f"UPDATE {name} SET {column} = ? WHERE {key}", (flip(data, at),))
    connection.close()
    assert verify(folder).position == 7
    with pytest.raises(JournalError):
        reader(folder).read(-1)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM entry WHERE position = 7",
        "DELETE FROM payload WHERE id = 7 * 4096",
        "UPDATE payload SET id = -1 WHERE id = 7 * 4096",
        "DELETE FROM entry WHERE position >= 15",
        "UPDATE checkpoint SET root = zeroblob(32)",
        "UPDATE checkpoint SET note = replace(note, char(10) || '2', char(10) || '1')",
        "UPDATE counter SET entries = entries + 1 WHERE kind = 'hl7.received'",
    ],
)
def test_removed_or_moved_rows_are_found(folder, sql):
    assert verify(folder).ok
    change(folder, sql)
    assert not verify(folder).ok


def test_two_swapped_entries_are_found(folder):
    change(folder, "UPDATE entry SET position = -1 WHERE position = 7")
    change(folder, "UPDATE entry SET position = 7 WHERE position = 8")
    change(folder, "UPDATE entry SET position = 8 WHERE position = -1")
    assert verify(folder).position == 7


def rewrite(folder, tmp_path):
    """What a thief of the signing key can do: write another past under the same name and sign it."""
    forged = new_journal(tmp_path / "forged")
    forged.append_all([hl7(n, b"forged %d" % n) for n in range(25)])
    forged.close()
    return tmp_path / "forged"


def test_a_rewritten_past_is_only_self_consistent_but_a_printed_checkpoint_exposes_it(folder, tmp_path):
    printed = reopen(folder)
    note = printed.checkpoint().note
    printed.close()
    forged = rewrite(folder, tmp_path)
    assert verify(forged).witnessed == "self-consistent, unwitnessed"
    assert "matches checkpoint" in verify(folder, checkpoint_note=note).witnessed
    report = verify(forged, checkpoint_note=note)
    assert not report.ok
    assert "not the one on the checkpoint" in report.reason


def test_a_cut_tail_is_exposed_by_a_later_checkpoint(folder, tmp_path):
    import shutil

    shutil.copytree(folder, tmp_path / "older")
    journal = reopen(folder)
    journal.append(hl7(99))
    note = journal.checkpoint().note
    journal.close()
    assert verify(tmp_path / "older").ok
    assert not verify(tmp_path / "older", checkpoint_note=note).ok


def test_a_pull_verifies_keeps_and_cosigns(folder, tmp_path):
    witness = NoteSigner("second-machine", b"w" * 32)
    report = pull(folder, tmp_path / "copy", witness, at_us=7_000_000)
    assert cosigned_at_us(report.note, "second-machine", witness.public_key) == 7_000_000
    assert report.new == report.size == verify(tmp_path / "copy").entries
    assert "second-machine" in report.note
    journal = reopen(folder)
    journal.append(hl7(50))
    journal.close()
    assert pull(folder, tmp_path / "copy", witness).new == 2
    assert verify(tmp_path / "copy").ok


def test_a_pull_names_a_rolled_back_and_a_rewritten_source(folder, tmp_path):
    import shutil

    shutil.copytree(folder, tmp_path / "older")
    journal = reopen(folder)
    journal.append(hl7(50))
    journal.close()
    pull(folder, tmp_path / "copy")
    with pytest.raises(ForkFound, match="rolled back"):
        pull(tmp_path / "older", tmp_path / "copy")
    forged = rewrite(folder, tmp_path)
    with pytest.raises(ForkFound, match="not the one that was pulled"):
        pull(forged, tmp_path / "copy")


def test_an_export_verifies_alone_and_a_changed_one_does_not(folder):
    out = io.BytesIO()
    entries = export(folder, out)
    data = out.getvalue()
    assert verify_export(io.BytesIO(data)).tree.size == entries
    rng = random.Random(1)
    found = 0
    for _ in range(200):
        try:
            verify_export(io.BytesIO(flip(data, rng.randrange(len(data)))))
        except JournalError:
            found += 1
    epoch_bytes = sum(p.stat().st_size for p in (folder / "epochs").iterdir())
    assert found >= 200 * (1 - 2 * epoch_bytes / len(data))


def test_the_tree_is_that_of_rfc_6962(folder):
    from pymerkle import InmemoryTree

    oracle, ours = InmemoryTree(algorithm="sha256"), Frontier()
    for n in range(1, 66):
        entry = bytes([n]) * 32
        oracle.append_entry(entry)
        ours.append(entry)
        assert ours.root() == oracle.get_root(), n


def test_a_journal_cut_between_entries_and_checkpoint_is_not_continued(folder):
    change(folder, "DELETE FROM entry WHERE position >= 15")
    with pytest.raises(ChainBroken):
        reopen(folder)


def test_statement_is_bound_by_every_header():
    assert statement(SEED).id != statement(bytes(32)).id
