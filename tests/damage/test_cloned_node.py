"""A whole node folder copied and run beside the original: named at the next pull, and nothing is lost or ships."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from node_rig import COMMAND, ENVIRONMENT, PATIENCE_S, codedark, message, new_node, running, say

from codedark.errors import ForkFound
from codedark.journal import Draft, JournalReader
from codedark.node import Layout, history, open_node, pull_copy, witnessed
from codedark.views import Adopted


def feed(folder: Path, numbers: range) -> None:
    with open_node(folder) as node:
        node.pen.append_all([Draft("hl7.received", 1, "feed:ehr", message(number)) for number in numbers])


def state(folder: Path) -> Adopted:
    with open_node(folder) as node:
        return node.record().adoption().state


def sealed(folder: Path) -> list[tuple[bytes, bytes, bytes]]:
    """(epoch, nonce, hash) of every entry."""
    reader = JournalReader.open(Layout(folder).journal)
    rows = [(header.epoch, entry.nonce, entry.entry_hash) for header, entry in reader.sealed(-1)]
    reader.close()
    return rows


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path, Path]:
    """(original, clone, copy pulled from the original), both fed since the cloning."""
    original, clone, copy = tmp_path / "original", tmp_path / "clone", tmp_path / "copy"
    feed(new_node(original), range(1, 11))
    shutil.copytree(original, clone)
    feed(original, range(11, 31))
    feed(clone, range(101, 141))
    pull_copy(original, copy)
    return original, clone, copy


def test_a_clone_is_named_at_its_first_contact_with_the_witness(pair: tuple[Path, Path, Path]) -> None:
    _, clone, copy = pair
    with pytest.raises(ForkFound):
        pull_copy(clone, copy)


def test_both_sides_of_a_fork_stop_shipping_and_go_on_capturing(pair: tuple[Path, Path, Path]) -> None:
    original, clone, copy = pair
    with pytest.raises(ForkFound):
        pull_copy(clone, copy)
    assert state(clone) is Adopted.FORKED
    assert state(original) is Adopted.FOUNDED  # nobody has told it yet
    pull_copy(original, copy)
    assert state(original) is Adopted.FORKED
    feed(original, range(31, 33))
    feed(clone, range(141, 143))
    with open_node(original) as one, open_node(clone) as two:
        assert len(one.record().patients()) == 32
        assert len(two.record().patients()) == 52


def test_clones_that_are_both_fed_repeat_no_key_and_nonce_and_lose_nothing(pair: tuple[Path, Path, Path]) -> None:
    original, clone, _ = pair
    one, two = sealed(original), sealed(clone)
    shared = len([1 for a, b in zip(one, two, strict=False) if a == b])
    own = one[shared:] + two[shared:]
    assert len({row[:2] for row in one[:shared] + own}) == shared + len(own)
    for folder in (original, clone):
        assert codedark("journal", "verify", "-f", folder).code == 3


def test_a_clone_that_has_written_nothing_yet_is_no_fork(tmp_path: Path) -> None:
    original, clone, copy = tmp_path / "original", tmp_path / "clone", tmp_path / "copy"
    feed(new_node(original), range(1, 11))
    shutil.copytree(original, clone)
    pull_copy(original, copy)
    pull_copy(clone, copy)
    assert state(original) is Adopted.FOUNDED


def test_a_note_that_the_origin_did_not_sign_says_nothing(tmp_path: Path) -> None:
    original, other, copy = tmp_path / "original", tmp_path / "other", tmp_path / "copy"
    feed(new_node(original), range(1, 3))
    pull_copy(original, copy)
    stranger = codedark("journal", "checkpoint", "-f", new_node(other)).out
    note = next((Layout(original).journal / "witness").glob("*.note"))
    head, _, body = note.read_text().partition("\n")
    lines, foreign = body.splitlines(), stranger.splitlines()
    lines[1], lines[2] = str(int(lines[1]) + 100), foreign[2]
    (note.parent / "forged.note").write_text(head + "\n" + "\n".join(lines) + "\n")
    assert state(original) is Adopted.FOUNDED


def test_the_witness_is_shown_by_the_node_it_saw(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    feed(new_node(original), range(1, 3))
    pull_copy(original, copy)
    (seen,) = witnessed(Layout(original).journal)
    assert seen.agrees
    assert "witness   NOT PINNED, does not count: codedark/witness/" in codedark("status", "-f", original).out


def test_a_rolled_back_node_is_named_by_its_witness(tmp_path: Path) -> None:
    original, older, copy = tmp_path / "original", tmp_path / "older", tmp_path / "copy"
    feed(new_node(original), range(1, 3))
    shutil.copytree(original, older)
    feed(original, range(3, 6))
    pull_copy(original, copy)
    with pytest.raises(ForkFound):
        pull_copy(older, copy)
    assert state(older) is Adopted.FORKED


def test_the_copy_follows_a_restored_source_into_its_new_origin(tmp_path: Path) -> None:
    original, copy, new = tmp_path / "original", tmp_path / "copy", tmp_path / "new"
    feed(new_node(original), range(1, 3))
    pull_copy(original, copy)
    lines = (original / "keys/DEMO-CARDS.txt").read_text().splitlines()
    given = "\n".join(line for line in lines if line[:1].isdigit())
    assert codedark("restore", copy, "-f", new, "--cards-file", "-", stdin=given).code == 0
    feed(new, range(3, 5))
    report = pull_copy(new, copy)
    assert report.new > 0
    assert len(list((copy / "origins").iterdir())) == 1


def test_a_running_node_is_told_of_its_clone_and_goes_on_hearing(pair: tuple[Path, Path, Path]) -> None:
    original, clone, copy = pair
    with pytest.raises(ForkFound):
        pull_copy(clone, copy)
    with running(original) as node:
        pull_copy(original, copy)
        node.wait_for("fork found")
        assert say(node.events("listening")[0]["port"], message(900)) == ["AA"]
        shown = codedark("status", "-f", original).out
    assert "FORK" in shown
    assert "red" in codedark("doctor", "-f", original, "--json").out


def test_a_witness_that_pulls_again_and_again_keeps_every_checkpoint_it_cosigned(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    feed(new_node(original), range(1, 3))
    command = [*COMMAND, "journal", "pull", str(original), str(copy), "--every", "1s"]
    watching = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    try:
        until = time.monotonic() + PATIENCE_S
        while len(history(copy)) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        watching.terminate()
        watching.wait()
    assert all(name == history(copy)[0][1] for _, name, _ in history(copy))


def test_a_fork_that_is_met_again_is_one_entry_on_each_side(pair: tuple[Path, Path, Path]) -> None:
    original, clone, copy = pair
    for round_ in range(3):
        with pytest.raises(ForkFound):
            pull_copy(clone, copy)
        pull_copy(original, copy)
        feed(original, range(200 + round_, 201 + round_))
        feed(clone, range(300 + round_, 301 + round_))
    for folder in (original, clone):
        with open_node(folder) as node:
            reader = node.reader()
            assert reader.counts()["fork.found"] == 1
            reader.close()


def forks_found(folder: Path) -> int:
    with open_node(folder) as node:
        reader = node.reader()
        counts = reader.counts()
        reader.close()
    return counts.get("fork.found", 0)


def test_a_second_clone_is_another_fork_on_every_side(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    original, clone, copy = pair
    with pytest.raises(ForkFound):
        pull_copy(clone, copy)
    pull_copy(original, copy)
    assert forks_found(original) == 1
    second = tmp_path / "second"
    shutil.copytree(original, second)
    feed(second, range(400, 402))
    feed(original, range(500, 502))
    pull_copy(original, copy)
    with pytest.raises(ForkFound):
        pull_copy(second, copy)
    pull_copy(original, copy)
    assert forks_found(original) == 2
    assert forks_found(second) == 2  # the one it was copied with, and its own
    for _ in range(2):  # the control: met again, neither clone is a new fork
        for each in (clone, second):
            with pytest.raises(ForkFound):
                pull_copy(each, copy)
        pull_copy(original, copy)
        feed(second, range(600, 601))
    assert [forks_found(each) for each in (original, second, clone)] == [2, 2, 1]


def test_a_rolled_back_copy_that_writes_again_is_told_to_the_original(tmp_path: Path) -> None:
    original, older, copy = tmp_path / "original", tmp_path / "older", tmp_path / "copy"
    feed(new_node(original), range(1, 3))
    shutil.copytree(original, older)
    feed(original, range(3, 6))
    pull_copy(original, copy)
    with pytest.raises(ForkFound):
        pull_copy(older, copy)
    pull_copy(original, copy)
    assert forks_found(original) == 0  # what is only older proves nothing to it
    feed(older, range(50, 60))
    with pytest.raises(ForkFound):
        pull_copy(older, copy)
    pull_copy(original, copy)
    assert forks_found(original) == 1
