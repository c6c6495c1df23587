"""What came since a page was drawn is counted for that page alone, names nobody, and keeps no session alive."""

from __future__ import annotations

import html
import json
import re

import pytest
from web_rig import POTASSIUM, Got, Guest, House, admit

from codedark.clock import US_PER_S

_ASK = re.compile(r'data-ask="([^"]+)"')


def asks(page: Got) -> str:
    found = _ASK.search(page.text)
    assert found
    return html.unescape(found[1])


def heard(guest: Guest, place: str) -> int:
    got = guest.get(place)
    assert (got.status, got.headers["content-type"]) == (200, "application/json")
    told: int = json.loads(got.text)["heard"]
    return told


@pytest.fixture
def nurse(home: House) -> Guest:
    return home.in_as("nurse")


def test_a_result_that_came_is_one_new_item_of_that_chart_and_unit(home: House, nurse: Guest) -> None:
    chart = asks(nurse.get(f"/chart/{home.patient('4W')}"))
    beds, elsewhere = asks(nurse.get("/beds?unit=4W")), asks(nurse.get("/beds?unit=5E"))
    assert [heard(nurse, place) for place in (chart, beds, elsewhere)] == [0, 0, 0]

    home.hear(POTASSIUM.replace("|R1|", "|R2|").replace("2823-3^Potassium", "2951-2^Sodium"), "lab")

    assert [heard(nurse, place) for place in (chart, beds, elsewhere)] == [1, 1, 0]
    home.hear(POTASSIUM.replace("|R1|", "|R3|").replace("2823-3^Potassium", "2951-2^Sodium"), "lab")
    assert heard(nurse, chart) == 1, "what is told again is not new"


def test_the_control_a_page_drawn_after_it_counts_nothing(home: House, nurse: Guest) -> None:
    home.hear(POTASSIUM.replace("|R1|", "|R2|").replace("2823-3^Potassium", "2951-2^Sodium"), "lab")

    assert heard(nurse, asks(nurse.get(f"/chart/{home.patient('4W')}"))) == 0


def test_log_ins_and_looks_are_nothing_new(home: House, nurse: Guest) -> None:
    place = asks(nurse.get("/beds?unit=4W"))
    home.in_as("physician").get(f"/chart/{home.patient('4W')}")
    home.fold()

    assert heard(nurse, place) == 0


def test_nobody_asks_with_the_address_of_another_and_the_address_names_nobody(home: House, nurse: Guest) -> None:
    place = asks(nurse.get(f"/chart/{home.patient('4W')}"))

    assert re.fullmatch(r"/news\?slip=[A-Za-z0-9_-]+", place)
    assert home.patient("4W") not in place
    assert home.in_as("physician").get(place).status == 404
    assert home.guest().get(place).status == 303
    assert nurse.get("/news").status == 404


def test_a_page_that_asks_by_itself_keeps_no_session_alive(home: House, nurse: Guest) -> None:
    place = asks(nurse.get("/beds?unit=4W"))
    for _ in range(2):
        home.clock.advance(16 * 60 * US_PER_S)
        got = nurse.get(place)

    assert got.status == 303, "30 minutes without a person end the session, however often its page asked"


def test_the_control_a_person_keeps_it_alive(home: House, nurse: Guest) -> None:
    for _ in range(2):
        home.clock.advance(16 * 60 * US_PER_S)
        got = nurse.get("/beds?unit=4W")

    assert got.status == 200


def test_a_page_without_patients_asks_nothing_and_every_page_offers_to_be_shown_again(nurse: Guest) -> None:
    page = nurse.get("/units").text

    assert not _ASK.search(page)
    assert '<a href="/units">show again</a>' in page


def test_somebody_admitted_is_new_on_the_bed_list(home: House, nurse: Guest) -> None:
    place = asks(nurse.get("/beds?unit=4W"))
    home.hear(admit("600001", "ROY^LEA", "4W", room="02"))

    assert heard(nurse, place) == 1
