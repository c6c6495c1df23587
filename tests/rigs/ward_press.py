"""The press of the tests: the real drawing, in the order the house keeps."""

from __future__ import annotations

from dataclasses import replace

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
