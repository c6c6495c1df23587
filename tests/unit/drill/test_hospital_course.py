"""The simulated hospital repeats itself, speaks parsable HL7, and tells coherent stories."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from itertools import islice

import hl7 as other_hl7
import pytest

from codedark.hl7 import parse, peek
from codedark_drill import FEEDS, Hospital, Spoken

HOUR_US = 3_600_000_000
START_US = 1_795_300_000_000_000


@lru_cache(maxsize=4)
def said(seed: int = 7, beds: int = 60, hours: int = 30) -> tuple[Spoken, ...]:
    return tuple(Hospital(seed, beds).messages(START_US, START_US + hours * HOUR_US))


def cells(spoken: Spoken, segment: str) -> list[list[str]]:
    lines = spoken.data.decode("utf-8", "replace").split("\r")
    return [line.split("|") for line in lines if line.startswith(segment + "|")]


def kind(spoken: Spoken) -> str:
    head = cells(spoken, "MSH")
    return "^".join(head[0][8].split("^")[:2]) if head else ""


def test_same_seed_gives_the_same_bytes() -> None:
    assert list(Hospital(7, 60).messages(START_US, START_US + 30 * HOUR_US)) == list(said())


def test_another_seed_gives_another_hospital() -> None:
    assert said(8)[:50] != said(7)[:50]


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    short = list(Hospital(7, 60).messages(START_US, START_US + 10 * HOUR_US))
    assert list(islice(said(), len(short))) == short


def test_messages_come_in_the_order_of_their_sending_time() -> None:
    times = [spoken.at_us for spoken in said()]
    assert times == sorted(times)
    assert times[0] >= START_US
    assert times[-1] < START_US + 30 * HOUR_US


def test_all_five_feeds_speak() -> None:
    assert {spoken.feed for spoken in said()} == set(FEEDS)


def test_control_ids_ascend_within_a_feed() -> None:
    last: dict[str, str] = {}
    for spoken in dict.fromkeys(said()):
        control = peek(spoken.data).control_id if spoken.data.startswith(b"MSH") else ""
        if control and not spoken.data.endswith(b"after correction\r"):
            assert control > last.get(spoken.feed, "")
            last[spoken.feed] = control


def test_every_readable_message_is_parsed_by_us() -> None:
    broken = [spoken for spoken in said() if spoken.data.startswith(b"MSH") and b"@PJL" not in spoken.data]
    assert all(parse(spoken.data).all("PID") or kind(spoken) == "ADT^Z77" for spoken in broken)


def test_every_utf8_message_is_parsed_by_another_library() -> None:
    for spoken in islice((one for one in said() if one.data.startswith(b"MSH") and b"@PJL" not in one.data), 400):
        message = other_hl7.parse(spoken.data.decode("utf-8", "replace"))
        assert str(message.segment("MSH")[12]) == "2.5.1"


def test_nobody_is_discharged_who_was_not_admitted() -> None:
    known: set[str] = set()
    for spoken in said():
        trigger = kind(spoken)
        if spoken.feed == "adt" and trigger in ("ADT^A01", "ADT^A04"):
            known.add(cells(spoken, "PV1")[0][19])
        elif trigger in ("ADT^A03", "ADT^A02", "ADT^A11", "ADT^A13"):
            assert cells(spoken, "PV1")[0][19] in known


def test_no_dose_is_given_of_something_that_was_not_ordered() -> None:
    ordered: set[tuple[str, str]] = set()
    for spoken in said():
        if kind(spoken) in ("RDE^O11", "OMP^O09"):
            ordered.add((cells(spoken, "PID")[0][3], cells(spoken, "ORC")[0][2]))
        elif kind(spoken) == "RAS^O17":
            assert (cells(spoken, "PID")[0][3], cells(spoken, "ORC")[0][2]) in ordered


def test_no_dose_is_given_after_its_order_was_stopped() -> None:
    stopped: set[str] = set()
    for spoken in dict.fromkeys(said()):
        order = cells(spoken, "ORC")[0] if cells(spoken, "ORC") else []
        if kind(spoken) == "RDE^O11" and order[1] == "DC":
            stopped.add(order[2])
        elif kind(spoken) == "RAS^O17" and b"ZDT|" not in spoken.data and b"after correction" not in spoken.data:
            assert order[2] not in stopped


def test_no_bed_holds_two_patients() -> None:
    where: dict[str, str] = {}
    for spoken in said():
        if spoken.feed != "adt" or not cells(spoken, "PV1") or kind(spoken) == "ADT^A12":
            continue
        visit, bed = cells(spoken, "PV1")[0][19], cells(spoken, "PV1")[0][3]
        if kind(spoken) in ("ADT^A03", "ADT^A11"):
            where.pop(visit, None)
        else:
            where[visit] = bed
    taken = Counter(where.values())
    assert [bed for bed, count in taken.items() if count > 1] == []


def test_two_patients_of_one_name_lie_on_4_west() -> None:
    numbers = {
        cells(spoken, "PID")[0][3]
        for spoken in said()
        if spoken.feed == "adt" and cells(spoken, "PID") and cells(spoken, "PID")[0][5].startswith("OKAFOR^Ngozi")
    }
    assert len(numbers) == 2


def test_a_corrected_result_follows_a_final_one_of_the_same_order() -> None:
    status: dict[str, list[str]] = defaultdict(list)
    for spoken in said(7, 200, 30):
        if spoken.feed == "lab" and cells(spoken, "OBR"):
            status[cells(spoken, "OBR")[0][3]].append(cells(spoken, "OBR")[0][25])
    corrected = [order for order in status.values() if "C" in order]
    assert corrected
    assert all("F" in order[: order.index("C")] for order in corrected)


@pytest.mark.parametrize(
    "wanted", ["ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A08", "ADT^A40", "ADT^A13", "OMP^O09"]
)
def test_a_day_and_a_half_of_a_400_bed_hospital_has_every_kind_of_event(wanted: str) -> None:
    assert wanted in {kind(spoken) for spoken in said(7, 400, 36)}


def test_real_feeds_have_resends_other_alphabets_and_things_that_are_not_hl7() -> None:
    spoken = said(7, 400, 36)
    repeated = [data for data, count in Counter(one.data for one in spoken).items() if count > 1]
    assert repeated
    assert any(not one.data.startswith(b"MSH") for one in spoken)
    assert any("�" in one.data.decode("utf-8", "replace") for one in spoken)


def test_message_times_carry_the_offset_of_the_zone() -> None:
    assert all(cells(one, "MSH")[0][6].endswith("-0500") for one in said()[:100] if one.data.startswith(b"MSH"))


def test_a_hospital_ten_times_as_large_has_towers() -> None:
    assert sum(len(unit.beds) for unit in Hospital(7, 4000).units) > 4000
    assert "T10 4 West" in {unit.name for unit in Hospital(7, 4000).units}
