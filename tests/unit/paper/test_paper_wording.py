"""How times, ages and outside text are written on paper."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from codedark.paper.mar import dose_rows
from codedark.paper.wording import BREAK, age, born, brief, drawable, mar_day, moment, number, printable, span, when
from codedark.views import When

NEW_YORK = ZoneInfo("America/New_York")


def us(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp()) * 1_000_000


PRINTED = us("2026-11-24T03:21:00-05:00")


def test_moment_is_written_in_the_facility_zone() -> None:
    assert moment(PRINTED, NEW_YORK) == "24-Nov-2026 03:21"


def test_the_hour_that_comes_twice_says_which_one_it_is() -> None:
    first, second = us("2026-11-01T05:30:00+00:00"), us("2026-11-01T06:30:00+00:00")
    assert [moment(each, NEW_YORK) for each in (first, second)] == ["01-Nov-2026 01:30 EDT", "01-Nov-2026 01:30 EST"]
    assert brief(first, second, NEW_YORK) == "01:30 EDT"
    assert when(When("2026-11-01T01:30:00-04:00"), NEW_YORK, second) == "01-Nov 01:30 EDT"
    assert moment(us("2026-11-01T07:30:00+00:00"), NEW_YORK) == "01-Nov-2026 02:30"


def test_what_was_never_heard_is_never() -> None:
    assert moment(None, NEW_YORK) == "never"
    assert brief(None, PRINTED, NEW_YORK) == "never"


@pytest.mark.parametrize(
    ("iso", "drawn"),
    [
        ("2026", "2026"),
        ("2026-11", "Nov-2026"),
        ("2026-11-23", "23-Nov-2026"),
        ("2026-11-23T21:04:00-05:00", "23-Nov-2026 21:04"),
        ("2026-11-24T02:04:00Z", "23-Nov-2026 21:04"),
        ("2026-13-45", "“2026-13-45”"),
        ("yesterday", "“yesterday”"),
    ],
)
def test_clinical_time_keeps_its_precision(iso: str, drawn: str) -> None:
    assert when(When(iso), NEW_YORK) == drawn


def test_assumed_zone_is_marked() -> None:
    assert when(When("2026-11-23T21:04:00-05:00", "202611232104", True), NEW_YORK) == "23-Nov-2026 21:04*"


def test_recent_time_leaves_the_year_to_the_line_of_state() -> None:
    assert when(When("2026-11-23T21:04:00-05:00"), NEW_YORK, PRINTED) == "23-Nov 21:04"


@pytest.mark.parametrize("iso", ["2025-11-23T21:04:00-05:00", "2026-11-25T21:04:00-05:00"])
def test_time_long_ago_or_ahead_keeps_its_year(iso: str) -> None:
    assert when(When(iso), NEW_YORK, PRINTED).endswith("21:04")
    assert iso[:4] in when(When(iso), NEW_YORK, PRINTED)


def test_time_not_given_is_not_recorded() -> None:
    assert when(None, NEW_YORK) == "time not recorded"


@pytest.mark.parametrize(
    ("birth_date", "said"),
    [
        ("1955-03-04", "71 y"),
        ("1955-11-25", "70 y"),
        ("2026-11-15", "9 d"),
        ("2025-09-24", "14 mo"),
        ("1955", "about 71 y"),
        ("", "age not known"),
        ("2027-01-01", "age not known"),
        ("1955-02-31", "age not known"),
    ],
)
def test_age_on_the_day_of_printing(birth_date: str, said: str) -> None:
    assert age(birth_date, PRINTED, NEW_YORK) == said


def test_unreadable_birth_date_is_printed_as_it_came() -> None:
    assert born("4/3/55") == "“4/3/55”"
    assert born("") == "not recorded"


@pytest.mark.parametrize(("minutes", "said"), [(9, "9 min"), (468, "7 h 48 min"), (3063, "2 d 3 h"), (-5, "0 min")])
def test_span_is_rounded_down(minutes: int, said: str) -> None:
    assert span(minutes * 60_000_000) == said


def test_thousands_are_set_apart() -> None:
    assert number(48_211) == "48 211"


@pytest.mark.parametrize(
    ("hidden", "drawn"),
    [
        ("a\u202eb", "a‹U+202E›b"),
        ("a\u200bb", "a‹U+200B›b"),
        ("a\u2066b", "a‹U+2066›b"),
        ("a\nb", "a‹LF›b"),
        ("a\x00b", "a‹NUL›b"),
        ("a\u0301", "á"),
        ("5\u0338 mg", "5‹U+0338› mg"),
        ("李", "‹U+674E›"),
        ("‹LF›", "‹U+2039›LF‹U+203A›"),
        ("a\u00a0b", "a b"),
    ],
)
def test_what_cannot_be_seen_is_drawn_as_a_mark(hidden: str, drawn: str) -> None:
    assert printable(hidden) == drawn


def test_long_run_gets_places_to_break_and_keeps_every_character() -> None:
    drawn = printable("x" * 300)
    assert drawn.replace(BREAK, "") == "x" * 300
    assert max(map(len, drawn.split(BREAK))) <= 4


def test_typeface_draws_latin_greek_cyrillic_and_units() -> None:
    assert set("ŁukaszewiczéñßαβμЖ°±≥½×–—“”¶") <= drawable()


def test_mar_day_is_the_sites_when_eight_hours_of_it_are_left() -> None:
    first, last, bridges = mar_day(us("2026-11-24T12:00:00-05:00"), NEW_YORK, 7)
    assert (first.day, first.hour, last.day, last.hour, bridges) == (24, 7, 25, 7, False)


def test_sheet_printed_late_in_the_mar_day_runs_24_hours_from_its_hour() -> None:
    first, last, bridges = mar_day(PRINTED, NEW_YORK, 7)
    assert (first.day, first.hour, last.day, last.hour, bridges) == (24, 3, 25, 3, True)


@pytest.mark.parametrize(
    ("schedule", "rows"),
    [
        ("daily", 2),
        ("BID", 3),
        ("q8h", 3),
        ("every 6 hours", 4),
        ("Q4H", 6),
        ("with meals", 4),
        ("", 4),
        ("BID or TID", 4),
        ("daily, 5 mg oral daily", 2),
        ("at bedtime", 2),
    ],
)
def test_rows_are_room_for_a_day(schedule: str, rows: int) -> None:
    assert dose_rows(schedule) == rows
