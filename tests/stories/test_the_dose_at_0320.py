"""Story T1 (bedside.md): the dose at 03:20 that the feed never told, and what a nurse is shown until paper is read.

Times are of Waterbury, 23 and 24 November 2026. Doses on paper are entries of the sheet they were read from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from views_tape import Views, fact, patient, stay

from codedark.views import (
    DoseSheet,
    Due,
    MarCoverage,
    MarFeed,
    Medication,
    SheetState,
    SiteTimes,
    known_doses,
    mar_coverage,
    next_due,
)

ZONE = ZoneInfo("America/New_York")
SITE = SiteTimes(ZONE, {"Q12H": ("03:00", "15:00")})


def at(clock: str, day: int = 24) -> int:
    """µs UTC of a wall time."""
    return int(datetime.fromisoformat(f"2026-11-{day} {clock}").replace(tzinfo=ZONE).timestamp()) * 1_000_000


FEED = MarFeed(heard_us=at("02:58"), expected_s=900)
DARK = at("03:31")
G1 = DoseSheet("WTB-G1", "4 West", at("00:58"), SheetState.OUT)
S1 = DoseSheet("WTB-S1", "4 West", at("03:35"), SheetState.OUT)
G1_READ = replace(G1, state=SheetState.CONFIRMED, until_us=at("03:35"))
S1_READ = replace(S1, state=SheetState.CONFIRMED, until_us=at("08:10"))


def dose(id_: str, order: str, when: str, amount: str) -> Any:
    value, unit = amount.split()
    body = {
        "status": "completed",
        "request": {"reference": f"MedicationRequest/{order}"},
        "effectiveDateTime": when,
        "dosage": {"dose": {"value": int(value), "unit": unit}},
    }
    return fact("MedicationAdministration", id_, "p1", body)


def ordered(id_: str, name: str, **dosage: Any) -> Any:
    body = {"status": "active", "medicationCodeableConcept": {"text": name}, "dosageInstruction": [dosage]}
    return fact("MedicationRequest", id_, "p1", body)


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Views]:
    """What the feed told before it went silent."""
    views = Views(tmp_path / "views")
    views.tape.facts(patient("p1", "Marlowe"), stay("e1", "p1", "4 West^01^A"))
    every_12 = {"code": {"coding": [{"code": "Q12H"}], "text": "Q12H"}}
    most = {"numerator": {"value": 8, "unit": "mg"}, "denominator": {"value": 4, "unit": "h"}}
    views.tape.facts(
        ordered("vanc", "vancomycin", timing=every_12),
        ordered("morph", "morphine", asNeededBoolean=True, maxDosePerPeriod=most),
        dose("v1", "vanc", "2026-11-23T14:58:00-05:00", "1 g"),
        dose("m1", "morph", "2026-11-24T01:20:00-05:00", "2 mg"),
        at=at("02:58"),
    )
    yield views
    views.store.close()


def order(views: Views, id_: str) -> Medication:
    return next(med for med in views.caught_up().chart("p1").medications if med.id == id_)


def covered(now: str, *sheets: DoseSheet, dark: bool = True) -> MarCoverage:
    return mar_coverage(FEED, sheets, at(now), dark_us=DARK if dark else None)


def paper_read(views: Views) -> None:
    """Both sheets are confirmed: the dose at 03:20 on the gap sheet, 4 mg of morphine at 04:10 on S1."""
    views.tape.facts(dose("v2", "vanc", "2026-11-24T03:20:00-05:00", "1 g"), source="paper:G1", at=at("08:05"))
    views.tape.facts(dose("m2", "morph", "2026-11-24T04:10:00-05:00", "4 mg"), source="paper:S1", at=at("08:10"))


def test_at_eight_with_both_sheets_out_nothing_is_due_and_both_are_named(heard: Views) -> None:
    cover = covered("08:00", G1, S1)
    vanc = order(heard, "vanc")
    assert (cover.covered, [each.sheet for each in cover.out]) == (False, ["WTB-G1", "WTB-S1"])
    assert next_due(vanc, cover, SITE, at("08:00")) is None
    assert vanc.last_heard is not None
    assert vanc.last_heard.when is not None
    assert vanc.last_heard.when.iso.startswith("2026-11-23T14:58")


def test_without_the_rule_the_dose_that_was_given_would_be_called_late(heard: Views) -> None:
    rule_off = MarCoverage(True, FEED.heard_us, (), (), "")
    due = next_due(order(heard, "vanc"), rule_off, SITE, at("08:00"))
    assert due is not None
    assert (due.at_us, due.state) == (at("03:00"), Due.LATE)


def test_with_the_gap_sheet_read_alone_still_nothing_is_due(heard: Views) -> None:
    heard.tape.facts(dose("v2", "vanc", "2026-11-24T03:20:00-05:00", "1 g"), source="paper:G1", at=at("08:05"))
    vanc, cover = order(heard, "vanc"), covered("08:06", G1_READ, S1)
    assert vanc.last_heard is not None
    assert vanc.last_heard.stamp.mark.value == "✎"
    assert next_due(vanc, cover, SITE, at("08:06")) is None


def test_with_both_read_the_next_dose_is_at_15_by_the_sites_times(heard: Views) -> None:
    paper_read(heard)
    due = next_due(order(heard, "vanc"), covered("08:12", G1_READ, S1_READ), SITE, at("08:12"))
    assert due is not None
    assert (due.at_us, due.state, due.source) == (at("15:00"), Due.LATER, "site's standard times")


def test_times_in_the_order_are_named_as_its_own(heard: Views) -> None:
    paper_read(heard)
    vanc = replace(order(heard, "vanc"), times=("15:00", "03:00"))
    due = next_due(vanc, covered("08:12", G1_READ, S1_READ), SiteTimes(ZONE, {}), at("08:12"))
    assert due is not None
    assert (due.at_us, due.source) == (at("15:00"), "order")


def test_an_interval_alone_makes_no_time(heard: Views) -> None:
    paper_read(heard)
    cover = covered("08:12", G1_READ, S1_READ)
    assert next_due(order(heard, "vanc"), cover, SiteTimes(ZONE, {}), at("08:12")) is None


def test_morphine_known_in_four_hours_is_what_was_given_and_never_what_may_be(heard: Views) -> None:
    paper_read(heard)
    morphine = order(heard, "morph")
    known = [known_doses(morphine, at(now)) for now in ("05:10", "05:30")]
    assert [(each.hours, each.total) for each in known] == [(4, "6 mg"), (4, "4 mg")]
    assert next_due(morphine, covered("08:12", G1_READ, S1_READ), SITE, at("08:12")) is None


def test_a_lost_sheet_leaves_its_time_unknown_for_good(heard: Views) -> None:
    lost = replace(S1, state=SheetState.LOST, until_us=at("12:00"))
    cover = covered("12:05", G1_READ, lost)
    assert (cover.covered, [(each.from_us, each.until_us) for each in cover.lost]) == (
        False,
        [(at("03:35"), at("12:00"))],
    )


def test_a_hole_between_the_feed_and_the_first_sheet_is_no_coverage(heard: Views) -> None:
    cover = covered("08:12", S1_READ)
    assert (cover.covered, cover.why) == (False, "between the feed and the sheets doses are not known")


def test_a_feed_that_speaks_covers_and_a_silent_one_does_not(heard: Views) -> None:
    assert covered("03:05", dark=False).covered
    assert not covered("03:20", dark=False).covered


def test_a_feed_that_nobody_declared_to_carry_doses_covers_nothing(heard: Views) -> None:
    assert not mar_coverage(MarFeed(at("02:58"), 0), (), at("02:59")).covered


def test_a_clock_that_is_not_trusted_covers_nothing(heard: Views) -> None:
    assert not mar_coverage(FEED, (), at("02:59"), clock_trusted=False).covered


def test_a_refused_dose_answers_for_its_time_and_is_no_known_dose(heard: Views) -> None:
    refused = fact(
        "MedicationAdministration",
        "v9",
        "p1",
        {"status": "not-done", "request": {"reference": "MedicationRequest/vanc"},
         "effectiveDateTime": "2026-11-24T02:55:00-05:00"},
    )  # fmt: skip
    heard.tape.facts(refused, at=at("02:58"))
    vanc = order(heard, "vanc")
    due = next_due(vanc, covered("03:00", dark=False), SITE, at("03:00"))
    assert due is not None
    assert (due.at_us, known_doses(vanc, at("03:00")).total) == (at("15:00"), "1 g")


def test_a_night_of_25_hours_has_as_many_doses_as_any_other(heard: Views) -> None:
    november = int(datetime.fromisoformat("2026-10-31T15:02:00-04:00").timestamp()) * 1_000_000
    heard.tape.facts(dose("v0", "vanc", "2026-10-31T15:02:00-04:00", "1 g"), at=november)
    vanc = replace(order(heard, "vanc"), doses=tuple(d for d in order(heard, "vanc").doses if "10-31" in str(d.when)))
    due = next_due(vanc, mar_coverage(MarFeed(november, 900), (), november), SITE, november)
    assert due is not None
    assert due.at_us == int(datetime.fromisoformat("2026-11-01T03:00:00-05:00").timestamp()) * 1_000_000


def test_long_after_the_last_sheet_was_confirmed_nobody_knows_what_was_given(heard: Views) -> None:
    paper_read(heard)
    assert covered("08:12", G1_READ, S1_READ).covered
    cover = covered("20:00", G1_READ, S1_READ)
    assert not cover.covered
    assert next_due(order(heard, "vanc"), cover, SITE, at("20:00")) is None


def test_sheets_do_not_go_on_from_a_feed_that_nobody_declared_to_carry_doses(heard: Views) -> None:
    cover = mar_coverage(MarFeed(at("02:58"), 0), (G1_READ, S1_READ), at("08:10"), dark_us=DARK)
    assert not cover.covered


@pytest.mark.parametrize(
    "repeat", [{"period": 1, "periodUnit": "wk"}, {"period": 48, "periodUnit": "h"}, {"dayOfWeek": ["mon"]},
               {"count": 1}],
)  # fmt: skip
def test_an_order_that_is_not_given_every_day_is_never_due_tomorrow(heard: Views, repeat: dict[str, Any]) -> None:
    daily = {"period": 1, "periodUnit": "d"}
    for id_, how in (("mtx", repeat), ("every-day", daily)):
        timing = {"repeat": {"timeOfDay": ["14:00:00"], **how}}
        heard.tape.facts(
            ordered(id_, "methotrexate", timing=timing),
            dose(f"d-{id_}", id_, "2026-11-23T14:00:00-05:00", "15 mg"),
            at=at("02:58"),
        )
    cover = covered("03:00", dark=False)
    due = [next_due(order(heard, id_), cover, SITE, at("03:00")) for id_ in ("mtx", "every-day")]
    assert due[0] is None
    assert due[1] is not None
    assert due[1].at_us == at("14:00")


@pytest.mark.parametrize("said", ["2026-11-24", "", "2026-11-22", "2026-11-24T23:00:00-05:00"])
def test_after_a_dose_of_unknown_hour_nothing_is_due_unless_it_is_surely_older(heard: Views, said: str) -> None:
    heard.tape.facts(dose("v3", "vanc", said, "1 g"), at=at("02:58"))
    due = next_due(order(heard, "vanc"), covered("03:00", dark=False), SITE, at("03:00"))
    assert (due is None) == (said != "2026-11-22")


@pytest.mark.parametrize("said", ["2026-11-24", "", "2026-11-24T23:00:00-05:00"])
def test_a_dose_of_unknown_hour_stands_beside_what_is_known(heard: Views, said: str) -> None:
    heard.tape.facts(dose("m3", "morph", said, "2 mg"), at=at("02:58"))
    known = known_doses(order(heard, "morph"), at("03:00"))
    assert (known.doses, known.total) == (1, "2 mg + 1 at an unknown time")


@pytest.mark.parametrize("end", ["2026-11-24", "2026-11-24T12:00:00-05:00", "2026-12-01"])
def test_an_order_that_has_ended_by_then_is_not_due(heard: Views, end: str) -> None:
    timing = {"repeat": {"timeOfDay": ["14:00:00"], "period": 1, "periodUnit": "d", "boundsPeriod": {"end": end}}}
    heard.tape.facts(
        ordered("course", "cefazolin", timing=timing), dose("d1", "course", "2026-11-23T14:00:00-05:00", "1 g"),
        at=at("02:58"),
    )  # fmt: skip
    due = next_due(order(heard, "course"), covered("03:00", dark=False), SITE, at("03:00"))
    assert (due is None) == (end != "2026-12-01")
