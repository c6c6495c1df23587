"""The judge of the kill test sees what was lost and what was doubled."""

from __future__ import annotations

from codedark_drill import Spoken
from codedark_drill.faults import distinct, judge


def test_what_was_acknowledged_and_is_not_kept_is_lost() -> None:
    assert judge({"A1", "A2"}, ["A1"]).lost == {"A2"}


def test_what_is_kept_twice_is_doubled() -> None:
    verdict = judge({"A1"}, ["A1", "A1"])
    assert verdict.doubled == {"A1"}
    assert not verdict.held


def test_what_is_kept_but_was_never_acknowledged_is_no_loss() -> None:
    assert judge({"A1"}, ["A1", "A2"]).held


def test_a_resend_is_not_a_message_of_its_own() -> None:
    first = Spoken("adt", 1, b"MSH|^~\\&|A|B|C|D|20261124||ADT^A01|ID1|P|2.5.1\r")
    other = Spoken("adt", 2, b"MSH|^~\\&|A|B|C|D|20261124||ADT^A01|ID2|P|2.5.1\r")
    assert distinct([first, first, Spoken("adt", 2, b"PID|1\r"), other], 9) == [first, other]
