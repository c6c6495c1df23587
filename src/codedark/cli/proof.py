"""`codedark journal prove` and `roll`: what a stranger checks with nothing but SHA-256, and a new volume."""

from __future__ import annotations

from typing import Annotated

import typer

from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output
from codedark.errors import ConfigError, JournalError, NotFound
from codedark.journal import Checkpoint, JournalReader, consistency, inclusion
from codedark.node import journal_folder, open_node


def prove(
    position: Annotated[int | None, typer.Argument(help="Prove that this entry is in the journal.")] = None,
    since: Annotated[
        int | None, typer.Option("--from", help="Prove that the journal of this size is its beginning.")
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Prove that an entry is under the newest checkpoint, or that an older state is the beginning of the newest one.

    The proof is RFC 6962 (docs/formats/journal.md); whoever has the checkpoint checks it without this program or a key.
    """
    if (position is None) == (since is None):
        raise ConfigError("say what to prove", hint="Name one position, or an older size with --from.")
    reader = JournalReader.open(journal_folder(folder))
    try:
        newest = reader.checkpoint()
        if newest is None:
            raise JournalError("the journal has no checkpoint yet", hint="Try again after the first commit.")
        if position is not None:
            data = _inclusion(reader, newest, position)
        else:
            data = _consistency(reader, newest, since or 0)
    finally:
        reader.close()
    lines = [f"{name} {value}" for name, value in data.items() if isinstance(value, int | str) and name != "checkpoint"]
    Output(as_json).result(data, [*lines, *(f"path {step}" for step in data["path"]), newest.note.rstrip("\n")])  # type: ignore[attr-defined]


def roll(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Close the journal's file and go on in a new one; the closed one can be copied away and is known by its hash."""
    with open_node(folder) as node:
        receipt = node.pen.roll()
    files = sorted(path.name for path in journal_folder(folder).glob("volume-??????.db"))
    Output(as_json).result(
        {"position": receipt.position, "volumes": files}, [f"closed; the journal goes on in {files[-1]}"]
    )


def _inclusion(reader: JournalReader, newest: Checkpoint, position: int) -> dict[str, object]:
    if not 0 <= position < newest.size:
        raise NotFound(f"the newest checkpoint covers {newest.size} entries, from 0")
    ((header, sealed),) = reader.sealed(position - 1, 1)
    path = inclusion(reader.hashes(), position, newest.size)
    return {
        "position": position, "kind": header.kind, "entry_hash": sealed.entry_hash.hex(), "size": newest.size,
        "root": newest.root.hex(), "path": [step.hex() for step in path], "checkpoint": newest.note,
    }  # fmt: skip


def _consistency(reader: JournalReader, newest: Checkpoint, since: int) -> dict[str, object]:
    if not 0 < since <= newest.size:
        raise NotFound(f"the journal never had {since} entries; the newest checkpoint covers {newest.size}")
    hashes = reader.hashes()
    return {
        "from": since, "from_root": hashes.range(0, since).hex(), "size": newest.size, "root": newest.root.hex(),
        "path": [step.hex() for step in consistency(hashes, since, newest.size)], "checkpoint": newest.note,
    }  # fmt: skip
