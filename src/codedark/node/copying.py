"""Pulling a journal onto another machine: the copy, and the witness key that cosigns what was verified here.

The copy needs no key and gets none. It holds the chain and those it follows, the sealed views snapshot and
codedark.toml, so that with three cards a node can be restored from it; it keeps every checkpoint it cosigned, and tells
the source: its cosignature, or the proof of a fork.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from codedark.clock import Chance, Clock, SystemChance, SystemClock
from codedark.errors import ForkFound, JournalError
from codedark.journal import Checkpoint, JournalReader, NoteSigner, PullReport, cited, pull, read_checkpoint
from codedark.node.layout import Layout
from codedark.node.witnessing import contains, leave_note

WITNESS_FILE = "witness.key"
HISTORY = "checkpoints.log"
FORKS = "forks"


def pull_copy(
    source: Path, copy: Path, *, progress: Callable[[int, int], None] | None = None, chance: Chance | None = None,
    clock: Clock | None = None, whole: bool = False,
) -> PullReport:  # fmt: skip
    """Pull `source` (a node's folder, or a journal folder) into `copy`, cosign, keep the note, and tell the source.

    `whole`: verify source and copy from the start, not only what is new since the last pull.

    Raises ChainBroken, ForkFound: a source that was cut, rolled back or rewritten since the last pull. Both sides of a
    fork are told: this one now, the other when it is pulled next.
    """
    clock = clock or SystemClock()
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal, signer = journal_folder(source), witness(copy, chance or SystemChance())
    _disposables(source, copy)
    try:
        _follow(journal.parent / "origins", journal, copy)
        report = pull(journal, copy, signer, at_us=clock.now_us(), whole=whole, progress=progress)
    except ForkFound:
        _tell_of_fork(journal, copy, signer, clock)
        raise
    _remember(copy, report.note, clock)
    with contextlib.suppress(OSError):  # a source that cannot be written to is still witnessed here
        leave_note(journal, signer, report.note, clock.now_us())
        for proof in sorted((copy / FORKS).glob("*-other*.note")):
            leave_note(journal, signer, proof.read_text(encoding="utf-8"), clock.now_us())
    return report


def journal_folder(folder: Path) -> Path:
    """The journal of a node's folder, or the folder itself when it is a journal (a pulled copy)."""
    return Layout(folder).journal if Layout(folder).journal.is_dir() else folder


def witness(copy: Path, chance: Chance) -> NoteSigner:
    """The witness of this copy: an Ed25519 key of its own, in a 0600 file, named by its first bytes."""
    path = copy / WITNESS_FILE
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(chance.bytes(32).hex().encode() + b"\n")
    seed = bytes.fromhex(path.read_text(encoding="ascii").strip())
    name = NoteSigner("witness", seed).public_key.hex()[:16]
    return NoteSigner(f"codedark/witness/{name}", seed)


def witness_of(copy: Path) -> tuple[str, str]:
    """(name, public key in base64) of the witness of this copy: what two people pin on the node."""
    signer = witness(copy, SystemChance())
    return signer.name, base64.b64encode(signer.public_key).decode()


def history(copy: Path) -> list[tuple[int, str, int]]:
    """(when µs UTC, chain's name, size) of every checkpoint this copy cosigned, oldest first."""
    path = copy / HISTORY
    rows = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [(int(at), name, int(size)) for at, name, size, *_ in (row.split(" ") for row in rows)]


def _remember(copy: Path, note: str, clock: Clock) -> None:
    head, signature = read_checkpoint(note), note.splitlines()[-1].split(" ")[-1]
    with (copy / HISTORY).open("a", encoding="utf-8") as out:
        out.write(f"{clock.now_us()} {head.name} {head.size} {head.root.hex()} {signature}\n")


def _disposables(source: Path, copy: Path) -> None:
    """The sealed snapshot and codedark.toml, before the chain: the snapshot must never know more than the copy."""
    for name in ("snapshots/views.snapshot", "codedark.toml"):
        there, here = source / name, copy / name
        if there.is_symlink():
            continue  # it could point at any file of this machine
        if there.is_file() and (not here.is_file() or there.stat().st_mtime_ns != here.stat().st_mtime_ns):
            here.parent.mkdir(mode=0o700, exist_ok=True)
            part = here.with_name(here.name + ".part")
            shutil.copy2(there, part)
            part.chmod(0o600)
            part.replace(here)


def _follow(closed: Path, journal: Path, copy: Path) -> None:
    """Keep every chain that the source's follows; when the source went on in a new origin, so does the copy."""
    for chain in sorted(path for path in closed.glob("*") if path.is_dir()) if closed.is_dir() else []:
        here = copy / "origins" / chain.name
        if not here.exists() and _held(copy) != chain.name:
            pull(chain, here)
    held, reader = _held(copy), JournalReader.open(journal)
    statement = reader.statement
    reader.close()
    if held is None or held == statement.id.hex():
        return
    before = cited(statement.cites)
    if before is None or before[0] != held:
        raise ForkFound(0, "the source is of another origin, which does not follow the one pulled before")
    newest = _newest(copy)
    if newest.size > before[1]:
        raise ForkFound(before[1], f"the source went on from {before[1]} entries; {newest.size} were pulled before")
    if (closed / held).is_dir():
        pull(closed / held, copy)
    here = copy / "origins" / held
    here.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in [*copy.glob("volume-*"), copy / "epochs"]:
        path.rename(here / path.name)


def _held(copy: Path) -> str | None:
    if not any(copy.glob("volume-*.db")):
        return None
    reader = JournalReader.open(copy)
    reader.close()
    return reader.statement.id.hex()


def _newest(folder: Path) -> Checkpoint:
    reader = JournalReader.open(folder)
    found = reader.checkpoint()
    reader.close()
    if found is None:
        raise JournalError("the copy has no checkpoint", hint="Pull it anew into another folder.")
    return found


def _tell_of_fork(journal: Path, copy: Path, signer: NoteSigner, clock: Clock) -> None:
    """Leave the proof with this source, and keep this source's own head for the other side.

    One clone has one proof for each side, however often it is met: a clone that goes on writing must not undo what two
    people decided since. Another clone is another history and gets proofs of its own.
    """
    mine, theirs = JournalReader.open(copy), JournalReader.open(journal)
    try:
        origin = theirs.statement.id.hex()
        _one_of(copy / FORKS, f"{origin}-other", theirs, own=mine)
        held = _one_of(copy / FORKS, f"{origin}-held", mine, own=theirs)
    finally:
        mine.close()
        theirs.close()
    if held:
        with contextlib.suppress(OSError):
            leave_note(journal, signer, held, clock.now_us())


def _one_of(folder: Path, name: str, said_by: JournalReader, *, own: JournalReader) -> str:
    """A head of `said_by` that `own` does not contain: one kept already that proves this, else its newest now.

    "" when its newest is part of `own` too (a copy that was only rolled back, so it proves nothing to the other side).
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = sorted(folder.glob(f"{name}*.note"), key=lambda path: (len(path.name), path.name))
    for path in kept:
        note = path.read_text(encoding="utf-8")
        if not contains(own, note) and contains(said_by, note):
            return note
    newest = said_by.checkpoint()
    if newest is None or contains(own, newest.note):
        return ""
    path = folder / (f"{name}-{len(kept) + 1}.note" if kept else f"{name}.note")
    path.write_text(newest.note, encoding="utf-8")
    return newest.note
