"""What a form asks for stands sealed in an address: what was posted a browser would keep, and the words with it."""

from __future__ import annotations

import re

import pytest
from web_rig import Guest, House


def searched(guest: Guest, text: str = "marlowe") -> str:
    guest.get("/search")
    return guest.post_only("/search", {"text": text}).place


def test_a_search_is_answered_by_an_address_without_a_word_of_it(home: House) -> None:
    guest = home.in_as("physician")

    place = searched(guest, "marlowe 482193")

    assert re.fullmatch(r"/search\?slip=[A-Za-z0-9_-]+", place)
    assert "MARLOWE" in guest.get(place).text


def test_a_slip_is_worth_nothing_to_another_session(home: House) -> None:
    place = searched(home.in_as("physician"))

    other = home.in_as("physician").get(place)

    assert other.status == 200
    assert "MARLOWE" not in other.text


def test_a_slip_of_one_page_is_worth_nothing_on_another(home: House) -> None:
    guest = home.in_as("nurse")
    place = searched(guest, "reason enough")
    outside = home.patient("5E")

    got = guest.get(f"/chart/{outside}?{place.partition('?')[2]}")

    assert got.status == 403
    assert "OKAFOR" not in got.text


@pytest.mark.parametrize("slip", ["", "x", "A" * 100, "%00", "é" * 9])
def test_what_is_no_slip_asks_for_nothing(home: House, slip: str) -> None:
    got = home.in_as("physician").get(f"/search?slip={slip}")

    assert got.status == 200
    assert "MARLOWE" not in got.text


def test_a_slip_without_a_session_leads_to_the_entrance(home: House) -> None:
    place = searched(home.in_as("physician"))

    assert home.guest().get(place).place.startswith("/login")


def test_a_reason_opens_a_chart_and_opens_it_again_with_each_look_in_the_log(home: House) -> None:
    guest, outside = home.in_as("nurse"), home.patient("5E")
    guest.get(f"/chart/{outside}")
    place = guest.post_only(f"/chart/{outside}", {"reason": "consult for NGOZI"}).place

    assert "NGOZI" not in place
    assert [guest.get(place).status, guest.get(place).status] == [200, 200]
    assert [one.reason for one in home.said("chart.viewed")] == ["consult for NGOZI"] * 2


def test_a_deed_is_never_done_by_an_address(home: House) -> None:
    guest = home.in_as("engineer")
    guest.get("/worklist")

    assert "slip" not in guest.post_only("/worklist", {"item": "1/x"}).place


def test_words_too_long_for_an_address_are_answered_at_once(home: House) -> None:
    guest = home.in_as("physician")
    guest.get("/search")

    got = guest.post_only("/search", {"text": "marlowe " + "x" * 4000})

    assert got.status == 200


def test_without_its_token_no_slip_is_given(home: House) -> None:
    guest = home.in_as("physician")

    got = guest.post_only("/search", {"text": "marlowe"}, token="0" * 32)

    assert got.place.startswith("/refused?slip=")
    assert guest.get(got.place).status == 403
    assert "marlowe" not in guest.get(got.place).text.casefold()
