"""How much of the record was heard for a unit: shares are never rounded up, and what could not be read is not heard."""

from __future__ import annotations

from typing import Any

import pytest
from views_tape import Views, fact, patient, stay

from codedark.entries import ConfigSet, Op
from codedark.views import COVERAGE_PARTS, UnitCoverage


def observation(id_: str, about: str, loinc: str, category: str, value: dict[str, Any], at: int = 0) -> Any:
    body = {
        "status": "final",
        "category": [{"coding": [{"code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        **value,
    }
    return fact("Observation", id_, about, body, at)


def everything(about: str) -> list[Any]:
    """One of each part for a patient."""
    drug = {"medicationCodeableConcept": {"text": "heparin"}}
    return [
        fact("AllergyIntolerance", f"a-{about}", about, {"code": {"text": "Latex"}}),
        observation(f"c-{about}", about, "81351-9", "survey", {"valueString": "DNR"}),
        observation(f"w-{about}", about, "29463-7", "vital-signs", {"valueQuantity": {"value": 61, "unit": "kg"}}),
        fact("MedicationRequest", f"m-{about}", about, {"status": "active", **drug}),
        fact("MedicationAdministration", f"d-{about}", about, {"status": "completed", **drug}),
    ]


@pytest.fixture(autouse=True)
def ward(views: Views) -> None:
    """Three patients in 4W; of the third nothing but a bed was heard."""
    for at, who in enumerate(("p1", "p2", "p3")):
        views.tape.facts(patient(who, f"NAME{at}"), stay(f"e{at}", who, f"4W^0{at}^A"))
    views.tape.facts(*everything("p1"))
    views.tape.facts(*everything("p2"))


def shares(found: UnitCoverage) -> set[int | None]:
    return {part.percent for part in found.parts}


def test_two_of_three_are_66_percent_and_not_67(views: Views) -> None:
    found = views.caught_up().coverage("4W")
    assert (found.patients, shares(found)) == (3, {66})


def test_every_part_below_the_sites_threshold_is_named(views: Views) -> None:
    assert [part.part for part in views.caught_up().coverage("4W").below] == list(COVERAGE_PARTS)


def test_with_everything_heard_nothing_is_below(views: Views) -> None:
    views.tape.facts(*everything("p3"))
    found = views.caught_up().coverage("4W")
    assert (found.below, shares(found)) == ((), {100})


def test_the_site_says_from_which_share_on_it_is_enough(views: Views) -> None:
    views.tape.say(ConfigSet(key="coverage.weight", value=66))
    views.tape.say(ConfigSet(key="coverage.orders", value=0))
    below = {part.part for part in views.caught_up().coverage("4W").below}
    assert below == set(COVERAGE_PARTS) - {"weight", "orders"}


def test_a_threshold_that_is_none_changes_nothing_and_stands_on_the_worklist(views: Views) -> None:
    views.tape.say(ConfigSet(key="coverage.weight", value=101))
    record = views.caught_up()
    assert "weight" in {part.part for part in record.coverage("4W").below}
    assert len(record.worklist()) == 1


def test_a_share_just_below_the_threshold_is_below(views: Views) -> None:
    views.tape.say(ConfigSet(key="coverage.allergies", value=67))
    below = {part.part for part in views.caught_up().coverage("4W").below}
    assert "allergies" in below


def test_an_order_that_ended_is_no_active_order(views: Views) -> None:
    views.tape.facts(fact("MedicationRequest", "m-p1", "p1", {"status": "stopped"}, 5))
    parts = {part.part: part.heard for part in views.caught_up().coverage("4W").parts}
    assert (parts["orders"], parts["administrations"]) == (1, 2)


def test_an_allergy_taken_back_is_not_heard(views: Views) -> None:
    views.tape.facts(fact("AllergyIntolerance", "a-p1", "p1", {}, 5, op=Op.DELETE))
    parts = {part.part: part.heard for part in views.caught_up().coverage("4W").parts}
    assert parts["allergies"] == 1


def test_the_age_is_that_of_the_newest_and_of_the_patient_heard_longest_ago(views: Views) -> None:
    first, last = (views.tape.entries[at].recorded_at_us for at in (3, 4))
    weight = next(part for part in views.caught_up().coverage("4W").parts if part.part == "weight")
    assert (weight.oldest_us, weight.newest_us) == (first, last)


def test_a_unit_with_nobody_is_not_below(views: Views) -> None:
    found = views.caught_up().coverage("ICU")
    assert (found.patients, found.below, shares(found)) == (0, (), {None})
