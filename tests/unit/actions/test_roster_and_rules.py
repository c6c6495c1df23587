"""Accounts, settings, worklist, and what goes to paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codedark.actions import (
    change_person,
    decide,
    decide_worklist,
    enrol_person,
    log_in,
    open_envelope,
    pack_made,
    propose,
    set_config,
    sheets_printed,
)
from codedark.entries import ConfigSet, PackMade, SheetsPrinted, WorklistDecided
from codedark.errors import ActionRefused, AppendFailed, NotFound

if TYPE_CHECKING:
    from conftest import Ward

NEW = "another long password"
SHEETS = [["WTB-1", "p1", "mar", 1, 1], ["WTB-2", "p2", "mar", 1, 1]]


def test_a_person_changes_the_own_password_with_the_old_one(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    change_person(ward.deeds, session, session.person, password=NEW, old_password="four unrelated words")
    ward.fold()
    assert log_in(ward.deeds, "nurse4", NEW).login == "nurse4"
    with pytest.raises(ActionRefused):
        ward.log_in("nurse4")


def test_without_the_old_password_it_stays(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    with pytest.raises(ActionRefused, match="old password"):
        change_person(ward.deeds, session, session.person, password=NEW, old_password="a guess at it")
    assert ward.said("person.changed") == []


def test_a_nurse_changes_nobody_else(ward: Ward) -> None:
    with pytest.raises(ActionRefused):
        change_person(ward.deeds, ward.log_in("nurse4"), ward.person("nurse5"), password=NEW)


def test_an_administrator_resets_a_nurses_password_alone(ward: Ward) -> None:
    change_person(ward.deeds, ward.log_in("admin1"), ward.person("nurse4"), password=NEW)
    ward.fold()
    assert log_in(ward.deeds, "nurse4", NEW).login == "nurse4"


@pytest.mark.parametrize("change", [{"roles": {"nurse": ["5E"]}}, {"roles": {"administrator": ["*"]}}])
def test_roles_take_two_people(ward: Ward, change: dict[str, Any]) -> None:
    with pytest.raises(ActionRefused, match="two people"):
        change_person(ward.deeds, ward.log_in("admin1"), ward.person("nurse4"), **change)


@pytest.mark.parametrize("change", [{"active": False}, {"password": NEW}])
def test_another_administrators_account_takes_two_people(ward: Ward, change: dict[str, Any]) -> None:
    with pytest.raises(ActionRefused, match="two people"):
        change_person(ward.deeds, ward.log_in("admin1"), ward.person("admin2"), **change)


def test_the_first_administrator_enrols_the_second_alone_and_nobody_the_third(ward: Ward) -> None:
    cut = {"person": ward.person("admin2"), "active": False}
    proposal = propose(ward.deeds, ward.log_in("admin1"), "change_person", cut)
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    ward.fold()
    enrol_person(ward.deeds, ward.log_in("admin1"), "admin3", "A. Three", NEW, {"administrator": ["*"]})
    ward.fold()
    with pytest.raises(ActionRefused, match="two people"):
        enrol_person(ward.deeds, ward.log_in("admin1"), "admin4", "A. Four", NEW, {"administrator": ["*"]})


def test_a_programs_account_and_its_password_take_two_people_and_closing_it_takes_one(ward: Ward) -> None:
    given = {"login": "blood-bank", "name": "Blood bank", "password": NEW, "roles": {"interface": ["*"]}}
    with pytest.raises(ActionRefused, match="two people"):
        enrol_person(ward.deeds, ward.log_in("admin1"), **given)
    proposal = propose(ward.deeds, ward.log_in("admin1"), "enrol_person", given)
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    ward.fold()

    with pytest.raises(ActionRefused, match="two people"):
        change_person(ward.deeds, ward.log_in("admin1"), ward.person("blood-bank"), password=NEW + " more")
    change_person(ward.deeds, ward.log_in("admin1"), ward.person("blood-bank"), active=False)


def test_a_change_of_nobody_is_not_found(ward: Ward) -> None:
    with pytest.raises(NotFound):
        change_person(ward.deeds, ward.log_in("admin1"), "nobody", active=False)


@pytest.mark.parametrize("login", ["", "x", "a b", "Nurse4", "röntgen", "a" * 65, "../x"])
def test_a_login_that_is_none_or_taken_is_refused(ward: Ward, login: str) -> None:
    with pytest.raises(ActionRefused):
        enrol_person(ward.deeds, ward.log_in("admin1"), login, "X", NEW, {"nurse": ["4W"]})


@pytest.mark.parametrize("roles", [{"nurse": []}, {"nurse": [""]}, {"envelope": ["4W"]}, {"wizard": ["*"]}])
def test_roles_that_no_account_may_hold_are_refused(ward: Ward, roles: dict[str, list[str]]) -> None:
    with pytest.raises(ActionRefused):
        enrol_person(ward.deeds, ward.log_in("admin1"), "new1", "X", NEW, roles)


def test_of_two_accounts_with_one_login_made_at_one_moment_the_first_opens(ward: Ward) -> None:
    admin = ward.log_in("admin1")
    enrol_person(ward.deeds, admin, "new1", "First", NEW, {"nurse": ["4W"]})
    with pytest.raises(ActionRefused, match="taken"):
        enrol_person(ward.deeds, admin, "new1", "Second", "a different password", {"nurse": ["4W"]})
    ward.fold()
    assert log_in(ward.deeds, "new1", NEW).name == "First"
    with pytest.raises(ActionRefused):
        log_in(ward.deeds, "new1", "a different password", "b")


def test_a_setting_is_an_entry_of_an_administrator(ward: Ward) -> None:
    set_config(ward.deeds, ward.log_in("admin1"), "feed.adt.expected_s", 60)
    assert ward.said("config.set")[-1] == ConfigSet(key="feed.adt.expected_s", value=60)


@pytest.mark.parametrize("login", ["nurse4", "engineer", "clerk"])
def test_nobody_else_changes_settings(ward: Ward, login: str) -> None:
    with pytest.raises(ActionRefused):
        set_config(ward.deeds, ward.log_in(login), "feed.adt.expected_s", 60)
    assert len(ward.said("config.set")) == 1  # the one that `init` wrote


@pytest.mark.parametrize("key", ["", "A", "feed adt", "x" * 200, "a\nb"])
def test_what_is_no_name_of_a_setting_is_refused(ward: Ward, key: str) -> None:
    with pytest.raises(ActionRefused):
        set_config(ward.deeds, ward.log_in("admin1"), key, 1)


def test_an_engineer_decides_about_the_worklist(ward: Ward) -> None:
    session = ward.log_in("engineer")
    decide_worklist(ward.deeds, session, "12/PID[1]", "looked at", "sender fixed it")
    assert ward.said("worklist.decided") == [
        WorklistDecided(item="12/PID[1]", person=session.person, decision="looked at", note="sender fixed it")
    ]


@pytest.mark.parametrize("item", ["", "PID[1]", "12"])
def test_a_decision_names_an_item(ward: Ward, item: str) -> None:
    with pytest.raises(ActionRefused):
        decide_worklist(ward.deeds, ward.log_in("engineer"), item, "looked at")


def test_printed_sheets_are_in_the_ledger_with_what_they_showed(ward: Ward) -> None:
    session, as_of = ward.log_in("nurse4"), ward.deeds.record.as_of()
    sheets_printed(ward.deeds, session, unit="4W", pack="p", copy=1, sheets=SHEETS)
    assert ward.said("sheets.printed") == [
        SheetsPrinted(
            unit="4W", pack="p", copy=1, fold=as_of.fold, position=as_of.position, person=session.person, sheets=SHEETS
        )
    ]


def test_sheets_that_cannot_be_in_the_ledger_are_not_issued(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    ward.full = True
    with pytest.raises(AppendFailed):
        sheets_printed(ward.deeds, session, unit="4W", pack="p", copy=1, sheets=SHEETS)


def test_a_pharmacist_prints_one_patient_but_not_a_unit(ward: Ward) -> None:
    enrol_person(ward.deeds, ward.log_in("admin1"), "pharm", "P", NEW, {"pharmacist": ["*"]})
    ward.fold()
    session = log_in(ward.deeds, "pharm", NEW)
    sheets_printed(ward.deeds, session, unit="4W", pack="p", copy=1, sheets=SHEETS[:1])
    with pytest.raises(ActionRefused):
        sheets_printed(ward.deeds, session, unit="4W", pack="p", copy=1, sheets=SHEETS)


def test_an_opened_envelope_prints_its_own_unit(ward: Ward) -> None:
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    sheets_printed(ward.deeds, session, unit="4W", pack="p", copy=1, sheets=SHEETS)
    with pytest.raises(ActionRefused):
        sheets_printed(ward.deeds, session, unit="5E", pack="p", copy=1, sheets=SHEETS)


def test_a_pack_of_the_timer_stands_in_the_nodes_name(ward: Ward) -> None:
    pack_made(
        ward.deeds, None, unit="4W", pack="p", kind="draft", pages=3, sha256=b"\0" * 32, checkpoint="note", fold="f",
        position=7,
    )  # fmt: skip
    assert [entry.source for entry in ward.entries("pack.made")] == ["node"]
    assert ward.said("pack.made") == [
        PackMade(unit="4W", pack="p", kind="draft", fold="f", position=7, pages=3, sha256=b"\0" * 32, checkpoint="note")
    ]
