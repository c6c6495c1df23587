"""Print a whole unit from the screen: a permission, a ledger entry first, then paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from web_rig import House, house

from codedark.access import Session
from codedark.actions import Deeds, sheets_printed
from codedark.paper import PackRequest, draw_pack, plan_sheets


def press(deeds: Deeds, session: Session, unit: str, paper: str) -> bytes:
    """The real drawing, in the order the house keeps: plan, ledger, ink."""
    record = deeds.record
    census = record.census(unit)
    asked = PackRequest(
        unit=unit, facility="Waterbury", as_of=record.as_of(), checkpoint_note="", census=census, feeds=record.feeds(),
        charts=tuple(record.chart(row.patient) for row in census if row.patient), zone="America/New_York", draft=False,
        printed_at_us=deeds.clock.now_us(), sheet_key=b"sheet key of tests",
        paper="letter" if paper == "letter" else "a4",
    )  # fmt: skip
    plan = plan_sheets(asked, deeds.chance)
    sheets_printed(deeds, session, unit=unit, pack="pack", copy=1, sheets=plan.rows())
    return draw_pack(replace(asked, sheets=plan.ids)).pdf


@pytest.fixture
def printing(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, press=press) as made:
        yield made


def test_a_printed_unit_is_a_pdf_and_its_sheets_are_in_the_ledger(printing: House) -> None:
    guest = printing.in_as("nurse")
    guest.get("/print?unit=4W")

    got = guest.post("/print", {"unit": "4W", "paper": "a4"})

    assert got.headers["content-type"] == "application/pdf"
    assert got.body.startswith(b"%PDF-")
    assert got.headers["cache-control"] == "no-store"
    assert "MARLOWE" not in got.headers["content-disposition"]
    assert {row[1] for row in printing.said("sheets.printed")[-1].sheets} == {"", printing.patient("4W")}


def test_another_unit_is_not_printed(printing: House) -> None:
    guest = printing.in_as("nurse")
    guest.get("/print?unit=4W")

    got = guest.post("/print", {"unit": "5E", "paper": "a4"})

    assert got.status == 403
    assert printing.said("sheets.printed") == []


def test_without_a_ledger_entry_nothing_goes_to_paper(printing: House) -> None:
    guest = printing.in_as("nurse")
    guest.get("/print?unit=4W")
    printing.full = True

    got = guest.post("/print", {"unit": "4W", "paper": "a4"})

    assert got.status == 503
    assert not got.body.startswith(b"%PDF")
    assert "none may go to paper" in got.text


def test_without_a_press_the_page_says_where_packs_are(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        guest = home.in_as("nurse")
        guest.get("/print?unit=4W")

        got = guest.post("/print", {"unit": "4W"})

    assert got.status == 503
    assert "codedark pack" in got.text
