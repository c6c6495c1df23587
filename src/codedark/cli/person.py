"""`codedark person …`: who may log in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json, PasswordFile, With, WithFile
from codedark.cli.output import Output, table, visible
from codedark.cli.people import credentials, given_cards, new_password
from codedark.errors import ConfigError
from codedark.node import change_account, enrol, open_node, recover

app = typer.Typer(help="Who may log in, with which roles.", no_args_is_help=True)


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


@app.command("close")
def close(
    login: Annotated[str, typer.Argument(help="The log-in to close.")],
    author: As,
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second: With = "",
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Close an account; its open screens end too. An account that may approve two-person deeds takes two people."""
    _change(Output(as_json), folder, login, {"active": False}, (author, author_file), (second, second_file), "closed")


@app.command("roles")
def roles(
    login: Annotated[str, typer.Argument(help="The log-in whose roles change.")],
    role: Annotated[
        list[str], typer.Option(help="ROLE or ROLE:UNIT; may be repeated. These replace all earlier ones.")
    ],
    author: As,
    second: With,
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Give a person other roles. Always two people."""
    change = {"roles": roles_of(role)}
    _change(Output(as_json), folder, login, change, (author, author_file), (second, second_file), "changed")


@app.command("password")
def password(
    login: Annotated[str, typer.Argument(help="The log-in whose password changes.")],
    author: As,
    folder: Folder = DEFAULT_FOLDER,
    password_file: PasswordFile = None,
    author_file: AsFile = None,
    second: With = "",
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Set a password: one's own, or as an administrator. Another's who may approve two-person deeds: two people."""
    output = Output(as_json)
    change = {"password": new_password(output, password_file)}
    _change(output, folder, login, change, (author, author_file), (second, second_file), "changed")


@app.command("recover")
def recover_administrator(
    login: Annotated[str, typer.Argument(help="The log-in of the new administrator.")],
    name: Annotated[str, typer.Option(help="The person's name as it stands in the record.")],
    folder: Folder = DEFAULT_FOLDER,
    cards_file: Annotated[
        Path | None, typer.Option(help="Three cards, one a line, from this file ('-': stdin) instead of asking.")
    ] = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Make an administrator by three of the five cards, when the administrators are gone. Nothing else is changed."""
    output = Output(as_json)
    cards = given_cards(cards_file)
    with open_node(folder) as node:
        person = recover(node, cards, login, name, new_password(output, password_file))
    output.result({"person": person, "login": login}, [f"{visible(login)} is an administrator; person {person}"])


def _change(
    output: Output,
    folder: Path,
    login: str,
    change: Mapping[str, object],
    author: tuple[str, Path | None],
    second: tuple[str, Path | None],
    done: str,
) -> None:
    me, other = credentials(output, *author), credentials(output, *second)
    if me is None:
        raise ConfigError("nobody is named who does this", hint="Say who you are: --as LOGIN.")
    with open_node(folder) as node:
        change_account(node, login, change, me, other)
    output.result({"login": login, "done": done}, [f"{visible(login)}: {done}"])


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
