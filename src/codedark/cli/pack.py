"""`codedark pack`: what a unit needs to work without the EHR, on paper."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from codedark.cli.options import DEFAULT_FOLDER, DryRun, Folder, Json
from codedark.cli.output import Output, visible
from codedark.cli.people import card_key
from codedark.cli.progress import progress
from codedark.errors import ConfigError, PackError
from codedark.node import Drawn, OpenNode, checked, draw, open_node, print_now, unsealed


class DrawsByDefault(TyperGroup):
    """`codedark pack UNIT` draws; `codedark pack open FILE` opens, `check` checks. A unit named "open": `codedark pack
    draw open`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `draw` first unless a command or --help is asked for."""
        asked = args[:1]
        return super().parse_args(
            ctx, args if asked == ["--help"] or set(asked) & set(self.commands) else ["draw", *args]
        )


app = typer.Typer(cls=DrawsByDefault, help="What a unit needs to work without the EHR, on paper.")


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="The pack: a file of packs/ that ends in .pdf.age.")],
    to: Annotated[
        Path | None, typer.Option(help="The new PDF to write (0600); without it, stdout: `… | lp -d NAME`.")
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Ask for the key on the unit's card (stdin) instead of the node's own key.")
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Open a sealed pack with the node's key, or with the key on the unit's card: then on any machine, without a node.

    It says the pack's code, and whether the journal knows it: a file that somebody else made opens as well, because
    the card says who may read, not who wrote. Compare the code when no node can be asked.
    """
    output = Output(as_json)
    if to is None and (as_json or sys.stdout.isatty()):
        raise ConfigError("a PDF is not shown here", hint="Name a file: --to pack.pdf, or pipe it to a printer.")
    if to is not None and to.exists():
        raise ConfigError(f"{to} is there already", hint="Name a new file.")
    opened = unsealed(file, folder, card_key(output) if card else None)
    known = f"made by entry {opened.entry}" if opened.entry is not None else _unknown(opened.asked)
    if to is None:
        sys.stdout.buffer.write(opened.pdf)
        output.say(f"code {opened.code} · {known}")
        return
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(opened.pdf)
    told = {"file": str(to), "code": opened.code, "entry": opened.entry, "asked": opened.asked}
    output.result(told, [f"{to} · code {opened.code} · {known}"])
    output.say("It is plain now: print it, then destroy the file.")


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A single-file pack: a file that ends in .html.")],
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Ask the node whether it made a single-file pack, before anybody trusts it. Nothing sealed is opened.

    The code a file shows is drawn by the file's own script; here our program draws it, checks the signed label, and
    looks for the whole file, scripts and all, in the journal.
    """
    output = Output(as_json)
    found = checked(file, folder)
    told = {"file": str(file), "code": found.code, "signed": found.signed, "entry": found.entry, "ours": found.ours}
    by = "signed by this facility" if found.signed else "▲ NOT SIGNED BY THIS FACILITY"
    known = f"made by entry {found.entry}" if found.entry is not None else "▲ NOT IN THE JOURNAL AS IT LIES HERE"
    output.result(told, [f"code {found.code} · {by} · {known}"])
    if not found.ours:
        raise PackError("this node did not make that file as it is", hint="Do not use it. Take a file of this node.")


def _unknown(asked: bool) -> str:
    return "▲ NOT IN THE JOURNAL: another machine made it" if asked else "no node was asked: compare the code"


@app.command("draw")
def pack(
    unit: Annotated[
        str | None,
        typer.Argument(help="The unit, as the units page names it; '' for patients of whom nobody said where."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every unit.")] = False,
    as_draft: Annotated[
        bool, typer.Option("--draft", help="A draft: in no ledger, and it says so on every page.")
    ] = False,
    printer: Annotated[str, typer.Option(help="Send it to this printer of codedark.toml too.")] = "",
    as_html: Annotated[
        bool,
        typer.Option("--html", help="As one HTML file too: any browser opens it with the unit's card."),
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Draw a unit's pack as PDF into the packs folder: cover with census and checkpoint, summary and MAR per patient.

    A unit with an envelope has its packs sealed for the key on its card: `codedark pack open` opens them.
    An issued pack's sheets are entered in the ledger before they are drawn.
    """
    if (unit is not None) == every:
        raise ConfigError("name one unit, or say --all", hint="`codedark status --json` and the units page list units.")
    output = Output(as_json)
    with open_node(folder) as node:
        if printer and printer not in [each.name for each in node.config.printer]:
            raise ConfigError("no printer has that name", hint="The printers stand in codedark.toml.")
        node.fold()
        units = [row.unit for row in node.record().units()] if unit is None else [unit]
        if dry_run:
            output.result({"would_draw": units}, [f"would draw {named(name)}" for name in units])
            return
        drawn = list(_drawn(node, units, as_draft, as_html, output))
        jobs = print_now(node, drawn, printer) if printer else []
    output.result({"packs": [_told(each) for each in drawn]}, [_line(each) for each in drawn])
    failed = [job for job in jobs if job.state != "sent"]
    for job in failed:
        output.say(f"NOT PRINTED: {named(job.unit)} on {visible(job.printer)}: {visible(job.why or job.state)}")
    if failed:
        raise PackError(f"{len(failed)} packs were not printed", hint="They are kept: the printing page prints again.")


def named(unit: str) -> str:
    """A unit as it is said; patients of whom nobody said where are a unit too, so that none is left out."""
    return visible(unit) if unit else "(nobody said where)"


def _drawn(node: OpenNode, units: list[str], as_draft: bool, as_html: bool, output: Output) -> Iterator[Drawn]:
    with progress(output, "drawing") as moved:
        for number, name in enumerate(units):
            moved(number, len(units))
            yield draw(node, name, as_draft=as_draft, html=as_html)


def _told(drawn: Drawn) -> dict[str, Any]:
    return {
        "unit": drawn.unit,
        "pack": drawn.pack,
        "path": str(drawn.path),
        "pages": drawn.pages,
        "patients": drawn.patients,
        "draft": drawn.draft,
        "code": drawn.code,
        "html": None if drawn.file_path is None else str(drawn.file_path),
        "html_code": None if drawn.file is None else drawn.file.code,
    }


def _line(drawn: Drawn) -> str:
    kind = "draft" if drawn.draft else "issued"
    html = "" if drawn.file is None else f" · {drawn.file_path} · code {drawn.file.code}"
    return (
        f"{named(drawn.unit)}: {drawn.patients} patients, {drawn.pages} pages, {kind}: {drawn.path} · code {drawn.code}"
        f"{html}"
    )
