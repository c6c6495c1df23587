"""A message shown as it came is a look at the chart of everybody in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codedark.actions import ASK_REASON, open_envelope, view_message
from codedark.errors import ActionRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ward


def test_a_message_about_a_patient_of_the_unit_is_an_entry_in_the_read_log(
    ward: Ward, patient: Callable[[str], str]
) -> None:
    session, who = ward.log_in("nurse4"), patient("4W")
    assert view_message(ward.deeds, session, [who])
    (look,) = ward.said("chart.viewed")
    assert (look.what, look.patient, look.unit, look.person) == ("message", who, "4W", session.person)


def test_a_message_about_somebody_unknown_asks_for_a_reason_and_keeps_it(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    with pytest.raises(ActionRefused) as refused:
        view_message(ward.deeds, session, ["nobody"])
    assert refused.value.hint == ASK_REASON
    assert view_message(ward.deeds, session, ["nobody"], "sender's test message")
    (look,) = ward.said("chart.viewed")
    assert (look.patient, look.reason) == ("nobody", "sender's test message")


def test_one_patient_of_another_unit_in_the_message_is_enough_to_ask(ward: Ward, patient: Callable[[str], str]) -> None:
    with pytest.raises(ActionRefused):
        view_message(ward.deeds, ward.log_in("nurse4"), [patient("4W"), "nobody"])


def test_an_engineer_sees_no_message_of_the_journal(ward: Ward, patient: Callable[[str], str]) -> None:
    with pytest.raises(ActionRefused):
        view_message(ward.deeds, ward.log_in("engineer"), [patient("4W")], "why not")
    assert ward.said("chart.viewed") == []
    assert ward.said("deed.refused")


def test_an_envelope_opens_charts_and_never_messages(ward: Ward, patient: Callable[[str], str]) -> None:
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    with pytest.raises(ActionRefused):
        view_message(ward.deeds, session, [patient("4W")], "at night")
