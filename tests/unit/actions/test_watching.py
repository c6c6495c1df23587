"""What the privacy officer is told to look at first: counted from the read log, by person, in the fullest time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codedark.actions import BOUNDS, Reading, alarms
from codedark.clock import US_PER_S
from codedark.views import ReadRow

MINUTE, HOUR = 60 * US_PER_S, 3600 * US_PER_S


def row(
    number: int, at: int, what: str = "chart", *, person: str = "p1", patient: str = "", reason: str = ""
) -> ReadRow:
    return ReadRow(number, at, person, "s1", what, patient, "4W", reason, "fold", number)


def charts(count: int, every_us: int, **more: str) -> list[ReadRow]:
    return [row(number, number * every_us, patient=f"pat{number}", **more) for number in range(count)]


def test_sixty_charts_in_an_hour_are_a_round_sixty_one_are_asked_about() -> None:
    assert alarms(charts(60, MINUTE // 2)) == []
    (alarm,) = alarms(charts(61, MINUTE // 2))
    assert (alarm.person, alarm.reading, alarm.count) == ("p1", Reading.CHARTS, 61)
    assert (alarm.since_us, alarm.until_us) == (0, 60 * (MINUTE // 2))


def test_the_same_chart_a_hundred_times_is_one_chart() -> None:
    assert alarms([row(number, number * US_PER_S, patient="one") for number in range(100)]) == []


def test_slow_reading_is_never_unusual() -> None:
    assert alarms(charts(1000, 2 * MINUTE)) == []


def test_whole_units_on_paper_are_counted_each() -> None:
    packs = [row(number, number * MINUTE, "pack") for number in range(4)]

    assert alarms(packs[:3]) == []
    assert [(alarm.reading, alarm.count) for alarm in alarms(packs)] == [(Reading.PACKS, 4)]


def test_charts_outside_ones_units_are_counted_over_a_shift() -> None:
    found = alarms(charts(11, 30 * MINUTE, reason="consult"))

    assert [(alarm.reading, alarm.count) for alarm in found] == [(Reading.OUTSIDE, 11)]


def test_two_people_are_never_added_up() -> None:
    assert alarms([*charts(40, MINUTE // 2), *charts(40, MINUTE // 2, person="p2")]) == []


def test_the_fullest_time_is_told_wherever_it_lies() -> None:
    calm = [row(number, number * 61 * MINUTE, "search") for number in range(5)]
    burst = [row(100 + number, 3 * HOUR + number * US_PER_S, "search") for number in range(80)]

    (alarm,) = alarms([*burst, *calm])

    assert alarm.count == 81
    assert alarm.since_us >= 2 * HOUR


@given(times=st.lists(st.integers(0, 8 * 3600), max_size=150))
def test_the_count_is_that_of_the_fullest_window(times: list[int]) -> None:
    rows = [row(number, at * US_PER_S, "search") for number, at in enumerate(times)]
    bound = BOUNDS[Reading.SEARCHES]
    most = max((sum(1 for at in times if end - bound.within_us // US_PER_S <= at <= end) for end in times), default=0)

    assert [alarm.count for alarm in alarms(rows)] == ([most] if most > bound.most else [])
