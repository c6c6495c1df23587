"""`codedark trust …`: take a source that was found to be bad out of the charts, and back in; which witnesses count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from codedark.access import Session
from codedark.actions import Deeds, hold_source, release_source, review_deed
from codedark.cli.moments import ago, moment_us, when
from codedark.cli.options import DEFAULT_FOLDER, Approver, As, AsFile, Folder, Json, WithFile
from codedark.cli.output import Output, table, visible
from codedark.cli.people import credentials, two_people
from codedark.errors import ConfigError, NotFound
from codedark.node import by_one, change_trust, open_node, standing

app = typer.Typer(help="Which sources the charts believe.", no_args_is_help=True)

_Source = Annotated[str, typer.Argument(help="feed:NAME, device:ID or person:ID.")]
_Since = Annotated[str, typer.Option(help="Start of the period, such as 2026-11-24T03:12-05:00.")]
_Until = Annotated[str, typer.Option(help="End of the period; not given: still.")]
_Reason = Annotated[str, typer.Option(help="Why. It is kept and shown; never write anything about a patient.")]


@app.command("withdraw")
def withdraw(
    source: _Source,
    since: _Since,
    reason: _Reason,
    author: As,
    second: Approver,
    until: _Until = "",
    reviewer: Annotated[
        str, typer.Option(help="Log-in of who looks at what a distrusted person did; not given: the second person.")
    ] = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Take what a source said in a period out of the charts. Two people; nothing is deleted, `restore` undoes it.

    What a distrusted person *did* stays in force: `trust deeds` lists it for the reviewer to keep or undo.
    """
    people, period = ((author, author_file), (second, second_file)), _period(source, since, until, reason)
    named = {"reviewer": _person_of(folder, reviewer)} if reviewer else {}
    _decided(Output(as_json), folder, "distrust", period | named, people)


