"""Everybody ever known is found, whether in the house or not; nobody is found by what is no longer said of them."""

from __future__ import annotations

import pytest
from views_tape import Views, fact, patient, stay

from codedark.entries import Op


@pytest.fixture
def peopled(views: Views) -> Views:
    """One in the house, one gone home, one who was never admitted."""
    views.tape.facts(patient("p1", "Marlowe", mrn="MR0004711"), stay("e1", "p1", "4W^1^A"))
    views.tape.facts(patient("p2", "O'Brien-Núñez", "José"), stay("e2", "p2", "4W^2^A", status="finished"))
    views.tape.facts(patient("p3", "Okafor", "Ngozi", birthDate="1988-12-24"))
    return views


def found(views: Views, text: str, limit: int = 50) -> list[str]:
    return [banner.patient for banner in views.caught_up().search(text, limit)]


@pytest.mark.parametrize(
    "asked", ["obrien", "O'Brien", "brien", "nunez", "o'brien-nunez", "jose nu", "MRN-p2", "mrnp2", "1955-03-04 josé"]
)
def test_somebody_who_went_home_is_found(peopled: Views, asked: str) -> None:
    assert found(peopled, asked) == ["p2"]


@pytest.mark.parametrize("asked", ["okafor", "ngo oka", "24-Dec-1988", "12/24/1988", "19881224", "1988"])
def test_somebody_who_was_never_admitted_is_found(peopled: Views, asked: str) -> None:
    assert found(peopled, asked) == ["p3"]


@pytest.mark.parametrize("asked", ["4711", "mr0004711", "MR000", "arlow", "4W 1"])
def test_who_is_in_the_house_is_found_by_any_part(peopled: Views, asked: str) -> None:
    assert found(peopled, asked) == ["p1"]


def test_who_is_in_the_house_stands_first(peopled: Views) -> None:
    peopled.tape.facts(patient("p4", "Aaron", "Ada", mrn="4712"))
    assert found(peopled, "ada") == ["p1", "p4"]


def test_somebody_renamed_is_not_found_by_the_old_name(peopled: Views) -> None:
    assert found(peopled, "okafor") == ["p3"]
    peopled.tape.facts(fact("Patient", "p3", "p3", {"name": [{"family": "Adeyemi", "given": ["Ngozi"]}]}, 5))
    assert (found(peopled, "okafor"), found(peopled, "adeyemi")) == ([], ["p3"])


def test_somebody_deleted_is_not_found(peopled: Views) -> None:
    peopled.tape.facts(fact("Patient", "p3", "p3", {}, 5, op=Op.DELETE))
    assert found(peopled, "okafor") == []


def test_a_merged_record_is_found_once_as_its_survivor(peopled: Views) -> None:
    peopled.tape.facts(fact("Patient", "p3", "p3", {"into": "p2"}, 5, op=Op.LINK))
    assert (found(peopled, "okafor"), found(peopled, "jose")) == (["p2"], ["p2"])
    assert peopled.record.status().patients == 2
    peopled.tape.facts(fact("Patient", "p3", "p3", {"into": "p2"}, 6, op=Op.UNLINK))
    assert found(peopled, "okafor") == ["p3"]
    assert peopled.record.status().patients == 3


def test_no_more_are_given_than_asked_for(views: Views) -> None:
    for number in range(30):
        views.tape.facts(patient(f"p{number:02d}", "Marlowe", "Ada" if number % 2 else "Eve", mrn=f"M{number:03d}"))
    assert len(found(views, "marlowe", 10)) == 10
    assert len(found(views, "mar ev")) == 15
    assert found(views, "mar eve ada") == []


@pytest.mark.parametrize("asked", ["", "  ", "%", "_", "'", '"; DROP TABLE known', "*", "\U0010ffff"])
def test_marks_are_no_words(peopled: Views, asked: str) -> None:
    assert found(peopled, asked) == []
