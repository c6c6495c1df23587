"""`codedark person …`: who may log in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codedark.cli.options import DEFAULT_FOLDER, Folder, Json, PasswordFile
from codedark.cli.output import Output, table, visible
from codedark.cli.people import credentials, new_password
from codedark.errors import ConfigError
from codedark.node import enrol, open_node

app = typer.Typer(help="Who may log in, with which roles.", no_args_is_help=True)

As = Annotated[str, typer.Option("--as", help="Your own log-in; the password is asked for.")]
AsFile = Annotated[Path | None, typer.Option("--as-password-file", help="Your password from this file ('-': stdin).")]
With = Annotated[str, typer.Option("--with", help="Log-in of the second person, where a deed takes two.")]
WithFile = Annotated[
    Path | None, typer.Option("--with-password-file", help="The second person's password from this file.")
]


@app.command("add")
def add(
    login: Annotated[str, typer.Argument(help="The new log-in.")],
    name: Annotated[str, typer.Option(help="The person's name as it stands in the record.")],
    role: Annotated[list[str], typer.Option(help="ROLE or ROLE:UNIT; ROLE alone: all units.")],
    folder: Folder = DEFAULT_FOLDER,
    password_file: PasswordFile = None,
    author: As = "",
    author_file: AsFile = None,
    second: With = "",
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Give a person an account. An account that may approve two-person deeds takes two people itself."""
    output = Output(as_json)
    roles = roles_of(role)
    with open_node(folder) as node:
        me = credentials(output, author, author_file)
        other = credentials(output, second, second_file)
        person = enrol(node, login, name, new_password(output, password_file), roles, me, other)
    output.result({"person": person, "login": login, "roles": roles}, [f"{visible(login)} may log in; person {person}"])


@app.command("list")
def list_people(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List the accounts with their roles; no password, no hash."""
    with open_node(folder) as node:
        accounts = node.record().accounts()
    rows = [
        {"person": a.person, "login": a.login, "name": a.name, "active": a.active,
         "roles": {role: list(units) for role, units in a.roles.items()}}
        for a in accounts
    ]  # fmt: skip
    shown = table(
        ("log-in", "name", "roles", "state"),
        (
            (
                a.login,
                a.name,
                "; ".join(f"{role}: {', '.join(units)}" for role, units in sorted(a.roles.items())),
                "active" if a.active else "closed",
            )
            for a in accounts
        ),
    )
    Output(as_json).result({"people": rows}, [shown])


def roles_of(texts: list[str]) -> dict[str, list[str]]:
    """`["nurse:4 West", "nurse:ICU"]` → `{"nurse": ["4 West", "ICU"]}`; a role alone is held everywhere."""
    roles: dict[str, list[str]] = {}
    for text in texts:
        role, colon, unit = text.partition(":")
        if not role or (colon and not unit):
            raise ConfigError(f"{text!r} is no role", hint="Write ROLE or ROLE:UNIT; roles: docs/reference/roles.md.")
        roles.setdefault(role, []).append(unit or "*")
    return roles
