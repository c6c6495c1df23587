"""Beside the name: somebody else of that name on the unit, a newborn's mother, a mother's newborn."""

from __future__ import annotations

import re

import pytest
from web_rig import House, admit

MOTHER = "|||||||||||||482193^^^WTB^MR"
"""What follows PID-8 up to PID-21: the mother's number."""


def who_is(home: House, unit: str) -> str:
    text = home.in_as("physician").get(f"/chart/{home.patient(unit)}").text
    return re.sub(r"<[^>]+>", "", re.findall(r'<div class="who-is">(.*?)<div class="strip">', text, re.S)[0])


def born(home: House, mother: str = MOTHER) -> None:
    home.hear(admit("900001", "MARLOWE^BABY", "NICU").replace("|19550304|F", "|20260921|F" + mother))


@pytest.mark.parametrize(("name", "marked"), [("MARLOWE^AL", True), ("Marlowé^Al", True), ("MARLOWSKI^AL", False)])
def test_another_patient_of_that_name_on_the_unit_is_said_in_the_banner(home: House, name: str, marked: bool) -> None:
    home.hear(admit("7001", "OTHER^OLA", "4W", room="02"))
    home.hear(admit("7002", name, "4W", room="03"))

    assert ("same family name on this unit" in who_is(home, "4W")) is marked


def test_the_same_name_on_another_unit_is_not_said(home: House) -> None:
    home.hear(admit("7002", "MARLOWE^AL", "6S"))

    assert "same family name" not in who_is(home, "4W")


def test_a_newborn_and_its_mother_name_each_other(home: House) -> None:
    born(home)

    assert "motherMARLOWE, ADA MRN 482193" in who_is(home, "NICU")
    assert "newbornMARLOWE, BABY MRN 900001" in who_is(home, "4W")


def test_the_control_without_the_mothers_number_nobody_is_named(home: House) -> None:
    born(home, "")

    assert "mother" not in who_is(home, "NICU")
    assert "newborn" not in who_is(home, "4W")


def test_a_mothers_number_that_nobody_has_is_shown_as_a_number(home: House) -> None:
    born(home, MOTHER.replace("482193", "999999"))

    assert "mothername not known MRN 999999" in who_is(home, "NICU")


def test_a_number_that_two_people_have_gives_neither_of_them_a_newborn(home: House) -> None:
    born(home)
    home.hear(admit("482193", "STRANGER^SUE", "6S").replace("482193^^^WTB", "482193^^^XYZ").replace("V482193", "V77"))

    assert "mothername not known MRN 482193" in who_is(home, "NICU")
    assert "newborn" not in who_is(home, "4W")
    assert "newborn" not in who_is(home, "6S")
