"""A sender that resends after a restore gets the receipt it had before: nothing is kept twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest
from node_rig import message, running, say
from trust_rig import House, new_house

from codedark.clock import SeededClock
from codedark.errors import ChainBroken
from codedark.journal import Draft, JournalReader, Once, Outcome, Receipt
from codedark.node import Layout, check_derived, open_node

DAY_US = 86_400_000_000


def draft(number: int, body: bytes | None = None) -> Draft:
    return Draft("hl7.received", 1, "feed:ehr", body or message(number), once=Once("ehr\x1fEHR\x1fWTB", f"M{number}"))


def keep(house: House, *drafts: Draft) -> list[Receipt]:
    with open_node(house.folder) as node:
        return node.pen.append_all(list(drafts))


@pytest.fixture
def before(tmp_path: Path) -> tuple[House, list[Receipt]]:
    house = new_house(tmp_path / "node")
    return house, keep(house, draft(1), draft(2))


def entries(house: House) -> int:
    reader = JournalReader.open(Layout(house.folder).journal)
    counts = reader.counts()
    reader.close()
    return counts.get("hl7.received", 0)


def test_a_resend_after_a_restore_gets_the_first_receipt(before: tuple[House, list[Receipt]], tmp_path: Path) -> None:
    house, first = before
    new = house.restored(tmp_path / "copy", tmp_path / "new")
    again = keep(new, draft(2), draft(3), draft(1))
    assert [receipt.outcome for receipt in again] == [Outcome.SAME, Outcome.NEW, Outcome.SAME]
    assert (again[2][:3], again[0][:3]) == (first[0][:3], first[1][:3])
    assert again[0].origin != again[1].origin
    assert entries(new) == 1


def test_without_the_earlier_tables_it_would_be_kept_again(before: tuple[House, list[Receipt]], tmp_path: Path) -> None:
    """The negative control: the closed chain's table is empty."""
    new = before[0].restored(tmp_path / "copy", tmp_path / "new")
    (chain,) = Layout(new.folder).origins.iterdir()
    with apsw.Connection(str(chain / "volume-000001.db")) as db:
        db.execute("DELETE FROM duplicate")
    assert keep(new, draft(1))[0].outcome is Outcome.NEW
    with pytest.raises(ChainBroken, match="closed chain"):
        check_derived(new.folder)


def test_other_bytes_under_an_old_number_are_kept_and_flagged(
    before: tuple[House, list[Receipt]], tmp_path: Path
) -> None:
    new = before[0].restored(tmp_path / "copy", tmp_path / "new")
    changed = message(1).replace(b"MARLOWE", b"MARLOW")
    assert [each.outcome for each in keep(new, draft(1, changed), draft(1, changed), draft(1))] == [
        Outcome.DIFFERS, Outcome.SAME, Outcome.SAME,
    ]  # fmt: skip
    assert check_derived(new.folder) == 3


def test_a_second_restore_still_knows_the_first_chain(before: tuple[House, list[Receipt]], tmp_path: Path) -> None:
    house, first = before
    second = house.restored(tmp_path / "copy", tmp_path / "second")
    middle = keep(second, draft(3))
    third = second.restored(tmp_path / "copy2", tmp_path / "third")
    again = keep(third, draft(1), draft(3))
    assert [receipt[:3] for receipt in again] == [first[0][:3], middle[0][:3]]


def test_a_chain_that_ended_more_than_ninety_days_ago_is_not_asked(
    before: tuple[House, list[Receipt]], tmp_path: Path
) -> None:
    new = before[0].restored(tmp_path / "copy", tmp_path / "new")
    at_us = before[1][1].recorded_at_us
    for days, outcome in ((91, Outcome.NEW), (89, Outcome.SAME)):
        place = tmp_path / f"after-{days}"
        shutil.copytree(new.folder, place)
        with open_node(place, clock=SeededClock(at_us + days * DAY_US)) as node:
            assert node.append(draft(2)).outcome is outcome


def test_a_running_restored_node_acknowledges_a_resend_and_keeps_nothing_more(
    before: tuple[House, list[Receipt]], tmp_path: Path
) -> None:
    new = before[0].restored(tmp_path / "copy", tmp_path / "new")
    with running(new.folder) as node:
        assert say(node.port, message(1), message(7)) == ["AA", "AA"]
    assert entries(new) == 1


def test_a_closed_chain_that_cannot_be_read_keeps_nobody_from_writing(
    before: tuple[House, list[Receipt]], tmp_path: Path
) -> None:
    new = before[0].restored(tmp_path / "copy", tmp_path / "new")
    (chain,) = Layout(new.folder).origins.iterdir()
    with apsw.Connection(str(chain / "volume-000001.db")) as db:
        db.execute("DROP TABLE duplicate")
    assert keep(new, draft(8))[0].outcome is Outcome.NEW
