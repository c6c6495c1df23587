"""`codedark translate`: what one HL7 v2 message says, as a FHIR R4 Bundle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.cli.people import credentials
from codedark.entries import Site, Translation, translate_received
from codedark.errors import ActionRefused, ConfigError, NotFound
from codedark.node import open_node, translated_entry

_NOWHERE = bytes(16)
"""The origin of a message that is in no journal."""


def translate(
    position: Annotated[int | None, typer.Argument(help="Position of the message in the journal.", min=0)] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Translate this file; no node is asked.")] = None,
    zone: Annotated[str, typer.Option(help="With --file: IANA zone of times without an offset.")] = "UTC",
    why: Annotated[str, typer.Option("--why", help="Why, for a patient outside your units. It is kept.")] = "",
    author: As = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Say what an HL7 v2 message means, field by field: the Bundle another system would get, and what was not read.

    A message of the journal is about patients: it takes somebody who may see their charts, and the look is kept. A file
    needs neither node nor log-in: an interface engineer tries a sender's example with it.
    """
    output = Output(as_json)
    if (position is None) == (file is None):
        raise ConfigError("say which message", hint="Give a position of the journal, or --file MESSAGE.")
    if file is not None:
        found = translate_received(_bytes(file), Site(zone=zone), _NOWHERE, 0)
    else:
        who = credentials(output, author, author_file)
        if who is None:
            raise ActionRefused("a message is about patients", hint="Say who you are: --as LOGIN.")
        with open_node(folder) as node:
            found = translated_entry(node, who, position or 0, why)
    output.result(_data(found), _lines(found))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(f"the file cannot be read: {type(error).__name__}") from error


def _data(found: Translation) -> dict[str, object]:
    meaning = found.meaning
    problems = [{name: asdict(each)[name] for name in ("path", "reason", "hint")} for each in meaning.problems]
    return {
        "message": meaning.message_type,
        "understood": meaning.understood.value,
        "unread": sorted(meaning.unread),
        "problems": problems,
        "bundles": list(found.bundles),
    }


def _lines(found: Translation) -> Iterator[str | Table]:
    meaning = found.meaning
    yield f"{visible(meaning.message_type) or 'no message'}: understood in {meaning.understood.value}"
    for bundle in found.bundles:
        rows = [(each["resource"]["resourceType"], _said(each["resource"])) for each in bundle["entry"]]
        yield table(("resource", "what it says"), rows)
    if meaning.unread:
        yield visible(f"kept and not read: {', '.join(sorted(meaning.unread))}")
    yield from (visible(f"{each.path}: {each.reason}") for each in meaning.problems)


def _said(resource: dict[str, object]) -> str:
    return ", ".join(name for name in resource if name not in ("resourceType", "id") and not name.startswith("_"))
