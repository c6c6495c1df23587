"""`codedark pack`: what a unit needs to work without the EHR, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from codedark.cli.options import DEFAULT_FOLDER, DryRun, Folder, Json
from codedark.cli.output import Output, visible
from codedark.cli.progress import progress
from codedark.errors import ConfigError
from codedark.node import Drawn, OpenNode, draw, open_node


def pack(
    unit: Annotated[
        str | None,
        typer.Argument(help="The unit, as the units page names it; '' for patients of whom nobody said where."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every unit.")] = False,
    as_draft: Annotated[
        bool, typer.Option("--draft", help="A draft: in no ledger, and it says so on every page.")
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Draw a unit's pack as PDF into the packs folder: cover with census and checkpoint, summary and MAR per patient.

    An issued pack's sheets are entered in the ledger before they are drawn.
    """
    if (unit is not None) == every:
        raise ConfigError("name one unit, or say --all", hint="`codedark status --json` and the units page list units.")
    output = Output(as_json)
    with open_node(folder) as node:
        node.fold()
        units = [row.unit for row in node.record().units()] if unit is None else [unit]
        if dry_run:
            output.result({"would_draw": units}, [f"would draw {named(name)}" for name in units])
            return
        drawn = list(_drawn(node, units, as_draft, output))
    output.result({"packs": [_told(each) for each in drawn]}, [_line(each) for each in drawn])


def named(unit: str) -> str:
    """A unit as it is said; patients of whom nobody said where are a unit too, so that none is left out."""
    return visible(unit) if unit else "(nobody said where)"


def _drawn(node: OpenNode, units: list[str], as_draft: bool, output: Output) -> Iterator[Drawn]:
    with progress(output, "drawing") as moved:
        for number, name in enumerate(units):
            moved(number, len(units))
            yield draw(node, name, as_draft=as_draft)


def _told(drawn: Drawn) -> dict[str, Any]:
    return {
        "unit": drawn.unit,
        "pack": drawn.pack,
        "path": str(drawn.path),
        "pages": drawn.pages,
        "patients": drawn.patients,
        "draft": drawn.draft,
    }


def _line(drawn: Drawn) -> str:
    kind = "draft" if drawn.draft else "issued"
    return f"{named(drawn.unit)}: {drawn.patients} patients, {drawn.pages} pages, {kind}: {drawn.path}"
