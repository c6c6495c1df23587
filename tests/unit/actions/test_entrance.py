"""Coming in: nobody is ever shut out, and every attempt is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codedark.access import Permission, RootSeed, may
from codedark.actions import (
    change_person,
    close_reading_gap,
    custodian_session,
    decide,
    enrol_person,
    founding_session,
    log_in,
    log_out,
    note_refusals,
    open_envelope,
    propose,
    view_census,
    view_chart,
)
from codedark.clock import US_PER_S, SeededChance
from codedark.entries import LoginRefused, SessionClosed, SessionOpened, UnitCodeUsed
from codedark.errors import ActionRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ward

MINUTE = 60 * US_PER_S


def bad_logins(ward: Ward, times: int, login: str = "nurse4", device: str = "pc") -> None:
    for _ in range(times):
        with pytest.raises(ActionRefused):
            log_in(ward.deeds, login, "wrong password", device)


def envelope(ward: Ward, number: int = 0, unit: str = "4W", device: str = "pc") -> object:
    return open_envelope(ward.deeds, unit, ward.codes[unit][number], "L. Roy", "M. Okoro", device)


def test_a_log_in_is_an_entry_with_its_device(ward: Ward) -> None:
    session = ward.log_in("nurse4", "10.0.0.7")
    assert ward.said("session.opened") == [
        SessionOpened(session=session.session, person=session.person, basis="password", device="10.0.0.7")
    ]


def test_a_log_in_is_not_case_sensitive(ward: Ward) -> None:
    assert ward.log_in(" Nurse4 ").login == "nurse4"


def test_wrong_password_and_unknown_login_are_refused_in_the_same_words(ward: Ward) -> None:
    with pytest.raises(ActionRefused) as known:
        log_in(ward.deeds, "nurse4", "wrong password", "a")
    with pytest.raises(ActionRefused) as unknown:
        log_in(ward.deeds, "nobody", "wrong password", "b")
    assert (str(known.value), known.value.hint) == (str(unknown.value), unknown.value.hint)


def test_a_closed_account_does_not_open(ward: Ward) -> None:
    admin = ward.log_in("admin1")
    change_person(ward.deeds, admin, ward.person("nurse4"), active=False)
    ward.fold()
    with pytest.raises(ActionRefused):
        ward.log_in("nurse4")


def test_an_account_is_never_locked(ward: Ward) -> None:
    bad_logins(ward, 50, device="attacker")
    assert ward.log_in("nurse4", "ward-pc").login == "nurse4"


def test_the_device_that_gets_it_wrong_is_slowed(ward: Ward) -> None:
    bad_logins(ward, 6)
    with pytest.raises(ActionRefused, match="wait 1 s"):
        ward.log_in("nurse4")
    ward.clock.advance(US_PER_S)
    assert ward.log_in("nurse4").login == "nurse4"


def test_bad_logins_become_one_entry_a_minute_and_device(ward: Ward) -> None:
    for _ in range(6):
        bad_logins(ward, 10)
        ward.clock.advance(20 * US_PER_S)
    note_refusals(ward.deeds)
    said = [payload for payload in ward.said("login.refused") if isinstance(payload, LoginRefused)]
    assert len(said) <= 3
    assert sum(payload.count for payload in said) == 60


def test_a_refused_login_names_an_account_only(ward: Ward) -> None:
    bad_logins(ward, 1, "nurse4", "a")
    bad_logins(ward, 1, "my-password-typed-here", "b")
    assert ward.said("login.refused") == [
        LoginRefused(count=1, device="a", login="nurse4"),
        LoginRefused(count=1, device="b"),
    ]


def test_an_envelope_opens_one_unit_for_twelve_hours(ward: Ward) -> None:
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][2], "L. Roy", "M. Okoro", "pc")
    assert may(session, Permission.SEE_CHART, "4W")
    assert not may(session, Permission.SEE_CHART, "5E")
    opened = ward.said("session.opened")[-1]
    assert isinstance(opened, SessionOpened)
    assert (opened.basis, opened.unit, opened.claimed_name, opened.witness) == ("envelope", "4W", "L. Roy", "M. Okoro")
    assert opened.until_us == ward.clock.now_us() + 12 * 3600 * US_PER_S


def test_a_code_opens_once(ward: Ward) -> None:
    envelope(ward)
    ward.fold()
    with pytest.raises(ActionRefused):
        envelope(ward)
    assert len(ward.said("unit.code.used")) == 1


def test_a_code_opens_once_also_before_the_record_has_caught_up(ward: Ward) -> None:
    envelope(ward)
    with pytest.raises(ActionRefused, match="was used"):
        envelope(ward)


def test_a_code_opens_once_also_through_another_process(ward: Ward) -> None:
    """Another process has its own memory; the journal takes the code's entry once."""
    envelope(ward)
    ward.deeds.spent = type(ward.deeds.spent)()
    with pytest.raises(ActionRefused, match="was used"):
        envelope(ward)
    assert len(ward.said("unit.code.used")) == 1


def test_all_ten_codes_open(ward: Ward) -> None:
    for number in range(10):
        envelope(ward, number)
    assert ward.said("unit.code.used") == [
        UnitCodeUsed(unit="4W", card=ward.deeds.record.card("4W").card, index=number)  # type: ignore[union-attr]
        for number in range(10)
    ]


