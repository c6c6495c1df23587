"""`codedark keys …`: the next facility key, new cards, the drill. Cards come from a file, stdin or one by one; never as
arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codedark.access import load_node_keys
from codedark.cli.init import cards_shown
from codedark.cli.moments import when
from codedark.cli.options import DEFAULT_FOLDER, Approver, As, AsFile, Folder, Json, WithFile
from codedark.cli.output import Output, visible
from codedark.cli.people import credentials, given_cards, two_people
from codedark.errors import ConfigError
from codedark.node import drill as hold_drill
from codedark.node import open_node
from codedark.node import resplit as split_cards
from codedark.node import rotate as rotate_key

app = typer.Typer(help="The facility key, the five cards, and the drill.", no_args_is_help=True)

_Cards = Annotated[
    Path | None, typer.Option("--cards-file", help="Three cards, one a line ('-': stdin); asked for when not given.")
]
_Reason = Annotated[str, typer.Option(help="Why. It is kept and shown.")]


@app.command("rotate")
def rotate(
    reason: _Reason,
    author: As,
    second: Approver,
    folder: Folder = DEFAULT_FOLDER,
    cards_file: _Cards = None,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Make the next facility key from three cards. Two people. What comes from now on is sealed to it.

    A running node takes it up by itself and goes on hearing its feeds; everybody logs in anew. Old entries, packs and
    paper are read as before: the old key stays in the file.
    """
    output = Output(as_json)
    me, other = two_people(output, (author, author_file), (second, second_file))
    cards = given_cards(cards_file)
    with open_node(folder) as node:
        done = rotate_key(node, cards, reason, me, other)
    data = {"generation": done.generation, "recipient": done.recipient, "restart": done.restart}
    output.result(data, [f"generation {done.generation} of the facility key is in use: {done.recipient}"])
    if done.restart:
        output.say("next: restart the node: it did not take the new key up within a minute.")


@app.command("resplit")
def resplit(
    reason: _Reason,
    author: As,
    second: Approver,
    folder: Folder = DEFAULT_FOLDER,
    cards_file: _Cards = None,
    cards_to: Annotated[
        Path | None, typer.Option("--cards-to", help="Write the five new cards to this file (without a terminal).")
    ] = None,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Make five new cards of the same root from any three old ones. Two people. Each is read back on a terminal.

    The old cards still open everything: destroy every one of them. Old and new cards do not mix.
    """
    output = Output(as_json)
    me, other = two_people(output, (author, author_file), (second, second_file))
    cards = given_cards(cards_file)
    with open_node(folder) as node:
        number = split_cards(node, cards, reason, me, other, cards_shown(output, cards_to))
    output.result({"set": number}, [f"five new cards, set {number}"])
    output.say("next: destroy every card of older sets, those of absent custodians too.")


@app.command("drill")
def drill(
    author: As,
    folder: Folder = DEFAULT_FOLDER,
    cards_file: _Cards = None,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Try with three cards whether the record can be opened: a sample of sealing keys and entries.

    Nothing is written but that the drill was held and how it ended. Exit 1 when something did not open.
    """
    output, me = Output(as_json), None
    me = credentials(output, author, author_file)
    if me is None:
        raise ConfigError("nobody is named who holds the drill", hint="Say who you are: --as LOGIN.")
    cards = given_cards(cards_file)
    with open_node(folder) as node:
        done = hold_drill(node, cards, me)
    data = {
        "set": done.set_id, "generations": done.generations, "epochs": done.epochs, "entries": done.entries,
        "failed": list(done.failed),
    }  # fmt: skip
    tried = f"{done.epochs} sealing keys and {done.entries} entries tried with cards of set {done.set_id}"
    output.result(data, [tried, *(f"NOT OPENED: {visible(each)}" for each in done.failed)])
    if done.failed:
        raise typer.Exit(1)


@app.command("status")
def status(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Say how the keys stand: generation, set of cards, last drill. Shows no key."""
    with open_node(folder) as node:
        stands = node.record().custody()
    keys = load_node_keys(folder)
    cards = "those of the founding" if stands.card_set is None else f"set {stands.card_set}, {when(stands.split_us)}"
    held = f", {stands.drill_failed} did not open" if stands.drill_failed else ""
    lines = [
        f"facility key  generation {stands.generation} ({when(stands.rotated_us or keys.statement.created_us)})",
        f"cards         {cards}",
        f"drill         {when(stands.drilled_us)}{held}",
    ]
    data = {
        "generation": stands.generation, "in_file": keys.generation, "recipient": keys.facility_public,
        "escrow": keys.escrow_public, "rotated_us": stands.rotated_us, "card_set": stands.card_set,
        "split_us": stands.split_us, "drilled_us": stands.drilled_us, "drill_failed": stands.drill_failed,
    }  # fmt: skip
    Output(as_json).result(data, lines)
