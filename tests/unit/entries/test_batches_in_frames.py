"""One frame with several messages: each means what it would mean alone, and no two patients are read as one."""

from __future__ import annotations

from pathlib import Path

import pytest
from meanings import PID, PV1, SITE, entry, message, of_type
from web_rig import admit, house

from codedark.entries import Interpretation, Understood, interpret

ADA = message("ADT^A01^ADT_A01", "EVN|A01", PID, PV1, control="M1")
BEN = message("ADT^A01^ADT_A01", "EVN|A01", PID.replace("4711", "4712"), PV1.replace("V100", "V101"), control="M2")
NAMELESS = message("ORU^R01", PID, "OBR|1", "OBX|1|ST|||seen||||||F", control="M3")
BILL = message("DFT^P03", PID, control="M4")


def batch(*messages: bytes, count: int | None = None, mark: bytes = b"") -> Interpretation:
    trailer = b"BTS|%d\rFTS|1\r" % (len(messages) if count is None else count)
    return interpret(entry(mark + b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + b"".join(messages) + trailer), SITE)


def claims(meaning: Interpretation) -> list[tuple[str, str, str]]:
    return [(fact.type, fact.id, repr(fact.body)) for fact in meaning.facts]


def test_a_batch_means_what_its_messages_mean_alone() -> None:
    alone = [claim for each in (ADA, BEN) for claim in claims(interpret(entry(each), SITE))]

    both = batch(ADA, BEN)

    assert claims(both) == alone
    assert both.understood is Understood.FULL
    assert both.problems == ()
    assert both.message_type == "batch of 2: ADT^A01"


def test_each_fact_of_a_batch_has_a_place_of_its_own() -> None:
    twice = batch(NAMELESS, NAMELESS.replace(b"|M3|", b"|M5|"))
    paths = [fact.path for fact in twice.facts]
    reports = of_type(twice, "DiagnosticReport")

    assert len(paths) == len(set(paths))
    assert {path[:2] for path in paths} == {"1/", "2/"}
    assert len({report.id for report in reports}) == len(reports)


def test_a_message_that_cannot_be_read_costs_only_itself() -> None:
    both = batch(ADA, b"MSH|^~\\&\rZZZ\r", BEN)

    assert claims(both) == claims(batch(ADA, BEN))
    assert both.understood is Understood.PART
    assert [problem.path[:2] for problem in both.problems] == ["2/"]


@pytest.mark.parametrize("count", [1, 3, 99999999999999999999999])
def test_a_count_that_is_not_what_came_goes_to_a_person(count: int) -> None:
    both = batch(ADA, BEN, count=count)

    assert "2 came" in both.problems[0].reason
    assert claims(both) == claims(batch(ADA, BEN))


def test_billing_in_a_batch_is_no_work_for_anybody() -> None:
    assert batch(ADA, BILL).understood is Understood.FULL
    assert batch(BILL).understood is Understood.KEPT
    assert batch(BILL).problems == ()


def test_a_batch_without_a_message_goes_to_a_person() -> None:
    assert [problem.reason for problem in batch().problems] == ["a batch without a message"]


def test_a_byte_order_mark_before_a_batch_changes_nothing() -> None:
    assert claims(batch(ADA, BEN, mark=b"\xef\xbb\xbf")) == claims(batch(ADA, BEN))


def test_the_control_a_second_msh_without_envelope_stays_whole_for_a_person() -> None:
    quoted = interpret(entry(ADA + BEN), SITE)

    assert quoted.facts == ()
    assert quoted.understood is Understood.KEPT
    assert "a second message begins" in quoted.problems[0].reason


def test_the_patients_of_a_batch_are_on_the_bed_lists(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.hear("BHS|^~\\&|A\r" + admit("771", "IN A^BATCH", "9N") + "\r" + admit("772", "ALSO^IN", "9S") + "\rBTS|2")
        names = [row.name for unit in ("9N", "9S") for row in home.deeds.record.census(unit)]

    assert names == ["IN A, BATCH", "ALSO, IN"]