def test_a_code_does_not_open_another_unit(ward: Ward) -> None:
    with pytest.raises(ActionRefused):
        open_envelope(ward.deeds, "5E", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")


@pytest.mark.parametrize(("name", "witness"), [("", "M. Okoro"), ("L. Roy", " "), ("L. Roy", "l.  ROY")])
def test_an_envelope_asks_for_two_names(ward: Ward, name: str, witness: str) -> None:
    with pytest.raises(ActionRefused):
        open_envelope(ward.deeds, "4W", ward.codes["4W"][0], name, witness, "pc")


def test_a_mistyped_code_is_told_so_and_stays_unspent(ward: Ward) -> None:
    code = ward.codes["4W"][0]
    with pytest.raises(ActionRefused) as refused:
        open_envelope(ward.deeds, "4W", code[:-1] + ("0" if code[-1] != "0" else "1"), "L. Roy", "M. Okoro", "pc")
    assert "mistyped" in refused.value.hint
    assert envelope(ward)


def test_ten_thousand_bad_logins_do_not_slow_the_envelope_on_the_same_device(
    ward: Ward, patient: Callable[[str], str]
) -> None:
    bad_logins(ward, 10_000)
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    assert view_chart(ward.deeds, session, patient("4W")).logged


def test_without_the_lane_of_its_own_the_envelope_would_wait(ward: Ward) -> None:
    """The control: as many bad attempts in the envelope's lane, and it does wait."""
    for _ in range(11):
        with pytest.raises(ActionRefused):
            open_envelope(ward.deeds, "4W", "0000-0000-0000", "L. Roy", "M. Okoro", "pc")
    with pytest.raises(ActionRefused, match="wait 1 s"):
        envelope(ward)


def test_with_nothing_writable_the_envelope_opens_and_its_code_is_still_spent(
    ward: Ward, patient: Callable[[str], str]
) -> None:
    ward.full = True
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    assert not view_chart(ward.deeds, session, patient("4W")).logged
    with pytest.raises(ActionRefused, match="was used"):
        envelope(ward)


def test_what_was_owed_is_written_when_the_disk_has_room_again(ward: Ward) -> None:
    ward.full = True
    envelope(ward)
    assert ward.said("unit.code.used") == []
    ward.full = False
    assert close_reading_gap(ward.deeds)
    assert len(ward.said("unit.code.used")) == 1
    assert [type(payload) for payload in ward.said("session.opened")] == [SessionOpened]


def test_a_new_envelope_ends_the_sessions_of_the_old_one(ward: Ward) -> None:
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    ask = propose(ward.deeds, ward.log_in("admin1"), "issue_unit_card", {"unit": "4W"})
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), ask, True)
    ward.fold()
    with pytest.raises(ActionRefused, match="over"):
        view_census(ward.deeds, session, "4W")


def test_after_log_out_the_session_does_nothing(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    log_out(ward.deeds, session)
    assert ward.said("session.closed") == [SessionClosed(session=session.session)]
    with pytest.raises(ActionRefused, match="over"):
        view_census(ward.deeds, session, "4W")


def test_log_out_works_with_nothing_writable(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    ward.full = True
    log_out(ward.deeds, session)
    with pytest.raises(ActionRefused, match="over"):
        view_census(ward.deeds, session, "4W")


def test_a_role_taken_away_is_gone_from_open_sessions(ward: Ward, patient: Callable[[str], str]) -> None:
    session = ward.log_in("nurse4")
    change = {"person": session.person, "roles": {"clerk": ["4W"]}}
    ask = propose(ward.deeds, ward.log_in("admin1"), "change_person", change)
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), ask, True)
    ward.fold()
    with pytest.raises(ActionRefused):
        view_chart(ward.deeds, session, patient("4W"))


def test_an_idle_session_does_nothing(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    ward.clock.advance(31 * MINUTE)
    with pytest.raises(ActionRefused, match="over"):
        view_census(ward.deeds, session, "4W")


def test_a_closed_session_stays_closed_after_a_restart(ward: Ward) -> None:
    """Another process has its own memory; the record knows."""
    session = ward.log_in("nurse4")
    log_out(ward.deeds, session)
    ward.fold()
    ward.deeds.closed = type(ward.deeds.closed)()
    with pytest.raises(ActionRefused, match="over"):
        view_census(ward.deeds, session, "4W")


def test_three_custodians_enrol_an_administrator_when_all_are_lost(ward: Ward) -> None:
    cards = RootSeed(bytes(32)).shares(SeededChance("cards"))
    session = custodian_session(ward.deeds, cards[:3], ward.keys.adoption_public)
    enrol_person(ward.deeds, session, "admin9", "A. Nine", "four unrelated words", {"administrator": ["*"]})
    ward.fold()
    assert ward.log_in("admin9").login == "admin9"
    opened = ward.said("session.opened")[0]
    assert isinstance(opened, SessionOpened)
    assert (opened.person, opened.basis) == ("custodians", "cards")


@pytest.mark.parametrize("number", [0, 2])
def test_two_custodians_open_nothing(ward: Ward, number: int) -> None:
    cards = RootSeed(bytes(32)).shares(SeededChance("cards"))
    with pytest.raises(ActionRefused):
        custodian_session(ward.deeds, cards[:number], ward.keys.adoption_public)


def test_the_cards_of_another_node_open_nothing(ward: Ward) -> None:
    cards = RootSeed(bytes(31) + b"1").shares(SeededChance("cards"))
    with pytest.raises(ActionRefused, match="another node"):
        custodian_session(ward.deeds, cards, ward.keys.adoption_public)


def test_custodians_see_no_patient(ward: Ward, patient: Callable[[str], str]) -> None:
    cards = RootSeed(bytes(32)).shares(SeededChance("cards"))
    session = custodian_session(ward.deeds, cards[:3], ward.keys.adoption_public)
    with pytest.raises(ActionRefused):
        view_chart(ward.deeds, session, patient("4W"), "curious")
    with pytest.raises(ActionRefused):
        view_census(ward.deeds, session, "4W")


def test_nobody_founds_a_node_that_has_people(ward: Ward) -> None:
    with pytest.raises(ActionRefused):
        founding_session(ward.deeds)
