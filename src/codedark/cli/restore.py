"""`codedark restore` and `codedark adopt`: a node again from what was kept elsewhere and three of the five cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codedark.cli.journal import note_in
from codedark.cli.options import DEFAULT_FOLDER, Approver, As, AsFile, Folder, Json, WithFile
from codedark.cli.output import Output
from codedark.cli.people import given_cards, two_people
from codedark.cli.progress import progress
from codedark.clock import SystemChance, SystemClock
from codedark.node import RestoreRequest, open_node
from codedark.node import adopt as adopt_origin
from codedark.node import restore as restore_node

_Cards = Annotated[
    Path | None, typer.Option("--cards-file", help="Three cards, one a line ('-': stdin); asked for when not given.")
]


def restore(
    source: Annotated[
        list[Path],
        typer.Argument(help="A pulled copy, a node's folder or an export (.cdj); several for several chains."),
    ],
    folder: Folder = DEFAULT_FOLDER,
    cards_file: _Cards = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="A checkpoint from elsewhere (pack cover, witness) to compare with."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A codedark.toml to use instead of the one beside the copy.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a node in an empty folder from a copy of its journal and any three of the five cards.

    The old chain is verified and kept closed; a new one that cites it captures at once. Until two people adopt it
    (`codedark adopt`) no number blocks are used and nothing is sent home.
    """
    output = Output(as_json)
    asked = RestoreRequest(tuple(source), tuple(given_cards(cards_file)), note_in(checkpoint) or "", config)
    with progress(output, "copying and verifying") as moved:
        done = restore_node(folder, asked, SystemClock(), SystemChance(), progress=moved)
    output.result(
        {
            "folder": str(folder), "origin": done.origin, "cites": done.cites, "entries": done.entries,
            "folded": done.folded, "witnessed": done.witnessed, "generation": done.generation, "feeds": done.feeds,
        },
        [
            f"restored {done.entries} entries ({done.witnessed}); {done.folded} folded after the snapshot",
            f"new origin {done.origin}",
            f"follows {done.cites}",
            "not adopted: it captures, but nothing is sent home until two people adopt it",
        ],
    )  # fmt: skip
    if not done.feeds:
        output.say("next: declare its feeds in codedark.toml; the copy had none beside it.")
    output.say(f"next: codedark serve --folder {folder}; then codedark adopt --as LOGIN --with LOGIN")


def adopt(
    author: As,
    second: Approver,
    folder: Folder = DEFAULT_FOLDER,
    cards_file: _Cards = None,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Let a restored node's record speak for the facility. Two people, and three cards whose root endorses it."""
    output = Output(as_json)
    cards = given_cards(cards_file)
    me, other = two_people(output, (author, author_file), (second, second_file))
    with open_node(folder) as node:
        stands = adopt_origin(node, cards, me, other)
    output.result(
        {"origin": stands.origin, "state": stands.state.value, "people": list(stands.people)},
        [f"{stands.origin}: {stands.state.value} by two people"],
    )
