"""Words for times and ages, and the order in which a chart is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from codedark.clock import US_PER_S
from codedark.views import Mark, Medication, Stamp, When
from codedark.web import state, tables, wording

ZONE = ZoneInfo("America/New_York")
NOW = int(datetime(2026, 11, 24, 16, 0, tzinfo=UTC).timestamp()) * US_PER_S
MINUTE = 60 * US_PER_S
STAMP = Stamp(7, NOW, Mark.FEED, "feed:lab")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "under 1 min"), (1, "1 min"), (59, "59 min"), (60, "1 h"), (468, "7 h 48 min"), (1440, "1 d"),
     (1500, "1 d 1 h"), (30 * 1440, "30 d"), (-1, "in the future")],
)  # fmt: skip
def test_an_age_is_worded_in_whole_units(minutes: int, said: str) -> None:
    assert wording.age(NOW - minutes * MINUTE, NOW) == said


def test_moments_are_in_the_facilitys_zone() -> None:
    assert wording.moment(NOW, ZONE) == "24-Nov-2026 11:00"


@pytest.mark.parametrize(
    ("iso", "said"),
    [("2019", "2019"), ("2019-05", "May-2019"), ("2019-05-09", "09-May-2019"),
     ("2026-11-24T02:40:00-05:00", "24-Nov 02:40"),
     ("2026-11-24T07:40:00Z", "24-Nov 02:40"), ("2025-11-24T07:40:00Z", "24-Nov-2025 02:40"),
     ("2019-13", "as sent: 2019-13"),
     ("yesterday", "as sent: yesterday")],
)  # fmt: skip
def test_a_clinical_time_keeps_its_own_precision(iso: str, said: str) -> None:
    assert wording.clinical(When(iso), NOW, ZONE).text == said


def test_an_assumed_zone_is_marked() -> None:
    assert wording.clinical(When("2026-11-24T02:40:00-05:00", "202611240240", True), NOW, ZONE).assumed


@pytest.mark.parametrize(
    ("born", "said"),
    [("1955-03-04", "04-Mar-1955 (71 y)"), ("2026-11-20", "20-Nov-2026 (4 d)"), ("2026-01-20", "20-Jan-2026 (10 mo)"),
     ("1955", "1955"), ("", "birth date unknown"), ("04/03/55", "born, as sent: 04/03/55"),
     ("2031-01-01", "01-Jan-2031")],
)  # fmt: skip
def test_a_birth_date_is_worded_with_its_age(born: str, said: str) -> None:
    assert wording.birth(born, NOW, ZONE) == said


def test_every_medicine_stands_in_exactly_one_group() -> None:
    plain = Medication("1", "a", "active", "", "", "", False, False, "", None, None, 0, STAMP)
    meds = [plain, replace(plain, as_needed=True), replace(plain, infusion=True), replace(plain, status="on-hold"),
            replace(plain, status="stopped"), replace(plain, status="nonsense")]  # fmt: skip

    groups = tables.medication_groups(meds)

    drawn = (groups.scheduled, groups.as_needed, groups.running, groups.held, groups.ended)
    assert [len(group) for group in drawn] == [2, 1, 1, 1, 1]


def test_the_hour_that_comes_twice_says_which_one_it_is() -> None:
    first = int(datetime(2026, 11, 1, 5, 30, tzinfo=UTC).timestamp()) * US_PER_S
    second = first + 60 * MINUTE
    assert [wording.short(each, second, ZONE) for each in (first, second)] == ["01:30 EDT", "01:30 EST"]
    assert wording.moment(second, ZONE) == "01-Nov-2026 01:30 EST"
    assert wording.clinical(When("2026-11-01T01:30:00-04:00"), second, ZONE).text == "01-Nov 01:30 EDT"
    assert wording.moment(second + 60 * MINUTE, ZONE) == "01-Nov-2026 02:30"


def test_a_trend_needs_three_plain_numbers() -> None:
    assert tables.trend(["1", "2"]) == ""
    assert tables.trend(["1", ">2", "3"]) == ""
    assert tables.trend(["1", "2", "3"]).count(",") == 3


def test_amber_begins_after_the_threshold_and_red_after_twice_that() -> None:
    def level(seconds: int) -> str:
        return state.level_of(NOW - seconds * US_PER_S, NOW, 900, clock_trusted=True).value

    assert [level(s) for s in (900, 901, 1800, 1801)] == ["heard", "old", "old", "very-old"]


@pytest.mark.parametrize(
    ("number", "groups"),
    [("", ()), ("482193", ("482193",)), ("000482193", ("000", "482", "193")), ("9434765919", ("943", "476", "5919")),
     ("1234567", ("123", "4567")), ("A1234567", ("A1234567",)), ("１２３４５６７", ("１２３４５６７",))],
)  # fmt: skip
def test_only_a_long_number_of_plain_digits_is_drawn_in_groups(number: str, groups: tuple[str, ...]) -> None:
    assert wording.in_groups(number) == groups
