"""A pull begins where the last one ended; its memory cannot be changed unseen, and whatever is wrong is found."""

from __future__ import annotations

import shutil

import apsw
import pytest
from journal_rig import deed, hl7, new_journal, reopen

from codedark.errors import ChainBroken, ForkFound
from codedark.journal import NoteSigner, pull, verify
from codedark.journal.pull import WHOLE_EVERY
from codedark.journal.stretches import STRETCH

WITNESS = NoteSigner("codedark/witness/second", b"w" * 32)
ENTRIES = 600


@pytest.fixture
def pulled(tmp_path):
    """A journal and its copy, pulled once by a machine with a witness key."""
    journal = new_journal(tmp_path / "journal")
    journal.append_all([hl7(n) for n in range(ENTRIES)])
    journal.close()
    assert pull(tmp_path / "journal", tmp_path / "copy", WITNESS).whole
    return tmp_path / "journal", tmp_path / "copy"


def grown(folder, count: int = 300) -> None:
    journal = reopen(folder)
    journal.append_all([hl7(ENTRIES + n) for n in range(count)])
    journal.close()


def damaged(folder, position: int = 7) -> None:
    connection = apsw.Connection(str(folder / "volume-000001.db"))
    connection.execute("UPDATE entry SET nonce = zeroblob(12) WHERE position = ?", (position,)).fetchall()
    connection.close()


def test_only_what_is_new_is_looked_at_and_the_copy_is_whole(pulled):
    source, copy = pulled
    grown(source)
    report = pull(source, copy, WITNESS)
    assert (report.new, report.whole) == (301, False)
    assert verify(copy) == verify(source)


def test_nothing_new_is_looked_at_in_one_step(pulled):
    report = pull(*pulled, WITNESS)
    assert (report.new, report.whole) == (0, False)


def test_without_a_witness_key_nothing_is_remembered(pulled):
    assert pull(*pulled).whole


def test_an_old_entry_damaged_at_the_source_is_left_to_a_whole_pull(pulled):
    """A pull that goes on does not look at it: the copy has it as it was, and the source's own verification says it."""
    source, copy = pulled
    damaged(source)
    assert not pull(source, copy, WITNESS).whole
    assert verify(copy).ok
    with pytest.raises(ChainBroken) as found:
        pull(source, copy, WITNESS, whole=True)
    assert found.value.position == 7


@pytest.mark.parametrize("at", range(0, 1000, 97))
def test_a_changed_memory_is_not_believed(pulled, at):
    source, copy = pulled
    note = bytearray((copy / "verified.note").read_bytes())
    note[at % len(note)] ^= 1
    (copy / "verified.note").write_bytes(note)
    assert pull(source, copy, WITNESS).whole


def test_a_memory_signed_by_another_is_not_believed(pulled):
    source, copy = pulled
    other = NoteSigner(WITNESS.name, b"x" * 32)
    shutil.copytree(copy, copy.with_name("theirs"))
    pull(source, copy.with_name("theirs"), other, whole=True)
    shutil.copy(copy.with_name("theirs") / "verified.note", copy / "verified.note")
    assert pull(source, copy, WITNESS).whole


def test_an_older_memory_put_back_is_not_believed(pulled):
    source, copy = pulled
    old = (copy / "verified.note").read_bytes()
    grown(source)
    pull(source, copy, WITNESS)
    (copy / "verified.note").write_bytes(old)
    grown_again = pull(source, copy, WITNESS)
    assert grown_again.whole
    assert verify(copy).ok


def test_a_changed_copy_is_found_by_a_whole_pull_and_at_the_latest_after_so_many(pulled):
    source, copy = pulled
    damaged(copy)
    for _ in range(WHOLE_EVERY - 1):
        assert not pull(source, copy, WITNESS).whole
    with pytest.raises(ChainBroken, match="the copy is not what was pulled") as found:
        pull(source, copy, WITNESS)
    assert found.value.position == 7


def test_a_changed_head_of_the_copy_is_found_at_once(pulled):
    source, copy = pulled
    connection = apsw.Connection(str(copy / "volume-000001.db"))
    connection.execute("UPDATE checkpoint SET root = zeroblob(32)").fetchall()
    connection.close()
    with pytest.raises(ChainBroken, match="the copy is not what was pulled"):
        pull(source, copy, WITNESS)


def test_a_new_entry_that_is_damaged_is_named_and_not_kept(pulled):
    source, copy = pulled
    grown(source)
    damaged(source, ENTRIES + 50)
    with pytest.raises(ChainBroken) as found:
        pull(source, copy, WITNESS)
    assert found.value.position == ENTRIES + 50
    assert verify(copy).entries == ENTRIES + 2


def test_another_history_is_a_fork_and_a_shorter_one_a_roll_back(pulled, tmp_path):
    source, copy = pulled
    shutil.copytree(source, tmp_path / "older")
    grown(source)
    pull(source, copy, WITNESS)
    with pytest.raises(ForkFound, match="rolled back"):
        pull(tmp_path / "older", copy, WITNESS)
    clone = reopen(tmp_path / "older")
    clone.append_all([deed(b"another past %d" % n) for n in range(400)])
    clone.close()
    with pytest.raises(ForkFound, match="not the one that was pulled"):
        pull(tmp_path / "older", copy, WITNESS)
    assert verify(copy).ok


def test_a_pull_that_was_cut_off_goes_on(pulled):
    source, copy = pulled
    grown(source)
    connection = apsw.Connection(str(copy / "volume-000001.db"))
    connection.execute(f"INSERT INTO entry VALUES ({ENTRIES + 2}, x'00', x'00', x'00')").fetchall()
    connection.close()
    report = pull(source, copy, WITNESS)
    assert (report.new, report.whole) == (301, False)
    assert verify(copy).ok


@pytest.mark.parametrize("more", [0, 300])
def test_a_long_copy_is_passed_over_in_stretches_and_a_fork_below_it_is_found(tmp_path, more):
    for name, body in (("journal", b"one past"), ("forged", b"another past")):
        journal = new_journal(tmp_path / name, synchronous="OFF")
        journal.append_all([hl7(n, body) for n in range(STRETCH - 2)])
        journal.append_all([hl7(n, b"the same") for n in range(STRETCH, STRETCH + more)])
        journal.close()
    pull(tmp_path / "journal", tmp_path / "copy", WITNESS)
    assert pull(tmp_path / "journal", tmp_path / "copy", WITNESS, whole=True).whole
    assert verify(tmp_path / "copy").entries == STRETCH + more
    with pytest.raises(ForkFound, match="not the one that was pulled"):
        pull(tmp_path / "forged", tmp_path / "copy", WITNESS)
