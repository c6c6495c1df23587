"""The observations sheet of one patient as values for the template: what was heard, drawn, and columns to write on.

A column is one round, heard or still to be written, as on the RCP's NEWS2 chart (London 2017): points stand in the
middle of their column, and a pen goes on where the drawing ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from codedark.paper.summary import SIGN_WORDS, TIGHT, Print, Values, quantity
from codedark.paper.wording import known, printable, when
from codedark.views import (
    Chart,
    Flowsheet,
    Round,
    Score,
    Sign,
    Strip,
    Unscored,
    Vital,
    flowsheet,
    news2_of,
    not_scored,
    plot,
    scale_two_order,
    shown_unit,
)

HEARD, COLUMNS = 6, 11
"""Newest rounds on the sheet, and all columns: those that are left are empty."""
COLUMN_MM, STRIP_MM = 14.0, 10.0
OTHERS = 2
_UNITS = {
    Sign.RESPIRATION: "/min",
    Sign.SATURATION: "%",
    Sign.OXYGEN: "L/min",
    Sign.PRESSURE: "mmHg",
    Sign.PULSE: "/min",
    Sign.CONSCIOUSNESS: "",
    Sign.TEMPERATURE: "°C",
    Sign.PAIN: "0–10",
}
"""The rows of the sheet, and the unit to write in; a heard value of another unit says its own."""
_SHORT_WORDS = SIGN_WORDS | {Sign.PRESSURE: "BP", Sign.CONSCIOUSNESS: "ACVPU"}
_NO_SCORE = {
    Unscored.CHILD: "No NEWS2: it is not made for patients under 16.",
    Unscored.AGE: "No NEWS2: the age is not known.",
    Unscored.PREGNANT: "No NEWS2: it is not made for pregnancy.",
}


def body(chart: Chart, pr: Print) -> Values:
    """Heads, rows and drawing of the newest rounds, the oldest on the left; what is older is counted."""
    sheet = flowsheet(chart.vitals)
    rounds = sheet.rounds[:HEARD][::-1]
    why = not_scored(chart.banner.birth_date, rounds[-1].at_us, chart.conditions, chart.results) if rounds else None
    ordered = scale_two_order(chart.orders)
    scores = () if why else tuple(news2_of(each, scale_two=ordered is not None) for each in rounds)
    return {
        "heads": [_head(each, pr) for each in rounds],
        "empty": COLUMNS - len(rounds),
        "rows": [_row(sign, unit, sheet, len(rounds)) for sign, unit in _UNITS.items()],
        "news": [_score(each) for each in scores],
        "note": _NO_SCORE[why] if why else _scale(2 if ordered is not None else 1),
        "strips": [_strip(each) for each in plot(rounds, _middles(len(rounds)), STRIP_MM)],
        "column": COLUMN_MM,
        "strip": STRIP_MM,
        "left": len(sheet.rounds) - len(rounds) + len(sheet.loose) + max(0, len(sheet.others) - OTHERS),
        "others": [_other(each, pr) for each in sheet.others[:OTHERS]],
    }


def _middles(count: int) -> tuple[float, ...]:
    return tuple(COLUMN_MM * (at + 0.5) for at in range(count))


def _head(found: Round, pr: Print) -> list[str]:
    """Day, hour and mark of a column; a time that stands as it was sent has no hour of its own."""
    day, _, hour = when(found.when, pr.zone, pr.today_us).partition(" ")
    return [day, hour, found.stamp.mark.value]


def _row(sign: Sign, unit: str, sheet: Flowsheet, count: int) -> Values:
    found = next((row for row in sheet.rows if row.sign is sign), None)
    cells = found.cells[:count][::-1] if found else ((),) * count
    return {"name": _SHORT_WORDS[sign], "unit": unit, "cells": [_cell(cell, unit) for cell in cells]}


def _cell(cell: Sequence[Vital], unit: str) -> str:
    if not cell:
        return ""
    sent = shown_unit(cell[0].unit)
    own = "" if not sent or sent == unit else f" {printable(sent, TIGHT)}"
    return "/".join(known(vital.value, TIGHT) for vital in cell) + own


def _score(score: Score) -> str:
    """Its total; a dash where a part is missing, which is no score."""
    return "–" if score.total is None else str(score.total)


def _scale(scale: int) -> str:
    source = "as ordered" if scale == 2 else "no order for scale 2 was heard"
    return (
        f"NEWS2 of the RCP (2017), SpO₂ scale {scale}: {source}. Add all seven parts; with one missing there "
        "is no score (–). Not in pregnancy."
    )


def _strip(strip: Strip) -> Values:
    return {
        "name": _SHORT_WORDS[strip.sign],
        "low": f"{strip.low:g}",
        "high": f"{strip.high:g}",
        "lines": [list(map(list, line)) for line in strip.lines],
        "bars": [list(bar) for bar in strip.bars],
        "dots": [[x, y] for x, y, _ in strip.dots],
    }


def _other(vital: Vital, pr: Print) -> str:
    at = when(vital.when, pr.zone, pr.today_us)
    return f"{known(vital.name)} {quantity(vital.value, vital.unit)} ({at}) {vital.stamp.mark.value}"
