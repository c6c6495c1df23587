"""Registration as two feeds bring it, in any order, some of it twice: one digest, and the record a ward expects."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meanings import message
from shuffles import Arrival, as_it_came, as_sent, folded, read_by_arrival, record_of

from codedark.views import Record
from codedark_drill.hospital import Hospital

A = "PID|1||1^^^ANNA^MR||OKAFOR^NGOZI||19720304|F"
B = "PID|1||2^^^ANNA^MR||OKORO^NGOZI||19720304|F"
C = "PID|1||3^^^ANNA^MR||OBI^NGOZI||19720304|F"
MIDNIGHT_US = 1_795_000_000_000_000


def _bed(place: str, visit: str, more: str = "") -> str:
    return f"PV1|1|I|{place}^ANNA" + "|" * 16 + f"{visit}^^^ANNA^VN" + more


def _sent(kind: str, minute: int, *segments: str) -> bytes:
    return message(kind, *segments, at=f"2026112315{minute:02d}00", control=f"C{minute}")


TALE = (
    _sent("ADT^A40", 0, B, "MRG|3^^^ANNA^MR"),  # a merge before anybody was admitted
    _sent("ADT^A28", 1, A, "PD1|||||||||||N^No publicity"),
    _sent("ADT^A01", 2, A, _bed("4W^412^B", "V1")),
    _sent("ADT^A01", 3, C, _bed("4W^413^A", "V3")),
    _sent("ADT^A02", 4, A, _bed("5E^501^A", "V1")),
    _sent("ADT^A12", 5, A, _bed("4W^412^B", "V1")),  # the transfer is taken back
    _sent("ADT^A40", 6, A, "MRG|2^^^ANNA^MR"),  # 3 in 2 in 1: a chain
    _sent("ADT^A40", 7, C, "MRG|1^^^ANNA^MR"),  # and 1 in 3: a circle
    _sent("ADT^A37", 8, A, C),  # the last one is taken back
    _sent("ADT^A03", 9, C, _bed("4W^413^A", "V3") + "|" * 25 + "20261123100000|20261123150900"),
    _sent("ADT^A13", 10, C, _bed("4W^413^A", "V3")),  # the discharge is taken back
    _sent("ADT^A17", 11, A, _bed("4W^413^A", "V1"), C, _bed("4W^412^B", "V3")),  # they change beds
    _sent("ADT^A05", 12, B, _bed("6N^601^A", "V9")),
    _sent("ADT^A38", 13, B, _bed("6N^601^A", "V9")),
    _sent(
        "ADT^A45", 14, A, "MRG|3^^^ANNA^MR||||V7^^^ANNA^VN", _bed("7S^701^A", "V7"), "MRG|3^^^ANNA^MR||||V8^^^ANNA^VN"
    ),
    _sent("SIU^S12", 15, "SCH|P1^ANNA|F1^ANNA||||||||30|MIN|^^^20261125090000", A),
    _sent("SIU^S15", 16, "SCH|P1^ANNA|F1^ANNA||||||||30|MIN|^^^20261125090000", A),
    _sent("MDM^T02", 17, A, "TXA|1|DS|TX|20261123140000||||||||D1^ANNA|||||AU", "OBX|1|TX|||first"),
    _sent("MDM^T10", 18, A, "TXA|1|DS|TX|20261123140000||||||||D2^ANNA|D1^ANNA||||AU", "OBX|1|TX|||second"),
    _sent("PPR^PC1", 19, A, "PRB|AD|20261123|I10^Hypertension^I10|PR1^ANNA"),
    _sent("PPR^PC3", 20, A, "PRB|DE|20261123|I10^Hypertension^I10|PR1^ANNA"),
    _sent("ORU^R01", 21, C, "OBR|1||L1^LAB|GLU^Glucose", "OBX|1|NM|GLU^Glucose||5.1|mmol/L|||||P"),
    _sent("ORU^R01", 22, C, "OBR|1||L1^LAB|GLU^Glucose", "OBX|1|NM|GLU^Glucose||6.1|mmol/L|||||C"),
    _sent("ADT^A11", 23, B, _bed("6N^601^A", "V9")),
    _sent("ADT^A31", 24, "PID|1|||||NOBODY^SAID"),  # no number at all: whose it is was not said
)
chances = st.integers(0, 2**32).map(random.Random)


@pytest.fixture(scope="module")
def hospital() -> list[bytes]:
    """Two hours of a small hospital."""
    return [each.data for each in Hospital(11, beds=20).messages(MIDNIGHT_US, MIDNIGHT_US + 7_200_000_000)]


def _one(arrivals: list[Arrival]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return folded(arrivals, Path(folder))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(chances)
def test_registration_in_any_order_twice_and_by_two_feeds_folds_to_one_digest(chance: random.Random) -> None:
    assert _one(as_it_came(TALE, chance)) == _one(as_sent(TALE))


def test_a_hospitals_day_in_any_order_folds_to_one_digest(hospital: list[bytes]) -> None:
    expected = _one(as_sent(hospital))
    assert {_one(as_it_came(hospital, random.Random(seed))) for seed in range(3)} == {expected}


@pytest.mark.parametrize("which", ["tale", "hospital"])
def test_control_the_last_to_arrive_would_win_otherwise(which: str, hospital: list[bytes], tmp_path: Path) -> None:
    messages = list(TALE) if which == "tale" else hospital
    first = folded(as_sent(messages), tmp_path / "a", read=read_by_arrival)
    assert first != folded(as_it_came(messages, random.Random(1)), tmp_path / "b", read=read_by_arrival)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_the_tale_ends_as_the_ward_knows_it(seed: int | None, tmp_path: Path) -> None:
    arrivals = as_sent(TALE) if seed is None else as_it_came(TALE, random.Random(seed))

    def look(record: Record) -> tuple[list[tuple[str, str]], list[tuple[str, ...]]]:
        rows = record.census("4W")
        return sorted((row.bed, row.name) for row in rows), [
            tuple(sorted(each.merged_from)) for each in record.search("NGOZI", 9)
        ]

    beds, found = record_of(arrivals, tmp_path, look)
    assert beds == [("A", "OKAFOR, NGOZI"), ("B", "OKAFOR, NGOZI")]  # the swap, after the transfer was taken back
    assert found == [("2", "3")]  # one person, who absorbed two records; the circle was taken back
