"""Units, bed lists and search: nobody is dropped, clashes are shown, empty beds stay."""

from __future__ import annotations

import pytest
from views_tape import Tape, Views, fact, patient, stay

from codedark.entries import Fact, Op
from codedark.errors import NotFound
from codedark.views import Record


@pytest.fixture(autouse=True)
def ward(tape: Tape) -> None:
    """Two patients in 4W."""
    tape.facts(patient("p1", "Marlowe", mrn="000482193"), stay("e1", "p1", "4W^01^A"))
    tape.facts(patient("p2", "Okafor", "Ngozi"), stay("e2", "p2", "4W^02^A"))


def beds(record: Record, unit: str = "4W") -> list[tuple[str, str, str]]:
    return [(row.room, row.bed, row.name) for row in record.census(unit)]


def test_a_transfer_leaves_an_empty_bed_behind(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "ICU^1^A", 5))
    record = views.caught_up()
    assert beds(record) == [("01", "A", ""), ("02", "A", "OKAFOR, Ngozi")]
    assert beds(record, "ICU") == [("1", "A", "MARLOWE, Ada")]


def test_a_transfer_told_late_does_not_undo_a_later_one(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "ICU^1^A", 9))
    views.tape.facts(stay("e1", "p1", "ED^1^A", 5))
    record = views.caught_up()
    assert beds(record, "ICU") == [("1", "A", "MARLOWE, Ada")]
    assert [row.patient for row in record.census("ED")] == [""]


def test_a_discharged_patient_is_in_no_bed_and_still_has_a_chart(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "", 5, status="finished", period={"end": "2026-09-22"}))
    record = views.caught_up()
    assert [name for *_, name in beds(record)] == ["", "OKAFOR, Ngozi"]
    banner = record.chart("p1").banner
    assert banner.unit == ""
    assert banner.discharged is not None


def test_an_admitted_patient_without_a_place_is_listed_under_unknown(views: Views) -> None:
    views.tape.facts(patient("p3", "Kim", "Joon"), stay("e3", "p3", ""))
    record = views.caught_up()
    assert [row.unit for row in record.units()] == ["", "4W"]
    assert [row.name for row in record.census("")] == ["KIM, Joon"]


def test_two_patients_in_one_bed_are_a_clash(views: Views) -> None:
    views.tape.facts(patient("p3", "Kim", "Joon"), stay("e3", "p3", "4W^01^A"))
    rows = views.caught_up().census("4W")
    assert [(row.name, row.clash) for row in rows] == [
        ("KIM, Joon", True),
        ("MARLOWE, Ada", True),
        ("OKAFOR, Ngozi", False),
    ]


def test_one_patient_in_two_beds_is_a_clash_on_both_lists(views: Views) -> None:
    views.tape.facts(stay("e9", "p1", "ICU^1^A"))
    record = views.caught_up()
    assert [row.clash for row in record.census("4W") if row.patient == "p1"] == [True]
    assert [row.clash for row in record.census("ICU")] == [True]


def test_the_same_family_name_twice_is_marked(views: Views) -> None:
    views.tape.facts(patient("p3", "OKAFOR", "Chike"), stay("e3", "p3", "4W^03^A"))
    rows = views.caught_up().census("4W")
    assert [(row.name, row.same_name) for row in rows] == [
        ("MARLOWE, Ada", False),
        ("OKAFOR, Ngozi", True),
        ("OKAFOR, Chike", True),
    ]


def test_beds_sort_as_people_count(views: Views) -> None:
    for number in (10, 9):
        views.tape.facts(patient(f"q{number}", "Kim"), stay(f"f{number}", f"q{number}", f"5E^{number}^A"))
    assert [row.room for row in views.caught_up().census("5E")] == ["9", "10"]


def test_a_merged_patient_lies_in_one_bed_once(views: Views) -> None:
    views.tape.facts(fact("Patient", "p2", "p2", {"into": "p1"}, 9, op=Op.LINK))
    record = views.caught_up()
    assert {row.patient for row in record.census("4W")} == {"p1"}
    assert all(row.clash for row in record.census("4W"))
    assert record.status().inpatients == 1


def test_units_count_patients_and_beds(views: Views) -> None:
    (row,) = views.caught_up().units()
    assert (row.unit, row.patients, row.beds_seen, row.critical) == ("4W", 2, 2, 0)


def test_an_unknown_unit_is_not_found(views: Views) -> None:
    with pytest.raises(NotFound):
        views.caught_up().census("9X")


@pytest.mark.parametrize(
    "asked",
    ["marlowe", "ada marlowe", "Marlowe, A", "482193", "1955-03-04 marlowe", "04-Mar-1955 ada m", "4W01A", "4w 01"],
)
def test_search_finds_by_name_number_birth_date_and_bed(views: Views, asked: str) -> None:
    found = views.caught_up().search(asked)
    assert "p1" in [banner.patient for banner in found]


def test_every_word_of_a_search_must_match(views: Views) -> None:
    assert views.caught_up().search("marlowe ngozi") == ()


def test_search_ignores_accents_and_takes_no_wildcards(views: Views) -> None:
    views.tape.facts(patient("p3", "Núñez", "José"))
    record = views.caught_up()
    assert [banner.patient for banner in record.search("nunez jose")] == ["p3"]
    assert record.search("%") == ()


def test_patients_of_a_unit_come_in_bed_order(views: Views) -> None:
    record = views.caught_up()
    assert [banner.patient for banner in record.patients("4W")] == ["p1", "p2"]
    assert len(record.patients()) == 2


def located(id_: str, owner: str, *places: tuple[str, str]) -> Fact:
    """A visit that points to Location resources, as a FHIR import does."""
    listed = [
        {"location": {"reference": f"Location/{place}", "display": shown}, "status": "active"}
        for place, shown in places
    ]
    return fact(
        "Encounter", id_, owner, {"status": "in-progress", "class": {"code": "IMP"}, "location": listed}, op=Op.PUT
    )


def location(id_: str, name: str, kind: str, parent: str = "") -> Fact:
    body = {"name": name, "physicalType": {"coding": [{"code": kind}]}}
    return fact(
        "Location", id_, None, body | ({"partOf": {"reference": f"Location/{parent}"}} if parent else {}), op=Op.PUT
    )


def test_a_bed_is_found_through_the_locations_around_it_whenever_they_come(views: Views) -> None:
    views.tape.facts(patient("p3", "Kim"), located("e3", "p3", ("b2", "Bed 4E-02"), ("w", "Ward 4E")))
    assert beds(views.caught_up(), "Ward 4E") == [("", "4E-02", "KIM, Ada")]  # by its words, while nobody said more
    views.tape.facts(
        location("b2", "Bed 4E-02", "bd", "w"), location("w", "4 East", "wa", "main"), location("main", "Main", "bu")
    )
    views.tape.facts(location("b1", "Bed 4E-01", "bd", "w"))
    record = views.caught_up()
    assert beds(record, "4 East") == [("", "4E-01", ""), ("", "4E-02", "KIM, Ada")]
    assert record.chart("p3").banner.unit == "4 East"
    assert [banner.patient for banner in record.search("4E-02")] == ["p3"]


def test_a_double_booked_location_is_a_clash(views: Views) -> None:
    views.tape.facts(location("w", "4 East", "wa"), location("b1", "Bed 1", "bd", "w"))
    for number in (3, 4):
        views.tape.facts(patient(f"p{number}", f"Kim{number}"), located(f"e{number}", f"p{number}", ("b1", "Bed 1")))
    assert [row.clash for row in views.caught_up().census("4 East")] == [True, True]
