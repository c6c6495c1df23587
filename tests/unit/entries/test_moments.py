"""HL7 times: precision and zone kept, nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedark.entries.moments import ASSUMED_ZONE, DOUBTFUL_HOUR, SOURCE_TEXT, moment, put_time, time_of_day

ZONE = "America/New_York"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026", "2026"),
        ("202611", "2026-11"),
        ("20261123", "2026-11-23"),
        ("202611231458", "2026-11-23T14:58:00-05:00"),
        ("20261123145830", "2026-11-23T14:58:30-05:00"),
        ("20260723145830", "2026-07-23T14:58:30-04:00"),
        ("20261123145830.1230", "2026-11-23T14:58:30.1230-05:00"),
        ("20261123145830+0000", "2026-11-23T14:58:30+00:00"),
        ("20261123145830-0330", "2026-11-23T14:58:30-03:30"),
        ("2026112314", "2026-11-23"),
    ],
)
def test_precision_and_zone_are_kept(text: str, iso: str) -> None:
    assert moment(text, ZONE).iso == iso


@pytest.mark.parametrize(
    "text",
    [
        "20260230",
        "20261301",
        "202611232460",
        "2026112325",
        "20261123145861",
        "0000",
        "yesterday",
        "2026-11-23",
        "20261123145830+9900",
        "2026112",
        "20261123145830 EST",
    ],
)
def test_impossible_time_is_a_problem_and_no_guess(text: str) -> None:
    when = moment(text, ZONE)
    assert (when.iso, when.at_us, bool(when.problem)) == ("", None, True)


def test_offset_decides_the_instant() -> None:
    assert moment("20261123145830-0500", ZONE).at_us == moment("20261123145830", ZONE).at_us


def test_hour_that_happens_twice_is_marked() -> None:
    assert moment("202611010130", ZONE).doubtful


def test_hour_that_never_happens_is_marked() -> None:
    assert moment("202603080230", ZONE).doubtful


def test_ordinary_hour_is_not_marked() -> None:
    assert not moment("202611010330", ZONE).doubtful


def put(text: str, **how: Any) -> dict[str, Any]:
    body: dict[str, Any] = {}
    put_time(body, "x", moment(text, ZONE), **how)
    return body


def test_assumed_zone_stands_beside_the_time_with_the_source_text() -> None:
    assert put("202611231458")["_x"] == {"extension": [{"url": ASSUMED_ZONE, "valueString": "202611231458"}]}


def test_time_with_its_own_offset_assumes_nothing() -> None:
    assert put("202611231458-0500") == {"x": "2026-11-23T14:58:00-05:00"}


def test_day_needs_no_zone() -> None:
    assert put("20261123") == {"x": "2026-11-23"}


def test_hour_without_minutes_keeps_its_source_text() -> None:
    assert put("2026112314")["_x"]["extension"][0] == {"url": SOURCE_TEXT, "valueString": "2026112314"}


def test_day_is_no_instant_but_its_text_is_kept() -> None:
    assert put("20261123", instant=True) == {"_x": {"extension": [{"url": SOURCE_TEXT, "valueString": "20261123"}]}}


def test_doubtful_hour_says_so() -> None:
    assert DOUBTFUL_HOUR in [each["url"] for each in put("202611010130")["_x"]["extension"]]


@pytest.mark.parametrize(("text", "time"), [("0700", "07:00:00"), ("235959", "23:59:59"), ("2460", ""), ("x", "")])
def test_time_of_day(text: str, time: str) -> None:
    assert time_of_day(text) == time


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_a_problem(text: str) -> None:
    when = moment(text, ZONE)
    assert bool(when.iso) != bool(when.problem)


@given(
    st.from_regex(r"\A[0-9]{4,14}(\.[0-9]{1,4})?([+-][0-9]{4})?\Z"), st.sampled_from([ZONE, "Asia/Kolkata", "nowhere"])
)
def test_any_digits_are_a_moment_or_a_problem(text: str, zone: str) -> None:
    when = moment(text, zone)
    assert bool(when.iso) != bool(when.problem)