@app.command("restore")
def restore(
    source: _Source,
    since: _Since,
    reason: _Reason,
    author: As,
    second: Approver,
    until: _Until = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Take an earlier `withdraw` of the same source and start back. Two people."""
    people = (author, author_file), (second, second_file)
    _decided(Output(as_json), folder, "trust_again", _period(source, since, until, reason), people)


@app.command("list")
def list_marks(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List what is out of the charts now: withdrawn by two people, or held back until somebody releases it."""
    with open_node(folder) as node:
        marks, holds = node.record().distrusted(), node.record().holds()
    rows = [
        {"source": m.source, "since_us": m.since_us, "until_us": m.until_us, "reason": m.reason, "entries": m.entries}
        for m in marks
    ]
    shown = table(
        ("source", "since", "until", "entries", "reason"),
        (
            (m.source, when(m.since_us), when(m.until_us) if m.until_us else "still", str(m.entries), m.reason)
            for m in marks
        ),
    )
    held = [
        {"source": h.source, "since_us": h.since_us, "reason": h.reason, "person": h.person, "entries": h.entries}
        for h in holds
    ]
    waiting = table(
        ("held back", "since", "entries wait", "reason"),
        ((h.source, when(h.since_us), str(h.entries), h.reason) for h in holds),
    )
    Output(as_json).result({"withdrawn": rows, "held": held}, [shown, waiting])


_Name = Annotated[str, typer.Argument(help="The witness's name, as `journal pull` on the second machine shows it.")]


@app.command("pin")
def pin(
    name: _Name,
    public_key: Annotated[str, typer.Argument(help="Its public key in base64, compared with what that machine shows.")],
    author: As,
    second: Approver,
    reason: _Reason = "pinned at the console",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Let a second machine count as a witness: from now on its cosignatures do. Two people."""
    people = (author, author_file), (second, second_file)
    _pinned(Output(as_json), folder, {"name": name, "key": public_key, "reason": reason}, people, "pinned")


@app.command("unpin")
def unpin(
    name: _Name,
    author: As,
    second: Approver,
    reason: _Reason = "unpinned at the console",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    second_file: WithFile = None,
    as_json: Json = False,
) -> None:
    """Let a witness count no more: lost, stolen, taken out of use. Two people."""
    people = (author, author_file), (second, second_file)
    _pinned(Output(as_json), folder, {"name": name, "reason": reason}, people, "pinned no more")


@app.command("witnesses")
def witnesses(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List who has taken a copy of this journal, and whose cosignature counts."""
    found = standing(folder)
    seen = {each["name"]: each for each in found["witnesses"] if each["agrees"]}
    rows = [
        {**seen.get(name, {"name": name, "size": None, "at_us": None, "key": ""}), "pinned": name in pins}
        for pins in [set(found["pinned_witnesses"])]
        for name in sorted(pins | seen.keys())
    ]
    shown = table(
        ("witness", "counts", "entry", "last copied", "public key"),
        (
            (
                row["name"],
                "pinned" if seen.get(row["name"], row)["pinned"] else "NOT PINNED",
                "–" if row["size"] is None else str(row["size"]),
                ago(row["at_us"], found["clock"]),
                row["key"],
            )
            for row in rows
        ),
    )
    Output(as_json).result({"witnesses": rows}, [shown])


@app.command("deeds")
def list_deeds(
    every: Annotated[bool, typer.Option("--all", help="Also those somebody has looked at.")] = False,
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """List what distrusted people did that stays in force until somebody undoes it, with who is to look at it."""
    with open_node(folder) as node:
        record = node.record()
        deeds = [each for each in record.lasting_deeds() if every or not each.reviewed_by]
        names = {each.person: each.login for each in record.accounts()}
    rows = [asdict(each) for each in deeds]
    shown = table(
        ("entry", "kept", "by", "deed", "exactly", "in force", "reviewer", "looked at"),
        (
            (
                each.position,
                when(each.recorded_at_us),
                names.get(each.person, each.person),
                each.kind,
                "; ".join(f"{name} {value}" for name, value in each.about.items()),
                {True: "yes", False: "no", None: "cannot be told"}[each.in_force],
                names.get(each.reviewer, each.reviewer),
                f"{'undone' if each.undone else 'kept'}: {each.how}" if each.reviewed_by else "NOBODY YET",
            )
            for each in deeds
        ),
    )
    Output(as_json).result({"deeds": rows}, [shown])


@app.command("review")
def review(
    entry: Annotated[int, typer.Argument(help="The entry's number, as `trust deeds` lists it.")],
    author: As,
    undo: Annotated[bool, typer.Option("--undo/--keep", help="Undo the deed, or keep it in force.")],
    note: Annotated[str, typer.Option(help="A remark. It is kept and shown; nothing about a patient.")] = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Keep a distrusted person's deed in force, or undo it. Only the reviewer named with the distrust.

    What takes two people is proposed, and a second person approves it on the page *Two people*.
    """
    me, done = credentials(Output(as_json), author, author_file), list[str]()
    if me is None:
        raise ConfigError("nobody is named who does this", hint="Say who you are: --as LOGIN.")
    with open_node(folder) as node:
        by_one(node, me, lambda deeds, session: done.append(review_deed(deeds, session, entry, undo=undo, note=note)))
    Output(as_json).result({"entry": entry, "undone": undo, "how": done[0]}, [f"entry {entry}: {done[0]}"])


def _person_of(folder: Path, login: str) -> str:
    with open_node(folder) as node:
        account = node.record().account(login)
    if account is None:
        raise NotFound("no such person", hint="`codedark person list` shows the log-ins.")
    return account.person


@app.command("hold")
def hold(
    source: Annotated[str, typer.Argument(help="feed:NAME or device:ID.")],
    reason: _Reason,
    author: As,
    since: Annotated[str, typer.Option(help="Start, such as 2026-11-24T03:12-05:00; not given: now.")] = "",
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Keep what a feed or device says and show none of it until `release`. One person, at once; nothing is lost."""
    since_us = moment_us(since) if since else None
    _held(
        Output(as_json), folder, source, "held back", (author, author_file),
        lambda deeds, session: hold_source(deeds, session, source, reason, since_us=since_us),
    )  # fmt: skip


@app.command("release")
def release(
    source: Annotated[str, typer.Argument(help="feed:NAME or device:ID.")],
    reason: _Reason,
    author: As,
    folder: Folder = DEFAULT_FOLDER,
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Show what a held feed or device said, each item with its own age. One person; `hold --since` undoes it."""
    _held(
        Output(as_json), folder, source, "released", (author, author_file),
        lambda deeds, session: release_source(deeds, session, source, reason),
    )  # fmt: skip


def _held(
    output: Output,
    folder: Path,
    source: str,
    word: str,
    author: tuple[str, Path | None],
    deed: Callable[[Deeds, Session], object],
) -> None:
    me = credentials(output, *author)
    if me is None:
        raise ConfigError("nobody is named who does this", hint="Say who you are: --as LOGIN.")
    with open_node(folder) as node:
        by_one(node, me, deed)
    output.result({"source": source, "done": word}, [f"{visible(source)}: {word}"])


def _pinned(
    output: Output,
    folder: Path,
    arguments: dict[str, object],
    people: tuple[tuple[str, Path | None], tuple[str, Path | None]],
    word: str,
) -> None:
    me, other = two_people(output, *people)
    with open_node(folder) as node:
        proposal = change_trust(node, "pin_witness", arguments, me, other)
    output.result({"proposal": proposal, "done": word, **arguments}, [f"{visible(str(arguments['name']))}: {word}"])


def _period(source: str, since: str, until: str, reason: str) -> dict[str, object]:
    until_us = moment_us(until) if until else None
    return {"source": source, "since_us": moment_us(since), "until_us": until_us, "reason": reason}


def _decided(
    output: Output,
    folder: Path,
    deed: str,
    arguments: dict[str, object],
    people: tuple[tuple[str, Path | None], tuple[str, Path | None]],
) -> None:
    me, other = two_people(output, *people)
    with open_node(folder) as node:
        proposal = change_trust(node, deed, arguments, me, other)
    word = "withdrawn" if deed == "distrust" else "trusted again"
    output.result({"proposal": proposal, "done": word, **arguments}, [f"{visible(str(arguments['source']))}: {word}"])
