"""The MAR tab: due only while doses are known, and the sheet that may hold later ones is named."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from web_rig import House

from codedark.entries import FeedHeard, SheetsPrinted, draft_of

HOUR_US = 3_600_000_000


@pytest.fixture
def page(home: House) -> str:
    """A patient with vancomycin once a day: the order gives its time, and the dose of that time was heard. The feed is
    declared to carry doses and was just heard. The address of the chart."""
    now = home.clock.now_us()
    given = datetime.fromtimestamp((now - HOUR_US) / 1e6, UTC).strftime("%Y%m%d%H%M%S+0000")
    zone = home.deeds.record.site().zone
    wall = datetime.fromtimestamp((now - HOUR_US) / 1e6, ZoneInfo(zone)).strftime("%H%M")
    head = "PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F\rPV1|1|I|4W^01^A^WTB"
    home.hear(
        f"MSH|^~\\&|EHR|WTB|CODEDARK|WTB|{given}||RDE^O11^RDE_O11|M1|P|2.5.1\r{head}\rORC|NW|77|77\r"
        f"TQ1|1||QD|{wall}\rRXE|^^^{given}^^R|1^vancomycin^L|1||g\rRXR|IV^Intravenous^HL70162"
    )
    home.hear(
        f"MSH|^~\\&|EHR|WTB|CODEDARK|WTB|{given}||RAS^O17^RAS_O17|M2|P|2.5.1\r{head}\rORC|RE|77|77\r"
        f"RXA|0|1|{given}|{given}|1^vancomycin^L|1|g||||||||||||CP"
    )
    home.configure(feed__adt__carries=["mar"], feed__adt__expected_s=900, feed__adt__declared=True)
    home.append(draft_of(FeedHeard(feed="adt", since_us=now - 1, until_us=now, received=1), source="node"))
    home.fold()
    return f"/chart/{home.patient('4W')}"


def text(home: House, page: str) -> str:
    got = home.in_as("physician").get(page)
    assert got.status == 200
    return got.text


def test_while_the_feed_carries_doses_and_speaks_the_next_due_is_told_with_its_source(home: House, page: str) -> None:
    shown = text(home, page)
    assert "Covered:" in shown
    assert "next due" in shown
    assert "time in the order" in shown


def test_a_mar_sheet_that_is_out_is_named_and_ends_every_due_time(home: House, page: str) -> None:
    patient = page.removeprefix("/chart/")
    sheets = SheetsPrinted(
        unit="4W", pack="p", copy=1, fold="", position=0, person="", sheets=[["WTB-7F3K-2", patient, "mar", 1, 1]]
    )
    home.append(draft_of(sheets, source="node"))
    home.fold()
    shown = text(home, page)
    assert "next due" not in shown
    assert "WTB-7F3K-2" in shown
    assert "out since" in shown


def test_a_feed_that_is_not_declared_to_keep_a_pace_ends_every_due_time(home: House, page: str) -> None:
    home.configure(feed__adt__expected_s=0)
    shown = text(home, page)
    assert "next due" not in shown
    assert "No feed is declared to carry the MAR" in shown


def test_from_the_moment_the_ehr_is_dark_nothing_is_due(home: House, page: str) -> None:
    home.configure(incident__dark_since_us=home.clock.now_us())
    assert "next due" not in text(home, page)
