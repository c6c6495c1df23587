"""`codedark init`: found a node: seed, five cards, keys, journal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from codedark.access import read_back
from codedark.cli.options import DEFAULT_FOLDER, DryRun, Folder, Json, PasswordFile
from codedark.cli.output import Output
from codedark.cli.people import new_password
from codedark.clock import SystemChance, SystemClock
from codedark.errors import ActionRefused, ConfigError
from codedark.node import Config, Facility, Feed, Node, Packs, Web, enrol_first, found

_Facility = Annotated[str, typer.Option(help="The facility's name, as it stands on pages and sheets.")]
_Zone = Annotated[str, typer.Option(help="Its IANA time zone, such as America/New_York.")]
_Id = Annotated[
    str, typer.Option("--id", help="Its id: a-z, 0-9, hyphen; from the name when not given. Never changes.")
]
_Code = Annotated[str, typer.Option(help="Three letters that begin its sheet ids; from the name when not given.")]
_Demo = Annotated[
    bool, typer.Option("--demo", help="A node to play with: cards in a file, DEMO everywhere, loopback only.")
]
_CardsTo = Annotated[
    Path | None, typer.Option("--cards-to", help="Write the five cards to this file (without a terminal).")
]
_Feeds = Annotated[list[str], typer.Option("--feed", help="A feed as NAME:PORT; port 0: any free one.")]
_WebPort = Annotated[int, typer.Option(help="HTTPS port of the ward's pages.")]
_Administrator = Annotated[str, typer.Option(help="Log-in of the first administrator; the password is asked for.")]
_CARRIES = ("adt", "orders", "mar", "results", "vitals", "allergies")


def init(
    facility: _Facility = "",
    zone: _Zone = "",
    folder: Folder = DEFAULT_FOLDER,
    facility_id: _Id = "",
    code: _Code = "",
    demo: _Demo = False,
    cards_to: _CardsTo = None,
    feed: _Feeds = ["ehr:2575"],  # noqa: B006 - typer copies it
    web_port: _WebPort = 8443,
    paper: Annotated[str, typer.Option(help="a4 or letter.")] = "a4",
    administrator: _Administrator = "",
    password_file: PasswordFile = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Found a node in an empty folder. Shows five cards once: any three restore it, any two are nothing.

    On a terminal each card is read back. Without one, --demo or --cards-to says where the cards go.
    """
    output = Output(as_json)
    config = _config(facility, facility_id, zone, code, demo, feed, web_port, paper)
    password = new_password(output, password_file) if administrator and not dry_run else ""
    shown = _showing(output, demo, cards_to)
    if dry_run:
        output.result(
            {"folder": str(folder), "facility": config.facility.id, "would": "found a node"}, ["nothing was done"]
        )
        return
    done = found(folder, config, SystemClock(), SystemChance(), shown=shown)
    if administrator:
        enrol_first(folder, administrator, password)
    output.result(
        {"folder": str(folder), "facility": config.facility.id, "origin": done.origin, "demo": demo},
        [f"founded {done.origin}", f"in {folder}"],
    )
    output.say(f"next: codedark serve --folder {folder}")


def _config(
    name: str, facility_id: str, zone: str, code: str, demo: bool, feeds: list[str], web_port: int, paper: str
) -> Config:
    if not name and not demo:
        raise ConfigError("the facility's name is not given", hint="Add --facility, such as --facility Waterbury.")
    name = name or "Demo Hospital"
    if not zone and not demo:
        raise ConfigError("the facility's time zone is not given", hint="Add --zone, such as --zone America/New_York.")
    if paper not in ("a4", "letter"):
        raise ConfigError(f"{paper!r} is no paper size", hint="Use a4 or letter.")
    plain = facility_id or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    letters = (code or re.sub(r"[^A-Za-z]", "", name)[:3]).upper().ljust(3, "X")
    return Config.checked(
        Config(
            facility=Facility(id=plain, name=name, zone=zone or "UTC", code=letters),
            node=Node(demo=demo),
            web=Web(port=web_port),
            packs=Packs(paper="letter" if paper == "letter" else "a4"),
            feed=tuple(_feed(each) for each in feeds),
        )
    )


def _feed(text: str) -> Feed:
    name, _, port = text.rpartition(":")
    if not name or not port.isdigit():
        raise ConfigError(f"{text!r} is no feed", hint="Write it as NAME:PORT, such as ehr:2575.")
    return Feed(name=name, port=int(port), carries=_CARRIES if name == "ehr" else ())


def cards_shown(output: Output, cards_to: Path | None) -> Callable[[tuple[str, ...]], None]:
    """How five new cards reach people: a file, or a terminal with read-back. Raises ConfigError without either."""
    shown = _showing(output, False, cards_to)
    assert shown is not None
    return shown


def _showing(output: Output, demo: bool, cards_to: Path | None) -> Callable[[tuple[str, ...]], None] | None:
    """How the cards reach people: a file, or a terminal with read-back. A demo keeps them in its keys folder."""
    if cards_to is not None:
        return lambda cards: _to_file(output, cards_to, cards)
    if demo:
        return None
    if sys.stdin.isatty() and sys.stderr.isatty():
        return lambda cards: _to_terminal(output, cards)
    raise ConfigError(
        "there is no terminal to show the five cards on",
        hint="Run it on a terminal, or add --cards-to FILE (print the file, then destroy it), or --demo.",
    )


def _to_file(output: Output, path: Path, cards: tuple[str, ...]) -> None:
    if path.exists():
        raise ConfigError(f"{path} is there already", hint="Name a new file for the cards.")
    path.touch(mode=0o600)
    path.write_text("".join(f"card {n} of 5 (any 3 restore)\n{card}\n\n" for n, card in enumerate(cards, 1)))
    output.say(f"WARNING: the five cards are in {path}, unencrypted. Print them, part them among five people,")
    output.say("and destroy the file: any three of them open everything this node will ever keep.")


def _to_terminal(output: Output, cards: tuple[str, ...]) -> None:
    output.say("Five cards follow, one at a time. Write each on paper for another person; any three restore this node.")
    for number, card in enumerate(cards, 1):
        output.say(f"\ncard {number} of 5\n\n{_in_columns(card)}\n")
        typer.prompt("Press Enter when it is written; it will be asked back", default="", show_default=False, err=True)
        output.err.clear()  # the card must not stay on the screen, nor be read off it
        while True:
            try:
                read_back(card, typer.prompt(f"Type card {number}", hide_input=False, err=True))
                break
            except ActionRefused as error:
                output.say(f"{error}. {error.hint}")


def _in_columns(card: str) -> str:
    words = [f"{n:2} {word:<10}" for n, word in enumerate(card.split(), 1)]
    return "\n".join("  ".join(words[at : at + 4]) for at in range(0, len(words), 4))
