"""`codedark worklist`: what arrived and was not understood. Its bytes are safe."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from codedark.cli.moments import when
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, table
from codedark.node import open_node


def worklist(
    folder: Folder = DEFAULT_FOLDER,
    limit: Annotated[int, typer.Option(help="At most this many items.", min=1, max=10_000)] = 50,
    offset: Annotated[int, typer.Option(help="Leave out this many items first.", min=0)] = 0,
    as_csv: Annotated[bool, typer.Option("--csv", help="The same rows for a spreadsheet (RFC 4180).")] = False,
    as_json: Json = False,
) -> None:
    """List what was not understood, with its reason and the next step; no patient data."""
    with open_node(folder) as node:
        record = node.record()
        items, status = record.worklist(limit, offset), record.status()
    rows = [(i.item, when(i.recorded_at_us), i.source, i.message_type, i.path, i.reason, i.state) for i in items]
    headings = ("item", "kept", "source", "message", "place", "reason", "state")
    if as_csv and not as_json:
        Output(as_json).sheet(headings, rows)
        return
    shown = table(headings, rows)
    more = f"{len(items)} shown, {status.worklist_open} open"
    Output(as_json).result({"open": status.worklist_open, "items": [asdict(i) for i in items]}, [shown, more])
