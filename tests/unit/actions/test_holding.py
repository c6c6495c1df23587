"""A feed that is held back is heard and kept, and nothing of it is shown until somebody releases it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codedark.actions import (
    decide,
    distrust,
    hold_feed,
    hold_source,
    quarantine_device,
    release_device,
    release_feed,
    view_chart,
)
from codedark.errors import ActionRefused
from codedark.views import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ward

NEW = """
MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260924140700||ADT^A60^ADT_A60|X1|P|2.5.1
EVN|A60|20260924140700
PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F
IAM|1|DA|LAT^Latex^L|SV|Hives|A
"""
FULL = """
MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260924150600||ORU^R01^ORU_R01|CS2|P|2.5.1
PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F
PV1|1|I|4W^01^A^WTB
OBR|1|||81351-9^Code status^LN|||20260924150000
OBX|1|ST|81351-9^Code status^LN||FULL||||||F
"""
ARRIVAL = """
MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260924140500||ADT^A01^ADT_A01|C9|P|2.5.1
EVN|A01|20260924140500
PID|1||900001^^^WTB^MR||NEW^ONE||19550304|F
PV1|1|I|4W^02^A^WTB||||1234^HALE^JOHN||||||||||||V9|||||||||||||||||||||||||20260921
"""


def names(ward: Ward, patient: str) -> list[str]:
    return [allergy.substance for allergy in ward.deeds.record.chart(patient).allergies]


def test_what_a_held_feed_says_is_kept_and_not_shown_until_released(ward: Ward, patient: Callable[[str], str]) -> None:
    who, engineer = patient("4W"), ward.log_in("engineer")
    before = digest(ward.fold_.store)
    hold_feed(ward.deeds, engineer, "adt", "the hospital is dark")
    ward.clock.advance(1)
    ward.hear(NEW)
    ward.hear(FULL)
    chart = ward.deeds.record.chart(who)
    assert digest(ward.fold_.store) == before
    assert names(ward, who) == ["Penicillin"]
    assert (chart.held_back > 0, chart.unread, chart.banner.code_status) == (True, 0, "DNR")
    assert len(ward.entries("hl7.received")) == 5
    (row,) = ward.deeds.record.holds()
    assert (row.source, row.entries, row.person) == ("feed:adt", 2, ward.person("engineer"))

    release_feed(ward.deeds, engineer, "adt", "checked with the interface engineer")
    ward.fold()
    assert sorted(names(ward, who)) == ["Latex", "Penicillin"]
    assert ward.deeds.record.chart(who).held_back == 0
    assert digest(ward.fold_.store) != before


def test_without_a_hold_the_same_messages_are_shown(ward: Ward, patient: Callable[[str], str]) -> None:
    """The negative control."""
    ward.hear(NEW)
    assert sorted(names(ward, patient("4W"))) == ["Latex", "Penicillin"]


def test_holding_then_releasing_is_as_if_it_had_never_been_held(ward: Ward) -> None:
    ward.hear(NEW)
    ward.hear(FULL)
    shown = digest(ward.fold_.store)
    engineer = ward.log_in("engineer")
    hold_feed(ward.deeds, engineer, "adt", "look at it", since_us=0)
    ward.fold()
    assert digest(ward.fold_.store) != shown
    assert ward.deeds.record.status().patients == 0
    release_feed(ward.deeds, engineer, "adt", "it was true")
    ward.fold()
    assert digest(ward.fold_.store) == shown


def test_a_new_patient_of_a_held_feed_lies_in_no_bed(ward: Ward) -> None:
    hold_feed(ward.deeds, ward.log_in("engineer"), "adt", "dark")
    ward.clock.advance(1)
    ward.hear(ARRIVAL)
    assert not any(row.mrn == "900001" for row in ward.deeds.record.census("4W"))


def test_a_hold_stands_on_the_worklist_and_the_feeds_until_it_is_released(ward: Ward) -> None:
    engineer = ward.log_in("engineer")
    hold_feed(ward.deeds, engineer, "adt", "dark")
    ward.fold()
    (item,) = [each for each in ward.deeds.record.worklist() if each.path == "hold"]
    assert item.source == "feed:adt"
    (feed,) = [each for each in ward.deeds.record.feeds() if each.feed == "adt"]
    assert (feed.held_since_us is not None, feed.distrusted) == (True, False)
    release_feed(ward.deeds, engineer, "adt", "fine")
    ward.fold()
    assert not [each for each in ward.deeds.record.worklist() if each.path == "hold"]


def test_a_rebuild_gives_the_same_views_under_a_hold(ward: Ward) -> None:
    hold_feed(ward.deeds, ward.log_in("engineer"), "adt", "dark")
    ward.clock.advance(1)
    ward.hear(NEW)
    held = digest(ward.fold_.store, whole=True)
    ward.fold_.rebuild()
    assert digest(ward.fold_.store, whole=True) == held


def test_what_is_distrusted_stays_out_when_the_feed_is_released(ward: Ward, patient: Callable[[str], str]) -> None:
    engineer, who = ward.log_in("engineer"), patient("4W")
    hold_feed(ward.deeds, engineer, "adt", "dark")
    ward.clock.advance(1_000_000)
    ward.hear(NEW)
    since = ward.entries("hl7.received")[-1].recorded_at_us
    proposal = distrust(ward.deeds, engineer, "feed:adt", since, since, "forged")
    ward.fold()
    decide(ward.deeds, ward.log_in("admin1"), proposal, True)
    ward.fold()
    chart = ward.deeds.record.chart(who)
    assert (chart.held_back, chart.unread > 0) == (0, True)
    release_feed(ward.deeds, engineer, "adt", "the rest is true")
    ward.fold()
    assert names(ward, who) == ["Penicillin"]


@pytest.mark.parametrize("login", ["nurse4", "doctor", "clerk", "privacy"])
def test_others_hold_nothing(ward: Ward, login: str) -> None:
    with pytest.raises(ActionRefused):
        hold_feed(ward.deeds, ward.log_in(login), "adt", "why not")
    assert ward.entries("source.held") == []


def test_a_hold_names_a_feed_or_device_and_why_and_does_not_begin_later(ward: Ward) -> None:
    engineer = ward.log_in("engineer")
    for source, reason in (("person:x", "no"), ("feed:", "no"), ("adt", "no"), ("feed:adt", " ")):
        with pytest.raises(ActionRefused):
            hold_source(ward.deeds, engineer, source, reason)
    with pytest.raises(ActionRefused):
        hold_source(ward.deeds, engineer, "feed:adt", "later", since_us=ward.clock.now_us() + 1)
    with pytest.raises(ActionRefused):
        release_feed(ward.deeds, engineer, "adt", "it is not held")
    assert ward.entries("source.held", "source.released") == []


def test_a_quarantined_device_is_released_by_a_person(ward: Ward) -> None:
    engineer = ward.log_in("engineer")
    quarantine_device(ward.deeds, engineer, "cart-7", "found open")
    ward.fold()
    assert [row.source for row in ward.deeds.record.holds()] == ["device:cart-7"]
    release_device(ward.deeds, engineer, "cart-7", "wiped")
    ward.fold()
    assert ward.deeds.record.holds() == ()


def test_reading_a_held_back_chart_is_never_refused(ward: Ward, patient: Callable[[str], str]) -> None:
    who = patient("4W")
    hold_feed(ward.deeds, ward.log_in("engineer"), "adt", "dark", since_us=0)
    ward.fold()
    opened = view_chart(ward.deeds, ward.log_in("nurse4"), who, "I stand beside her")
    assert opened.logged
    assert opened.chart.held_back > 3
