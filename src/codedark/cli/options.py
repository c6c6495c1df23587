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
As = Annotated[str, typer.Option("--as", help="Your own log-in; the password is asked for.")]
AsFile = Annotated[Path | None, typer.Option("--as-password-file", help="Your password from this file ('-': stdin).")]
With = Annotated[str, typer.Option("--with", help="Log-in of the second person, where a deed takes two.")]
Approver = Annotated[str, typer.Option("--with", help="Log-in of the second person, who approves.")]
WithFile = Annotated[
    Path | None, typer.Option("--with-password-file", help="The second person's password from this file.")
]
