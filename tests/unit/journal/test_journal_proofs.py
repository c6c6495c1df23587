from __future__ import annotations

import random

import pytest
from journal_rig import hl7, new_journal, reader, reopen
from pymerkle import InmemoryTree

from codedark.journal import consistency, inclusion, is_consistent, is_included, verify
from codedark.journal.merkle import Frontier, leaf
from codedark.journal.proofs import Hashes
from codedark.journal.tiles import TileBuilder

ENTRIES = [n.to_bytes(4, "big") * 8 for n in range(70_000)]


def log(size: int) -> tuple[Hashes, bytes]:
    """Hashes as a volume would give them, and the root."""
    builder, tree = TileBuilder(), Frontier()
    for entry in ENTRIES[:size]:
        builder.add(leaf(entry))
        tree.append(entry)
    tiles = {(level, number): data for level, number, data in builder.full}
    return Hashes(
        lambda first, count: ENTRIES[first : first + count], lambda level, number: tiles.get((level, number))
    ), tree.root()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 1000, 65_536, 70_000])
def test_each_entry_is_proven_in_its_tree_and_no_other_is(size):
    hashes, root = log(size)
    rng = random.Random(size)
    for position in {0, size - 1, *(rng.randrange(size) for _ in range(20))}:
        path = inclusion(hashes, position, size)
        assert is_included(ENTRIES[position], position, size, path, root)
        assert not is_included(b"x" * 32, position, size, path, root)
        assert not is_included(ENTRIES[position], position, size, path, b"x" * 32)


@pytest.mark.parametrize("size", [1, 2, 5, 64, 300])
def test_an_older_tree_is_proven_a_prefix_and_a_rewritten_one_is_not(size):
    hashes, root = log(size)
    for old in range(1, size + 1):
        _, old_root = log(old)
        path = consistency(hashes, old, size)
        assert is_consistent(old, size, old_root, root, path)
        assert not is_consistent(old, size, b"x" * 32, root, path)


@pytest.mark.parametrize("size", [2, 7, 64, 65])
def test_proofs_are_those_of_pymerkle(size):
    oracle = InmemoryTree(algorithm="sha256")
    for entry in ENTRIES[:size]:
        oracle.append_entry(entry)
    hashes, _ = log(size)
    for position in range(size):
        theirs = oracle.prove_inclusion(position + 1, size)
        assert inclusion(hashes, position, size) == [bytes.fromhex(h) for h in theirs.serialize()["path"]][1:]


def test_a_journal_proves_its_entries_after_a_restart(tmp_path):
    journal = new_journal(tmp_path)
    journal.append_all([hl7(n) for n in range(400)])
    journal.close()
    journal = reopen(tmp_path)
    for start in range(400, 700, 50):
        journal.append_all([hl7(n) for n in range(start, start + 50)])
    source, head = reader(tmp_path), journal.checkpoint()
    for entry in source.read(-1)[::37]:
        path = inclusion(source.hashes(), entry.position, head.size)
        assert is_included(entry.entry_hash, entry.position, head.size, path, head.root)
    assert verify(tmp_path).ok


def test_a_changed_tile_is_found(tmp_path):
    import apsw

    journal = new_journal(tmp_path)
    journal.append_all([hl7(n) for n in range(600)])
    journal.close()
    connection = apsw.Connection(str(tmp_path / "volume-000001.db"))
    ((data,),) = connection.execute("SELECT hashes FROM tile WHERE number = 1").fetchall()
    connection.execute("UPDATE tile SET hashes = ? WHERE number = 1", (data[:99] + b"?" + data[100:],))
    connection.close()
    report = verify(tmp_path)
    assert (report.ok, report.position) == (False, 256)
