"""`codedark record …`: what was seen or done at a bedside, from the console. The ward records on screen and paper."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from codedark.access import Session
from codedark.actions import Deeds, record_facts
from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output
from codedark.cli.people import credentials
from codedark.entries import SIGNS, Basis, BedsideNote, Dose, Said, Vitals
from codedark.errors import ConfigError, NotFound
from codedark.node import by_one, open_node

app = typer.Typer(help="Record what was seen or done at a bedside.", no_args_is_help=True)

_Patient = Annotated[str, typer.Argument(help="The patient's id in the record, as it stands in the chart's address.")]
_At = Annotated[str, typer.Option(help="When, such as 2026-11-24T03:12-05:00; not given: now.")]
_Basis = Annotated[Basis, typer.Option(help="How you know.")]
_Why = Annotated[str, typer.Option("--why", help="Why, for a patient outside your units. It is kept.")]


@app.command("dose")
def dose(
    patient: _Patient,
    author: As,
    medication: Annotated[str, typer.Option(help="The drug, when it is given outside any order.")] = "",
    order: Annotated[str, typer.Option(help="Id of the order in the record.")] = "",
    amount: Annotated[str, typer.Option(help="How much, such as 2.5; with --unit.")] = "",
    unit: Annotated[str, typer.Option(help="Unit of the amount, such as mg.")] = "",
    route: Annotated[str, typer.Option(help="Such as IV, PO.")] = "",
    not_given: Annotated[bool, typer.Option("--not-given", help="It was due and not given; say --reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why it was given or not given.")] = "",
    at: _At = "",
    basis: _Basis = Basis.DONE,
    why: _Why = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Record a dose that was given, or not given and why. Kept at once; shown in the chart as entered by screen."""

    def said(deeds: Deeds) -> Said:
        name = medication
        if order and not name:
            found = {each.id: each.name for each in deeds.record.chart(patient).medications}
            name = found.get(order, "")
        return Dose(name, at, order, not not_given, _decimal(amount) if amount else None, unit, route, reason)

    _kept(Output(as_json), folder, patient, (author, author_file), said, basis, why)


@app.command("vitals")
def vitals(
    patient: _Patient,
    values: Annotated[list[str], typer.Argument(help=f"SIGN=VALUE; signs: {', '.join(SIGNS)}.")],
    author: As,
    at: _At = "",
    basis: _Basis = Basis.DONE,
    why: _Why = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Record vital signs measured at one moment: `pulse=88 systolic=120 diastolic=80`."""
    measured = dict(_measured(text) for text in values)
    _kept(
        Output(as_json), folder, patient, (author, author_file),
        lambda _: Vitals(measured, at), basis, why,
    )  # fmt: skip


@app.command("note")
def note(
    patient: _Patient,
    author: As,
    text_file: Annotated[Path, typer.Option(help="The words, from this file ('-': stdin); never as an argument.")],
    at: _At = "",
    basis: _Basis = Basis.DONE,
    why: _Why = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Record a note about a patient."""
    try:
        words = sys.stdin.read() if str(text_file) == "-" else text_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the file {text_file} cannot be read: {type(error).__name__}") from error
    _kept(
        Output(as_json), folder, patient, (author, author_file),
        lambda _: BedsideNote(words, at), basis, why,
    )  # fmt: skip


def _kept(
    output: Output,
    folder: Path,
    patient: str,
    author: tuple[str, Path | None],
    said: Callable[[Deeds], Said],
    basis: Basis,
    why: str,
) -> None:
    me = credentials(output, *author)
    if me is None:
        raise ConfigError("nobody is named who records this", hint="Say who you are: --as LOGIN.")
    position: list[int] = []

    def deed(deeds: Deeds, session: Session) -> None:
        position.append(record_facts(deeds, session, patient, said(deeds), basis=basis, reason=why).position)

    with open_node(folder) as node:
        by_one(node, me, deed)
    output.result({"recorded": True, "position": position[0]}, [f"kept as entry {position[0]}"])


def _measured(text: str) -> tuple[str, Decimal]:
    name, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"{text!r} is no measurement", hint="Write SIGN=VALUE, such as pulse=88.")
    return name, _decimal(value)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{text!r} is no number", hint="Write it with a point: 37.5.") from None
