"""`codedark trust …`: take a source that was found to be bad out of the charts, and back in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codedark.cli.moments import moment_us, when
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.cli.people import credentials
from codedark.cli.person import AsFile, WithFile
from codedark.errors import ConfigError
from codedark.node import change_trust, open_node

app = typer.Typer(help="Which sources the charts believe.", no_args_is_help=True)

_Source = Annotated[str, typer.Argument(help="feed:NAME, device:ID or person:ID.")]
_Since = Annotated[str, typer.Option(help="Start of the period, such as 2026-11-24T03:12-05:00.")]
_Until = Annotated[str, typer.Option(help="End of the period; not given: still.")]
_Reason = Annotated[str, typer.Option(help="Why. It is kept and shown; never write anything about a patient.")]
_As = Annotated[str, typer.Option("--as", help="Your own log-in; the password is asked for.")]
_With = Annotated[str, typer.Option("--with", help="Log-in of the second person, who approves.")]


@app.command("withdraw")
def withdraw(
    source: _Source,
    since: _Since,
    reason: _Reason,
    author: _As,
    second: _With,
    until: _Until = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Take what a source said in a period out of the charts. Two people; nothing is deleted, `restore` undoes it."""
    people = (author, author_file), (second, second_file)
    _decided(Output(as_json), folder, "distrust", _period(source, since, until, reason), people)


@app.command("restore")
def restore(
    source: _Source,
    since: _Since,
    reason: _Reason,
    author: _As,
    second: _With,
    until: _Until = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Take an earlier `withdraw` of the same source and start back. Two people."""
    people = (author, author_file), (second, second_file)
    _decided(Output(as_json), folder, "trust_again", _period(source, since, until, reason), people)


@app.command("list")
def list_marks(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List what is out of the charts now."""
    with open_node(folder) as node:
        marks = node.record().distrusted()
    rows = [
        {"source": m.source, "since_us": m.since_us, "until_us": m.until_us, "reason": m.reason, "entries": m.entries}
        for m in marks
    ]
    shown = table(
        ("source", "since", "until", "entries", "reason"),
        (
            (m.source, when(m.since_us), when(m.until_us) if m.until_us else "still", str(m.entries), m.reason)
            for m in marks
        ),
    )
    Output(as_json).result({"withdrawn": rows}, [shown])


def _period(source: str, since: str, until: str, reason: str) -> dict[str, object]:
    until_us = moment_us(until) if until else None
    return {"source": source, "since_us": moment_us(since), "until_us": until_us, "reason": reason}


def _decided(
    output: Output,
    folder: Path,
    deed: str,
    arguments: dict[str, object],
    people: tuple[tuple[str, Path | None], tuple[str, Path | None]],
) -> None:
    me, other = credentials(output, *people[0]), credentials(output, *people[1])
    if me is None or other is None:
        raise ConfigError("this takes two people", hint="Name both: --as LOGIN --with LOGIN.")
    with open_node(folder) as node:
        proposal = change_trust(node, deed, arguments, me, other)
    word = "withdrawn" if deed == "distrust" else "trusted again"
    output.result({"proposal": proposal, "done": word, **arguments}, [f"{visible(str(arguments['source']))}: {word}"])
