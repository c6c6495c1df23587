"""Print a whole unit from the screen: a permission, a ledger entry first, then paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ward_press import press
from web_rig import House, house


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
