"""Hashing in long stretches, alone or by several processes, gives the verdict of looking at each entry."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import apsw
import pytest
from journal_rig import deed, hl7, new_journal

from codedark.journal import JournalReader, verify
from codedark.journal.merkle import Frontier, leaf
from codedark.journal.stretches import STRETCH, hash_stretch
from codedark.journal.tiles import WIDTH, edge_of

ENTRIES = STRETCH + 700
LARGE = b"x" * (1 << 20)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A journal of more than one stretch, with an entry of several parts and checkpoints inside the stretch."""
    folder = tmp_path_factory.mktemp("sound") / "journal"
    journal = new_journal(folder, synchronous="OFF")
    for start in range(0, ENTRIES, 700):
        journal.append_all([hl7(n) for n in range(start, start + 700)])
    journal.append(deed(random.Random(5).randbytes(3 << 20)))
    journal.close()
    return folder


@pytest.fixture
def damaged(sound, tmp_path):
    """`damaged(sql, values)`: the same journal after a change in its file."""

    def made(sql: str, *values: object) -> Path:
        folder = tmp_path / "journal"
        shutil.copytree(sound, folder, dirs_exist_ok=True)
        connection = apsw.Connection(str(folder / "volume-000001.db"))
        connection.execute(sql, values).fetchall()
        connection.close()
        return folder

    return made


def flipped(table: str, column: str, key: str, at: int) -> str:
    """SQL that changes one byte of a blob."""
    before, after = f"substr({column}, 1, {at})", f"substr({column}, {at} + 2)"
    byte = f"CASE hex(substr({column}, {at} + 1, 1)) WHEN 'FF' THEN x'00' ELSE x'FF' END"
    return f"UPDATE {table} SET {column} = CAST({before} || {byte} || {after} AS BLOB) WHERE {key}"


ONE = "position = 5000"
DAMAGES = {
    **{f"header byte {at}": flipped("entry", "header", ONE, at)
       for at in (0, 11, 20, 40, 60, 67, 70, 90, 92, 94, 100, 112, 120, 122, 138, 150)},
    "nonce": flipped("entry", "nonce", ONE, 3),
    "hash": flipped("entry", "hash", ONE, 31),
    "payload": flipped("payload", "ciphertext", "id = 5000 * 4096", 7),
    "entry gone": f"DELETE FROM entry WHERE {ONE}",
    "payload gone": "DELETE FROM payload WHERE id = 5000 * 4096",
    "hash of one byte": f"UPDATE entry SET hash = CAST('x' AS BLOB) WHERE {ONE}",
    "leaf": flipped("tile", "hashes", "level = 0 AND number = 17", 100),
    "leaf tile gone": "DELETE FROM tile WHERE level = 0 AND number = 17",
    "checkpoint root": flipped("checkpoint", "root", "size = (SELECT min(size) FROM checkpoint)", 1),
    "checkpoint frontier": flipped("checkpoint", "frontier", "size = (SELECT min(size) FROM checkpoint)", 1),
    "checkpoint note": "UPDATE checkpoint SET note = replace(note, char(10) || '4', char(10) || '5')",
    "checkpoint size": "UPDATE checkpoint SET size = -size WHERE size = (SELECT min(size) FROM checkpoint)",
    "counter": "UPDATE counter SET entries = entries + 1 WHERE kind = 'hl7.received'",
    "first": "UPDATE meta SET value = 1 WHERE name = 'first'",
    "first as text": "UPDATE meta SET value = 'x' WHERE name = 'first'",
    "frontier of the volume": "UPDATE meta SET value = zeroblob(32) WHERE name = 'frontier'",
    "the tail": f"DELETE FROM entry WHERE position > {STRETCH}",
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_any_damage_gets_the_verdict_of_looking_at_each_entry(damaged, damage):
    folder = damaged(DAMAGES[damage])
    verdict, slow = verify(folder, processes=1), verify(folder, processes=0)
    assert not verdict.ok
    assert verdict.reason
    assert (verdict.position, verdict.reason) == (slow.position, slow.reason)


def test_processes_beside_each_other_give_the_same_verdict(sound, damaged):
    assert verify(sound, processes=2) == verify(sound, processes=0)
    folder = damaged(DAMAGES["payload"])
    assert verify(folder, processes=2) == verify(folder, processes=0)


def test_a_sound_journal_is_verified_in_stretches_alone(sound):
    """The control of the test above it: without damage nothing but the rest after the last stretch is looked at."""
    reader = JournalReader.open(sound)
    assert hash_stretch(reader, 0, STRETCH) is not None
    reader.close()
    note = sound_note(sound)
    for size in (None, note):
        assert verify(sound, processes=1, checkpoint_note=size) == verify(sound, processes=0, checkpoint_note=size)


def sound_note(folder: Path) -> str:
    reader = JournalReader.open(folder)
    kept, _ = reader.kept(0, STRETCH)[0]
    reader.close()
    return kept.note


def test_a_checkpoint_from_elsewhere_inside_a_stretch_is_compared(sound, tmp_path):
    other = new_journal(tmp_path / "other", synchronous="OFF")
    other.append_all([hl7(n, b"other") for n in range(700)])
    note = other.checkpoint().note
    other.close()
    verdict = verify(sound, processes=1, checkpoint_note=note)
    assert "not the one on the checkpoint" in verdict.reason
    assert verdict == verify(sound, processes=0, checkpoint_note=note)


def test_a_volume_that_begins_inside_a_stretch_is_checked(tmp_path):
    journal = new_journal(tmp_path / "journal", synchronous="OFF")
    journal.append_all([hl7(n) for n in range(3000)])
    journal.roll()
    journal.append_all([hl7(n) for n in range(3000, 2 * STRETCH)])
    journal.close()
    verdict = verify(tmp_path / "journal", processes=1)
    assert verdict.ok
    assert verdict == verify(tmp_path / "journal", processes=0)


def test_subtrees_at_once_are_the_tree_of_one_leaf_after_the_other():
    rng, one, many = random.Random(2), Frontier(), Frontier()
    entries = [rng.randbytes(32) for _ in range(5 * WIDTH + 77)]
    for entry in entries:
        one.append(entry)
    for start in range(0, 5 * WIDTH, WIDTH):
        (root,) = tile_root([leaf(entry) for entry in entries[start : start + WIDTH]])
        many.append_subtree(root, 8)
    edge = edge_of([leaf(entry) for entry in entries[5 * WIDTH :]])
    assert Frontier(len(entries), many.roots + edge).dump() == one.dump()


def tile_root(leaves: list[bytes]) -> list[bytes]:
    tree = Frontier()
    tree.append_subtree(edge_of(leaves[:128])[0], 7)
    tree.append_subtree(edge_of(leaves[128:])[0], 7)
    return tree.roots


def test_processes_that_die_leave_the_verdict_as_it_is(sound, monkeypatch):
    """Each of them ends at its first breath; what they would have said is found here instead."""
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert verify(sound, processes=2) == verify(sound, processes=0)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert verify(sound, processes=2) == verify(sound, processes=0)
