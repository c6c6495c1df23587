"""`codedark unit …`: a unit's envelope."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from codedark.access import NewUnitCard
from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json, With, WithFile
from codedark.cli.output import Output, visible
from codedark.cli.people import credentials
from codedark.errors import ConfigError
from codedark.node import issue_card, open_node

app = typer.Typer(help="A unit's sealed envelope.", no_args_is_help=True)


@app.command("card")
def card(
    unit: Annotated[str, typer.Argument(help="The unit, as the units page names it.")],
    folder: Folder = DEFAULT_FOLDER,
    to: Annotated[Path | None, typer.Option(help="Write the card to this new file (0600) instead of stdout.")] = None,
    reason: Annotated[str, typer.Option(help="Why: lost, opened, six months. It is kept and shown.")] = "",
    author: As = "",
    author_file: AsFile = None,
    second: With = "",
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Make a new card for a unit's envelope: ten one-time codes and the unit's key. Earlier cards are void. Two people.

    On loss do it at once: the old card's codes and the screens it opened end with it.

    It is shown once: print it, seal it, keep it with the controlled drugs.
    """
    output = Output(as_json)
    if to is not None and to.exists():
        raise ConfigError(f"{to} is there already", hint="Name a new file.")
    with open_node(folder) as node:
        made = issue_card(
            node, unit, credentials(output, author, author_file), credentials(output, second, second_file), reason
        )
    if to is not None:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(_lines(made)) + "\n")
        output.result({"unit": unit, "card": made.card, "file": str(to)}, [f"the card of {visible(unit)} is in {to}"])
        output.say("Print it, seal it, and destroy the file.")
        return
    output.result({"unit": unit, "card": made.card, "codes": list(made.codes), "secret": made.secret}, _lines(made))


def _lines(made: NewUnitCard) -> list[str]:
    codes = [f"  {number:2}  {code}" for number, code in enumerate(made.codes, 1)]
    return [
        f"ENVELOPE OF {visible(made.unit)} · card {made.card}",
        "Break the seal with a witness. Each code opens this unit once, for 12 hours:",
        *codes,
        "Key of this unit's packs:",
        f"  {made.secret}",
    ]
