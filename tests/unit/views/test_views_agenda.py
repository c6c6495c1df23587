"""Who is expected, is to leave, left, is booked, is in the emergency department."""

from __future__ import annotations

from typing import Any

import pytest
from views_tape import Views, fact, patient, stay

from codedark.entries import Op
from codedark.views import Expected, Record

DAY = 86_400_000_000
NOON = 1_790_164_800_000_000  # 2026-09-23T12:00Z
ALL = (0, 1 << 60)
R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter."


def planned(name: str, iso: str) -> dict[str, Any]:
    return {"extension": [{"url": R5 + name, "valueDateTime": iso}]}


def booking(id_: str, status: str = "booked", at: int = 0) -> Any:
    body = {"status": status, "start": "2026-09-24T08:00:00Z", "serviceType": [{"text": "Hip replacement"}]}
    return fact("Appointment", id_, "p1", body, at)


def names(record: Record, kind: Expected, since: int = ALL[0], until: int = ALL[1]) -> list[tuple[str, str]]:
    return [(row.who.name, row.unit) for row in record.agenda(kind, since, until)]


@pytest.fixture(autouse=True)
def somebody(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))


def test_a_planned_visit_is_an_arrival_on_its_day_and_in_no_bed(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "4W^01^A", status="planned", **planned("plannedStartDate", "2026-09-24")))
    record = views.caught_up()

    assert names(record, Expected.ARRIVAL, NOON, NOON + 2 * DAY) == [("MARLOWE, Ada", "4W")]
    assert names(record, Expected.ARRIVAL, NOON + 2 * DAY, NOON + 4 * DAY) == []
    assert names(record, Expected.LEAVING) == names(record, Expected.LEFT) == []


def test_an_arrival_without_a_day_stands_on_every_day(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "4W^01^A", status="planned"))
    (row,) = views.caught_up().agenda(Expected.ARRIVAL, NOON + 9 * DAY, NOON + 10 * DAY)
    assert row.when is None


def test_an_arrival_that_came_is_expected_no_more(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "4W^01^A", status="planned"))
    views.tape.facts(stay("e1", "p1", "4W^01^A", 5, status="in-progress"))
    assert names(views.caught_up(), Expected.ARRIVAL) == []


def test_an_expected_discharge_stands_until_it_happens_and_then_under_left(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "4W^01^A", **planned("plannedEndDate", "2026-09-24T10:00:00Z")))
    record = views.caught_up()
    assert names(record, Expected.LEAVING, NOON, NOON + DAY) == [("MARLOWE, Ada", "4W")]

    views.tape.facts(stay("e1", "p1", "4W^01^A", 5, status="finished", period={"end": "2026-09-24T11:00:00Z"}))
    record = views.caught_up()
    assert names(record, Expected.LEAVING) == []
    assert names(record, Expected.LEFT, NOON, NOON + DAY) == [("MARLOWE, Ada", "4W")]


def test_who_left_and_is_here_again_has_not_left(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "4W^01^A", status="finished", period={"end": "2026-09-20T11:00:00Z"}))
    views.tape.facts(stay("e2", "p1", "5E^01^A", 5))
    assert names(views.caught_up(), Expected.LEFT) == []


@pytest.mark.parametrize(("status", "listed"), [("booked", True), ("cancelled", False), ("noshow", False)])
def test_a_booking_stands_while_it_holds(views: Views, status: str, listed: bool) -> None:
    views.tape.facts(booking("a1"))
    views.tape.facts(booking("a1", status, 5))
    rows = views.caught_up().agenda(Expected.BOOKING, NOON, NOON + DAY)
    assert [row.what for row in rows] == ["Hip replacement"] * listed


def test_an_emergency_visit_is_listed_while_it_lasts(views: Views) -> None:
    views.tape.facts(stay("e1", "p1", "ED^03^A", **{"class": {"code": "EMER"}}))
    assert names(views.caught_up(), Expected.EMERGENCY) == [("MARLOWE, Ada", "ED")]
    views.tape.facts(stay("e1", "p1", "ED^03^A", 5, status="finished", **{"class": {"code": "EMER"}}))
    assert names(views.caught_up(), Expected.EMERGENCY) == []


def test_a_booking_that_was_deleted_is_on_no_list(views: Views) -> None:
    views.tape.facts(booking("a1"))
    views.caught_up()
    views.tape.facts(fact("Appointment", "a1", "p1", {}, 5, op=Op.DELETE))
    assert names(views.caught_up(), Expected.BOOKING) == []
