"""Whose a print report is: two identifiers that agree, nothing that speaks against it; else nobody's."""

from __future__ import annotations

from dataclasses import replace

import pytest
import ward_shapes

from codedark.actions import matched
from codedark.actions.reports import same_name
from codedark.views import Banner, LooseReport

ADA = replace(
    ward_shapes.banner(1), patient="ada", name="MARLOWE, Ada", birth_date="1955-03-04", mrn="000001", visit="V1"
)
TWIN = replace(ADA, patient="eve", name="MARLOWE, Eve", mrn="000002", visit="V2")
SAYS = LooseReport("r", "1/page 1", "feed:prints", ("000001",), ("V1",), ("Marlowe, Ada",), ("1955-03-04",), "")


def without(*names: str) -> LooseReport:
    return replace(SAYS, **dict.fromkeys(names, ()))


@pytest.mark.parametrize(
    ("report", "basis"),
    [
        (SAYS, "MRN and visit number and birth date and name"),
        (without("visits", "names"), "MRN and birth date"),
        (without("visits", "births"), "MRN and name"),
        (without("mrns", "births"), "visit number and name"),
        (without("mrns", "visits"), "birth date and name"),
    ],
)
def test_two_identifiers_that_agree_tie_a_report(report: LooseReport, basis: str) -> None:
    match = matched(report, [ADA, TWIN])
    assert (match.patient, match.basis) == ("ada", basis)


@pytest.mark.parametrize(
    "said", [("visits", "names", "births"), ("mrns", "visits", "births"), ("mrns", "visits", "names")]
)
def test_one_identifier_alone_ties_nothing(said: tuple[str, ...]) -> None:
    """A number alone may be mistyped, a name alone is shared: the control of the rule above."""
    assert matched(without(*said), [ADA]).patient == ""


@pytest.mark.parametrize(
    "change",
    [{"names": ("OKAFOR, Ngozi",)}, {"births": ("1955-04-03",)}, {"mrns": ("000009",)}, {"visits": ("V9",)}],
)
def test_what_speaks_against_it_ties_nothing(change: dict[str, tuple[str, ...]]) -> None:
    assert matched(replace(SAYS, **change), [ADA]).patient == ""


def test_number_of_one_and_name_of_another_ties_to_neither() -> None:
    mixed = replace(SAYS, visits=(), names=("Marlowe, Eve",))
    assert matched(mixed, [ADA, TWIN]).patient == ""


def test_two_of_one_name_and_birth_date_are_not_told_apart() -> None:
    other = replace(ADA, patient="other", mrn="000003", visit="V3")
    assert matched(without("mrns", "visits"), [ADA, other]).patient == ""


def test_pages_that_name_two_are_nobodys_whoever_fits() -> None:
    assert matched(replace(SAYS, problem="names more than one patient"), [ADA]).patient == ""


def test_what_the_record_does_not_know_is_no_contradiction() -> None:
    unknown: Banner = replace(ADA, birth_date="", visit="")
    assert matched(SAYS, [unknown]).basis == "MRN and name"


@pytest.mark.parametrize(
    ("known", "said", "same"),
    [
        ("O'BRIEN-LÉVY, Zoë Marie", "Zoe M O'Brien Levy", True),
        ("MARLOWE, Ada", "MARLOWE ADA JANE", True),
        ("MARLOWE, Ada", "MARLOWE, A", False),
        ("MARLOWE, Ada", "MARLOWSKI, Ada", False),
        ("", "Ada", False),
    ],
)
def test_name_is_the_same_by_its_words(known: str, said: str, same: bool) -> None:
    assert same_name(known, said) is same
