"""Held back on the screen: said on every page, on the chart and the feeds page, and released from there."""

from __future__ import annotations

from web_rig import House


def hold(home: House, deed: str = "hold") -> int:
    guest = home.in_as("engineer")
    guest.get("/feeds")
    got = guest.post("/feeds", {"deed": deed, "source": "feed:adt", "reason": "nobody knows who speaks"})
    home.fold()
    return got.status


def test_a_held_feed_is_said_on_every_page_and_released_on_the_feeds_page(home: House) -> None:
    assert "held back" not in home.in_as("nurse").get("/units").text
    assert hold(home) == 303
    assert "feed held back" in home.in_as("nurse").get("/units").text
    page = home.in_as("engineer").get("/feeds").text
    assert "kept, not shown" in page
    assert 'value="release"' in page
    assert hold(home, "release") == 303
    assert "held back" not in home.in_as("nurse").get("/units").text


def test_a_nurse_is_offered_no_hold_and_a_forged_one_does_nothing(home: House) -> None:
    guest = home.in_as("nurse")
    assert 'value="hold"' not in guest.get("/feeds").text
    assert guest.post("/feeds", {"deed": "hold", "source": "feed:adt", "reason": "x"}).status == 403
    assert home.said("source.held") == []


def test_a_feed_known_by_its_address_only_is_said_to_be_not_authenticated(home: House) -> None:
    home.configure(feed__adt__authenticated=False)
    home.fold()
    nurse = home.in_as("nurse")
    unknown = nurse.get("/feeds").text.count("not authenticated</span>: known by its address only")
    assert "certificate until" not in nurse.get("/feeds").text, "the control: this sender showed none that counts"
    assert "not authenticated: <bdi>adt</bdi>" in nurse.get("/beds?unit=4W").text
    home.configure(feed__adt__authenticated=True)
    home.fold()
    assert "▲ any certificate of its authority" in nurse.get("/feeds").text
    home.configure(feed__adt__certificates=1)
    home.fold()
    page = nurse.get("/feeds").text
    assert "pinned certificate" in page
    assert "certificate until 13-Mar-2027" in page
    assert page.count("not authenticated</span>: known by its address only") == unknown - 1
