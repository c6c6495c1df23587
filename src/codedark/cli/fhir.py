"""`codedark fhir`: whether programs read this record by the FHIR interface, and turning that on or off."""

from __future__ import annotations

from typing import Annotated

import typer

from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output
from codedark.cli.people import credentials
from codedark.errors import ConfigError
from codedark.node import interface_is_on, open_node, turn_interface

_WORDS = {"on": True, "off": False}


def fhir(
    turn: Annotated[str, typer.Argument(help="on, off, or nothing to ask.")] = "",
    folder: Folder = DEFAULT_FOLDER,
    author: As = "",
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Say whether programs may read by the FHIR interface (`/fhir`, read-only), or turn it on or off.

    Takes who may change a setting; the change is kept in the journal. Each program has an account of its own with the
    role interface, for the units it serves.
    """
    output = Output(as_json)
    if turn and turn not in _WORDS:
        raise ConfigError("this turns nothing", hint="`codedark fhir on` or `codedark fhir off`.")
    with open_node(folder) as node:
        if turn:
            turn_interface(node, _WORDS[turn], credentials(output, author, author_file))
        node.fold()
        is_on = interface_is_on(node.record())
    output.result({"on": is_on}, [f"The FHIR interface is {'on' if is_on else 'off'}."])
