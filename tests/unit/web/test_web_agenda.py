"""Lists of who is expected, leaves, left, is booked: the day is the facility's, and what for is clinical."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from web_rig import House

from codedark.clock import US_PER_S
from codedark.views import When
from codedark.web.pages.agenda import within

ZONE = ZoneInfo("America/New_York")


def day(home: House, ahead: int) -> str:
    at = datetime.fromtimestamp(home.clock.now_us() // US_PER_S, UTC).astimezone(ZONE)
    return (at + timedelta(ahead)).strftime("%Y%m%d")


def visit(home: House, trigger: str, mrn: str, name: str, unit: str, pv2: str = "", left: str = "") -> None:
    home.hear("\r".join(filter(None, [
        f"MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260921150500||ADT^{trigger}|{trigger}{mrn}|P|2.5.1",
        f"EVN|{trigger}|20260921150500",
        f"PID|1||{mrn}^^^WTB^MR||{name}||19550304|F",
        f"PV1|1|I|{unit}^01^A^WTB" + "|" * 16 + f"V{mrn}" + "|" * 26 + left,
        pv2,
    ])))  # fmt: skip


def booked(home: House, start: str, trigger: str = "S12") -> None:
    home.hear("\r".join([
        f"MSH|^~\\&|SCH|WTB|CODEDARK|WTB|20260921150600||SIU^{trigger}|{trigger}1|P|2.5.1",
        f"SCH|P1|F1|||||HIP^Hip replacement^L|||30|min|^^30^{start}",
        "PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F",
        "RGS|1",
        "AIL|1||OR3^^^WTB",
    ]))  # fmt: skip


def listed(home: House, login: str, query: str) -> str:
    got = home.in_as(login).get(f"/agenda?{query}")
    assert got.status == 200
    return got.text[got.text.index("<main") :]


def test_an_arrival_of_tomorrow_is_listed_with_the_unit_it_is_planned_for(home: House) -> None:
    visit(home, "A05", "7001", "NEWMAN^NELL", "6S", "PV2" + "|" * 8 + day(home, 1))
    visit(home, "A05", "7002", "LATER^LEO", "6S", "PV2" + "|" * 8 + day(home, 5))

    text = listed(home, "physician", "list=arrivals")

    assert "NEWMAN" in text
    assert "6S" in text
    assert "LATER" not in text


def test_who_is_to_leave_today_is_listed_on_the_unit(home: House) -> None:
    visit(home, "A01", "7003", "GOING^GIL", "4W", "PV2" + "|" * 9 + day(home, 0))

    assert "GOING" in listed(home, "nurse", "list=leaving&unit=4W")
    assert "GOING" not in listed(home, "nurse", "list=leaving&unit=5E")


def test_who_left_is_listed_for_thirty_days(home: House) -> None:
    for mrn, name, ago in (("7004", "GONE^GUS", 29), ("7005", "LONGAGO^LOU", 32)):
        visit(home, "A03", mrn, name, "4W", left=day(home, -ago) + "1200")

    text = listed(home, "physician", "list=left")

    assert "GONE" in text
    assert "LONGAGO" not in text


@pytest.mark.parametrize(("trigger", "there"), [("S12", True), ("S15", False)])
def test_a_booking_of_tomorrow_stands_while_it_is_not_cancelled(home: House, trigger: str, there: bool) -> None:
    booked(home, day(home, 1) + "0800")
    booked(home, day(home, 1) + "0800", trigger)

    assert ("MARLOWE" in listed(home, "physician", "list=bookings")) is there


def test_what_a_booking_is_for_is_shown_to_the_bedside_and_not_to_a_clerk(home: House) -> None:
    booked(home, day(home, 1) + "0800")

    seen, clerks = listed(home, "physician", "list=bookings"), listed(home, "clerk", "list=bookings")

    assert "Hip replacement" in seen
    assert "MARLOWE" in clerks
    assert "Hip replacement" not in clerks


def test_a_nurse_sees_what_for_on_her_own_unit_only(home: House) -> None:
    booked(home, day(home, 1) + "0800")
    visit(home, "A02", "482193", "MARLOWE^ADA", "5E")

    assert "Hip replacement" not in listed(home, "nurse", "list=bookings")


def test_each_list_opened_is_a_row_of_the_read_log(home: House) -> None:
    listed(home, "clerk", "list=arrivals&unit=4W")

    seen = home.said("chart.viewed")[-1]
    assert (seen.what, seen.unit, seen.patient) == ("agenda", "4W", "")


@pytest.mark.parametrize(
    ("iso", "inside"),
    [("2026-11-24", True), ("2026-11-25", False), ("2026-11-25T04:59:00Z", True), ("2026-11-25T05:00:00Z", False),
     ("2026-11-24T04:59:00Z", False), ("2026-11", True)],
)  # fmt: skip
def test_the_day_is_that_of_the_facility(iso: str, inside: bool) -> None:
    now = int(datetime(2026, 11, 24, 16, tzinfo=UTC).timestamp()) * US_PER_S

    assert within((0, 0), now, ZONE)(When(iso)) is inside
    assert within((0, 0), now, ZONE)(None)
