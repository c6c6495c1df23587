"""`codedark doctor`: is this node fit for the day it is for? Each line green, amber or red, with the next step."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.text import Text

from codedark.cli.exits import RED
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, visible
from codedark.node import Finding, examine

_MARK = {"green": "ok     ", "amber": "LOOK   ", "red": "WRONG  "}
_STYLE = {"green": "green", "amber": "yellow", "red": "bold red"}


def doctor(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Examine this node and this machine. Exit 0 when nothing is red, else 4."""
    findings, output = examine(folder), Output(as_json)
    worst = max(findings, key=lambda f: ("green", "amber", "red").index(f.state)).state
    if as_json:
        output.object({"state": worst, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            output.out.print(_line(finding))
    if worst == "red":
        raise typer.Exit(RED)


def _line(finding: Finding) -> Text:
    line = Text(_MARK[finding.state], style=_STYLE[finding.state])
    line.append(f"{finding.what}: {visible(finding.says)}", style="none")
    if finding.next_step:
        line.append(f"\n       next: {finding.next_step}", style="none")
    return line
