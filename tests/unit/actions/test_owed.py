"""What the journal could not take is kept where a full disk and a restart do not reach it; a code is spent once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedark.actions import Deeds, OwedFile, ReadingGap, close_reading_gap, log_out, open_envelope, view_census
from codedark.entries import UnitCodeUsed, draft_of
from codedark.errors import ActionRefused
from codedark.journal import Draft, Once

if TYPE_CHECKING:
    from conftest import Ward

KEY = bytes(range(32))


def restarted(ward: Ward, place: Path | None) -> Deeds:
    """The hands of a new process: nothing in memory; `place`: where the file of what is owed lies, if there is one."""
    gap = ReadingGap(None, OwedFile(place, KEY, half=1 << 16) if place else None)
    old = ward.deeds
    ward.deeds = Deeds(old.append, old.record, old.clock, old.chance, gap=gap, passwords=old.passwords)
    return ward.deeds


def envelope(ward: Ward, number: int = 0) -> object:
    return open_envelope(ward.deeds, "4W", ward.codes["4W"][number], "L. Roy", "M. Okoro", "pc")


def spent(ward: Ward) -> list[int]:
    return [said.index for said in ward.said("unit.code.used") if isinstance(said, UnitCodeUsed)]


def test_a_code_spent_on_a_full_disk_stays_spent_after_a_restart(ward: Ward, tmp_path: Path) -> None:
    restarted(ward, tmp_path / "owed")
    ward.full = True
    envelope(ward)

    restarted(ward, tmp_path / "owed")

    with pytest.raises(ActionRefused, match="was used"):
        envelope(ward)
    assert envelope(ward, 1)


def test_the_control_without_the_file_it_opens_a_second_time(ward: Ward) -> None:
    ward.full = True
    envelope(ward)

    restarted(ward, None)

    assert envelope(ward)


def test_a_log_out_on_a_full_disk_holds_after_a_restart(ward: Ward, tmp_path: Path) -> None:
    restarted(ward, tmp_path / "owed")
    session = ward.log_in("nurse4")
    ward.full = True
    log_out(ward.deeds, session)

    restarted(ward, tmp_path / "owed")

    with pytest.raises(ActionRefused, match="over"):
        view_census(ward.deeds, session, "4W")


def test_the_control_without_the_file_the_session_lives_again(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    ward.full = True
    log_out(ward.deeds, session)

    restarted(ward, None)

    assert view_census(ward.deeds, session, "4W")


def test_what_an_earlier_process_owed_is_written_once(ward: Ward, tmp_path: Path) -> None:
    restarted(ward, tmp_path / "owed")
    ward.full = True
    envelope(ward)
    ward.full = False
    for _ in range(3):
        restarted(ward, tmp_path / "owed")
        assert close_reading_gap(ward.deeds)

    assert spent(ward) == [0]
    assert len(ward.said("session.opened")) == 1
    assert OwedFile(tmp_path / "owed", KEY, half=1 << 16).found == []


def test_a_process_that_dies_after_the_journal_took_it_writes_nothing_twice(ward: Ward, tmp_path: Path) -> None:
    restarted(ward, tmp_path / "owed")
    ward.full = True
    envelope(ward)
    ward.full = False
    for draft in ward.deeds.gap.take()[1]:
        ward.append(draft)  # and here it dies: the file still names them

    restarted(ward, tmp_path / "owed")
    close_reading_gap(ward.deeds)

    assert spent(ward) == [0]
    assert len(ward.said("session.opened")) == 1


def test_nothing_readable_lies_in_the_file(ward: Ward, tmp_path: Path) -> None:
    restarted(ward, tmp_path / "owed")
    ward.full = True
    envelope(ward)

    raw = (tmp_path / "owed").read_bytes()
    assert b"Okoro" not in raw
    assert b"unit.code" not in raw
    assert OwedFile(tmp_path / "owed", bytes(32), half=1 << 16).found == []


def test_a_spent_code_is_never_dropped_for_newer_log_ins() -> None:
    gap = ReadingGap()
    gap.owe(code(0))
    for number in range(1500):
        gap.owe(Draft("session.opened", 1, "node", number.to_bytes(4, "big")))

    assert len(gap.owed("unit.code.used")) == 1
    assert len(gap.take()[1]) == 1024


def code(number: int) -> Draft:
    used = UnitCodeUsed(unit="4W", card=f"{number:012x}", index=number % 10)
    return draft_of(used, source="node", once=Once("unit.code.used", f"{used.card}/{used.index}"))


def test_a_full_half_takes_no_more_and_says_so(tmp_path: Path) -> None:
    file = OwedFile(tmp_path / "owed", KEY, half=600)

    kept = [file.add(code(number)) for number in range(20)]

    assert kept[0]
    assert not kept[-1]
    assert len(OwedFile(tmp_path / "owed", KEY, half=600).found) == sum(kept)


def test_the_file_has_its_size_before_it_is_needed_and_keeps_it(tmp_path: Path) -> None:
    file = OwedFile(tmp_path / "owed", KEY, half=1 << 16)
    before = os.stat(tmp_path / "owed")
    for number in range(50):
        file.add(code(number))
    file.keep([code(1)])
    after = os.stat(tmp_path / "owed")

    assert (before.st_size, before.st_blocks) == (after.st_size, after.st_blocks)
    assert before.st_blocks * 512 >= 2 << 16


OPS = st.lists(st.one_of(st.integers(0, 99), st.just("keep"), st.just("reopen")), max_size=40)


@settings(max_examples=40, deadline=None)
@given(ops=OPS, torn=st.integers(0, 200))
def test_what_was_kept_is_found_again_whatever_was_torn_after_it(
    tmp_path_factory: pytest.TempPathFactory, ops: list[int | str], torn: int
) -> None:
    path = tmp_path_factory.mktemp("owed") / "owed"
    file, wanted = OwedFile(path, KEY, half=1 << 15), []
    for op in ops:
        if op == "keep":
            wanted = wanted[-3:]
            assert file.keep(wanted)
        elif op == "reopen":
            file.close()
            file = OwedFile(path, KEY, half=1 << 15)
        elif isinstance(op, int):
            assert file.add(code(op))
            wanted.append(code(op))
    end = file._at(file._number) + file._end
    os.pwrite(file._file, os.urandom(min(torn, (1 << 15) - file._end)), end)
    file.close()

    again = OwedFile(path, KEY, half=1 << 15)

    assert again.found == wanted
    assert again.add(code(100))
    again.close()
    assert OwedFile(path, KEY, half=1 << 15).found == [*wanted, code(100)]
