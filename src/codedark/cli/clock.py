"""`codedark clock`: what the node believes of the time, and the word of a person who looked."""

from __future__ import annotations

from typing import Annotated

import typer

from codedark.cli.moments import untrusted, when
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output
from codedark.node import right_clock, standing


def clock(
    folder: Folder = DEFAULT_FOLDER,
    is_right: Annotated[
        bool, typer.Option("--is-right", help="A person compared this machine's clock with another: it is right now.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say whether the node trusts its clock, or that it may: it does not after a step, and tells no ages then.

    The word is an entry. A clock that is behind the newest entry stays untrusted all the same.
    """
    found = right_clock(folder) if is_right else standing(folder)["clock"]
    lines = untrusted(found) or ["clock     trusted"]
    Output(as_json).result({"clock": found}, [f"now       {when(found['now_us'])}", *lines])
