"""The results sheet of one patient as values for the template: each panel by time, newest left, critical first."""

from __future__ import annotations

from codedark.paper.summary import NAME, SHORT, THIRD, TIGHT, Print, Values, quantity
from codedark.paper.wording import known, moment, printable, when
from codedark.views import Chart, PanelGrid, PanelRow, Result, panel_grids, shown_unit

TIMES = 5
"""Newest times of a panel on the sheet; older ones are counted, and every critical one is named."""
WORDS = 24
"""Characters beyond which a result is words and stands below its panel."""


def body(chart: Chart, pr: Print) -> Values:
    """Panels as tables, and results in words in full."""
    grids = panel_grids(chart.results)
    return {"panels": [_panel(grid, pr) for grid in grids], "left": sum(_left(grid) for grid in grids)}


def _in_words(row: PanelRow) -> bool:
    return any(len(r.value) > WORDS or "\n" in r.value for cell in (*row.cells, row.loose) for r in cell)


def _panel(grid: PanelGrid, pr: Print) -> Values:
    rows = [row for row in grid.rows if not _in_words(row)]
    used = [at for at in range(len(grid.times)) if any(row.cells[at] for row in rows)][:TIMES]
    texts = [_text(row, r, pr) for row in grid.rows if _in_words(row) for r in (*row.loose, *_all(row))]
    return {
        "name": printable(grid.name, NAME) or "No panel named",
        "heads": [_head(grid, at, pr) for at in used],
        "rows": [_row(row, used, pr) for row in rows if any(row.cells)],
        "texts": texts + [_text(row, r, pr) for row in rows for r in row.loose],
        "older": [_text(row, r, pr) for row in rows for r in _older(row, used) if r.critical],
    }


def _all(row: PanelRow) -> list[Result]:
    return [result for cell in row.cells for result in cell]


def _older(row: PanelRow, used: list[int]) -> list[Result]:
    return [result for at, cell in enumerate(row.cells) if at not in used for result in cell]


def _left(grid: PanelGrid) -> int:
    rows = [row for row in grid.rows if not _in_words(row)]
    used = [at for at in range(len(grid.times)) if any(row.cells[at] for row in rows)][:TIMES]
    return sum(not result.critical for row in rows for result in _older(row, used))


def _head(grid: PanelGrid, at: int, pr: Print) -> list[str]:
    _, claimed, stamp = grid.times[at]
    day, _, hour = when(claimed, pr.zone, pr.today_us).partition(" ")
    return [day, hour, stamp.mark.value]


def _row(row: PanelRow, used: list[int], pr: Print) -> Values:
    return {
        "name": known(row.name, THIRD),
        "unit": printable(shown_unit(row.unit), SHORT),
        "reference": printable(row.reference, SHORT),
        "cells": [[_value(result, pr) for result in row.cells[at]] for at in used],
        "critical": row.newest.critical,
    }


def _value(r: Result, pr: Print) -> Values:
    flag = "" if r.flag == "N" else printable(r.flag, TIGHT)
    return {
        "value": known(r.value, SHORT),
        "flag": flag + ("!" if r.critical else ""),
        "critical": r.critical,
        "gone": r.standing == "withdrawn",
        "earlier": [known(value, SHORT) for value in r.earlier],
        "standing": _standing(r, pr),
    }


def _standing(r: Result, pr: Print) -> str:
    """Preliminary, withdrawn; a correction with the time at which it was heard; nothing for a final one."""
    if r.standing == "corrected":
        return f"corrected, heard {moment(r.stamp.recorded_at_us, pr.zone)}"
    return "" if r.standing in ("final", "") else printable(r.standing, SHORT)


def _text(row: PanelRow, r: Result, pr: Print) -> Values:
    """A result in words, its lines kept."""
    at = when(r.when, pr.zone, pr.today_us)
    return {
        "name": known(row.name, NAME),
        "when": f"time impossible: {at}" if r.time_impossible else at,
        "lines": [printable(line) for line in r.value.split("\n")] if "\n" in r.value else [quantity(r.value, r.unit)],
        "mark": r.stamp.mark.value,
    } | {
        key: value for key, value in _value(r, pr).items() if key in ("flag", "critical", "gone", "earlier", "standing")
    }
