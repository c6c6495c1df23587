"""`codedark reads …`: who saw whose record, for the privacy officer."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from codedark.access import Session
from codedark.actions import Auditor, Deeds, audit_events, export_read_log, ndjson
from codedark.cli.moments import moment_us
from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output
from codedark.cli.people import credentials
from codedark.errors import ConfigError, NotFound
from codedark.node import by_one, open_node
from codedark.views import Asked, ReadRow, Record

app = typer.Typer(help="Who saw whose record: the read log.", no_args_is_help=True)
_ALL = 2**62


@app.callback()
def group() -> None:
    """Who saw whose record: the read log."""


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist. Only its owner may read it.")],
    author: As,
    person: Annotated[str, typer.Option(help="Only what this person (log-in) saw.")] = "",
    patient: Annotated[str, typer.Option(help="Only this patient: the id as in the chart's address.")] = "",
    unit: Annotated[str, typer.Option(help="Only this unit.")] = "",
    since: Annotated[str, typer.Option(help="From then on, such as 2026-11-24T03:12-05:00.")] = "",
    until: Annotated[str, typer.Option(help="Until then.")] = "",
    glass: Annotated[
        bool, typer.Option("--break-glass", help="Only envelopes and what was seen outside a reader's units.")
    ] = False,
    why: Annotated[str, typer.Option(help="What the file is for. It is kept with the export.")] = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Write the read log as FHIR AuditEvents (IHE BALP), one a line, oldest first. The export is a row of it too."""
    output = Output(as_json)
    me = credentials(output, author, author_file)
    if me is None:
        raise ConfigError("nobody is named who does this", hint="Say who you are: --as LOGIN.")
    begin, end = (moment_us(text) if text else None for text in (since, until))
    written: list[int] = []
    with open_node(folder) as node:

        def deed(deeds: Deeds, session: Session) -> None:
            asked = Asked(_person(deeds.record, person), patient, unit, "", begin, end, glass=glass)
            rows = export_read_log(deeds, session, asked, _ALL, why)
            written.append(_write(file, reversed(rows), Auditor.of(deeds.record)))

        by_one(node, me, deed)
    output.result({"events": written[0], "file": str(file)}, [f"{written[0]} events in {file}"])


def _person(record: Record, login: str) -> str:
    account = record.account(login) if login else None
    if login and account is None:
        raise NotFound("no such person", hint="`codedark person list` shows the log-ins.")
    return account.person if account else ""


def _write(file: Path, rows: Iterable[ReadRow], auditor: Auditor) -> int:
    """The events as NDJSON; how many."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}", hint="Name a new file.") from error
    count = 0
    with os.fdopen(handle, "wb") as out:
        for line in ndjson(audit_events(rows, auditor)):
            out.write(line)
            count += 1
        out.flush()
        os.fsync(out.fileno())
    return count
