"""`codedark coverage`: how much of the record the feeds really carry, unit by unit, and what the site asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from codedark.cli.exits import RED
from codedark.cli.moments import ago, untrusted
from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output, table
from codedark.cli.people import credentials
from codedark.errors import ConfigError
from codedark.node import ask_coverage, covered_units, open_node, standing
from codedark.views import COVERAGE_PARTS, PartCoverage, UnitCoverage


def coverage(
    folder: Folder = DEFAULT_FOLDER,
    ask: Annotated[
        list[str] | None, typer.Option(help="Ask for a share first: PART=PERCENT, such as weight=80.")
    ] = None,
    author: As = "",
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Say how much of the record the feeds really carry: per unit, for how many patients, and how old it is.

    Parts: allergies, code_status, weight, orders, administrations. Exit 4 when a unit is below what the site asks for,
    a red item of commissioning. What is asked is kept in the journal; 0 = not asked for at this site.
    """
    output, clock = Output(as_json), standing(folder)["clock"]
    wanted = [_asked(each) for each in ask or ()]
    with open_node(folder) as node:
        if wanted:
            by = credentials(output, author, author_file)
            for part, percent in wanted:
                ask_coverage(node, part, percent, by)
            node.fold()
        units = covered_units(node.record())
    below = sum(bool(unit.below) for unit in units)
    data = {"units": [_data(unit) for unit in units], "below": below, "clock": clock}
    output.result(data, _lines(units, below, clock))
    if below:
        raise typer.Exit(RED)


def _asked(text: str) -> tuple[str, int]:
    part, _, percent = text.partition("=")
    if part not in COVERAGE_PARTS or not percent.isdigit():
        raise ConfigError("this asks for nothing", hint=f"PART=PERCENT; parts: {', '.join(COVERAGE_PARTS)}.")
    return part, int(percent)


def _data(unit: UnitCoverage) -> dict[str, Any]:
    parts = {
        each.part: {
            "heard": each.heard,
            "percent": each.percent,
            "asked": each.threshold,
            "below": each.below,
            "newest_us": each.newest_us,
            "oldest_us": each.oldest_us,
        }
        for each in unit.parts
    }
    return {"unit": unit.unit, "patients": unit.patients, "parts": parts}


def _lines(units: tuple[UnitCoverage, ...], below: int, clock: dict[str, Any]) -> Iterator[str | Table]:
    yield from untrusted(clock)
    if not units:
        yield "Nobody was heard to be on any unit: nothing can be counted."
        return
    yield table(
        ("unit", "patients", *COVERAGE_PARTS.values()),
        ((unit.unit or "no unit said", unit.patients, *(_cell(each, clock) for each in unit.parts)) for unit in units),
    )
    yield f"{below} of {len(units)} units are below what the site asks for (LOW). Ages: newest / oldest of a patient."


def _cell(each: PartCoverage, clock: dict[str, Any]) -> str:
    low = f" LOW, asked {each.threshold} %" if each.below else ""
    age = f", {ago(each.newest_us, clock)} / {ago(each.oldest_us, clock)}" if each.heard else ", never heard"
    return f"{each.percent} %{low}{age}"
