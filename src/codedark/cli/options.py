"""The options that every command shares, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_FOLDER = Path("codedark-node")

Folder = Annotated[
    Path,
    typer.Option("--folder", "-f", envvar="CODEDARK_FOLDER", help="The node's folder.", show_default="codedark-node"),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="Read the password from this file ('-': stdin) instead of asking."),
]
