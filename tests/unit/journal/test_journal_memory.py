"""What verifying, reading, copying and closing take in memory does not depend on how long the journal is."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from journal_rig import IDENTITY, deed, hl7, new_journal, reopen

from codedark.journal import (
    EpochKeys,
    JournalReader,
    NoteSigner,
    check_duplicates,
    export,
    pull,
    rebuild_duplicates,
    verify,
)
from codedark.journal.reader import READ_BYTES, READ_MAX

AT_ONCE = 1_000
SIZES = {"by the thousand": (2_000, 6_000), "by as many as are read at once": (READ_MAX, 2 * READ_MAX + 2_000)}
ROOM = 1 << 20
MAC_KEY = b"m" * 32


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    """For each way to read: a journal of more entries than it reads at once, and one more than twice as long."""
    made = {}
    for entries in (entries for sizes in SIZES.values() for entries in sizes):
        made[entries] = folder = tmp_path_factory.mktemp(str(entries)) / "journal"
        journal = new_journal(folder, synchronous="OFF")
        for start in range(0, entries, 1000):
            journal.append_all([hl7(n) for n in range(start, start + 1000)])
        journal.close()
    return made


def peak(task: Callable[[], object]) -> int:
    """The most that was held at once, in bytes."""
    tracemalloc.start()
    try:
        task()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def opener(folder: Path) -> EpochKeys:
    return EpochKeys(folder / "epochs", [str(IDENTITY)])


def read_through(folder: Path, keep: bool = False) -> None:
    reader, after, kept = JournalReader.open(folder, opener(folder)), -1, []
    while batch := reader.read(after, AT_ONCE):
        after = batch[-1].position
        kept = kept + batch if keep else []
    reader.close()


class Nowhere:
    """A file that keeps nothing."""

    def write(self, data: bytes) -> int:
        return len(data)


def roll(folder: Path) -> None:
    journal = reopen(folder)
    journal.roll()
    journal.close()


def on_a_copy(task: Callable[[Path], object]) -> Callable[[Path], object]:
    def copied(folder: Path) -> None:
        place = folder.with_name("changed")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place)
        task(place)

    return copied


TASKS: dict[str, Callable[[Path], object]] = {
    "verify in stretches": lambda folder: verify(folder, processes=1),
    "read": read_through,
    "export": lambda folder: export(folder, Nowhere()),  # type: ignore[arg-type]
    "pull": lambda folder: pull(folder, folder.with_name("copy"), NoteSigner("w", b"w" * 32)),
    "check resends": lambda folder: check_duplicates(folder, opener(folder), MAC_KEY),
    "rebuild resends": on_a_copy(lambda folder: rebuild_duplicates(folder, opener(folder), MAC_KEY)),
    "roll": on_a_copy(roll),
}


FEW = {"read", "check resends", "rebuild resends"}


def peaks(journals, sizes: str, task: Callable[[Path], object]) -> list[int]:
    return [peak(lambda folder=journals[entries]: task(folder)) for entries in SIZES[sizes]]


@pytest.mark.parametrize("task", TASKS)
def test_memory_does_not_grow_with_the_journal(journals, task):
    sizes = "by the thousand" if task in FEW else "by as many as are read at once"
    short, long = peaks(journals, sizes, TASKS[task])
    assert long < short * 1.1 + ROOM, (short, long)


def test_what_keeps_everything_is_seen_to_grow(journals):
    """The control: the measurement above would show it."""
    short, long = peaks(journals, "by the thousand", lambda folder: read_through(folder, keep=True))
    assert long > short * 1.1 + ROOM


def test_large_entries_are_read_in_several_steps_and_none_is_left_out(tmp_path):
    journal = new_journal(tmp_path / "journal", synchronous="OFF")
    for number in range(5):
        journal.append(deed(bytes([number]) * (READ_BYTES // 3)))
    journal.close()
    reader, steps, after = JournalReader.open(tmp_path / "journal", opener(tmp_path / "journal")), [], -1
    while batch := reader.read(after):
        steps.append([entry.position for entry in batch])
        after = batch[-1].position
    reader.close()
    assert [position for step in steps for position in step] == list(range(7))
    assert len(steps) == 2
