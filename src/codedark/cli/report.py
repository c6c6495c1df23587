"""`codedark report …`: print reports of the EHR that are tied to nobody, and whose they are."""

from __future__ import annotations

from typing import Annotated

import typer

from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output, table
from codedark.cli.people import credentials
from codedark.errors import ActionRefused
from codedark.node import loose_reports, open_node, tie_by_hand

app = typer.Typer(help="The EHR's own print reports.", no_args_is_help=True)


@app.command("list")
def list_(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List the reports that are tied to nobody, and why. No patient data."""
    with open_node(folder) as node:
        loose = loose_reports(node)
    rows = [(each["report"], each["item"], each["source"], each["why"]) for each in loose]
    shown = table(("report", "item", "source", "why it is loose"), rows)
    Output(as_json).result({"loose": loose}, [shown, f"{len(loose)} tied to nobody"])


@app.command("tie")
def tie(
    report: Annotated[str, typer.Argument(help="The report's id, as `codedark report list` shows it.")],
    nobody: Annotated[bool, typer.Option("--nobody", help="It is nobody's: take an earlier tie back.")] = False,
    reason: Annotated[str, typer.Option(help="How you know: it is kept with the tie.")] = "",
    folder: Folder = DEFAULT_FOLDER,
    author: As = "",
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Say whose a report is, after looking at it. A person's word holds against the node's, and can be taken back.

    The MRN is asked for: what stands on a command line is seen by others.
    """
    output = Output(as_json)
    who = credentials(output, author, author_file)
    if who is None:
        raise ActionRefused("a report is tied by a person", hint="Say who you are: --as LOGIN.")
    mrn = "" if nobody else typer.prompt("MRN of the patient", err=True).strip()
    with open_node(folder) as node:
        tie_by_hand(node, who, report, mrn, reason)
    output.result({"report": report, "tied": bool(mrn)}, ["tied" if mrn else "tied to nobody"])
