"""What witnesses left in the node's folder: their cosignatures, and checkpoints that this chain does not contain.

Nobody needs to be believed. A checkpoint signed by this origin's own key is either a head of this very chain, or proof
that a clone or a rolled-back copy wrote under the same name. `journal/witness/` is an inbox of such notes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from codedark.entries import ForkSeen, draft_of
from codedark.errors import UnknownFormat
from codedark.journal import Draft, JournalReader, NoteSigner, Once, cosigned_at_us, is_signed_by, read_checkpoint

_HEAD = "codedark witness v1"
_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Witnessed:
    """One note from a witness. `agrees`: this chain contains the checkpoint, signed by the origin and cosigned by the
    witness; `at_us`: when, by the witness's clock and signed by it (of a proof: when it was left, unsigned); `key`: the
    public key that the note itself names, 32 bytes: it says nothing until it is pinned."""

    witness: str
    size: int
    at_us: int
    agrees: bool
    note: str
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who has taken a copy. `newest`: the furthest cosignature of a pinned witness; `unpinned`: cosignatures that do
    not count; `forks`: proofs that this chain was cloned or rolled back (these need no pin); `pins`: how many are."""

    newest: Witnessed | None
    unpinned: tuple[Witnessed, ...]
    forks: tuple[Witnessed, ...]
    pins: int


def watch(journal: Path, pins: Mapping[str, bytes]) -> Watch:
    """What the notes in the inbox say, by the witnesses that two people pinned (name → public key)."""
    notes = witnessed(journal)
    agreeing = [each for each in notes if each.agrees]
    counted = [each for each in agreeing if pins.get(each.witness) == each.key]
    return Watch(
        newest=max(counted, key=lambda each: (each.size, each.at_us), default=None),
        unpinned=tuple(each for each in agreeing if each not in counted),
        forks=tuple(each for each in notes if not each.agrees),
        pins=len(pins),
    )


def leave_note(journal: Path, signer: NoteSigner, note: str, at_us: int) -> None:
    """Put a note where the node finds it. One file for a witness's newest cosignature, one for each proof of a fork."""
    cosigned = cosigned_at_us(note, signer.name, signer.public_key) is not None
    inbox = journal / "witness"
    inbox.mkdir(mode=0o700, exist_ok=True)
    name = signer.public_key.hex()[:16] + ("" if cosigned else "-" + sha256(note.encode()).hexdigest()[:16])
    path = inbox / f"{name}.note"
    key = base64.b64encode(signer.public_key).decode()
    part = path.with_suffix(".part")
    part.write_text(f"{_HEAD} {key} {at_us} {signer.name}\n{note}", encoding="utf-8")
    part.replace(path)


def witnessed(journal: Path) -> list[Witnessed]:
    """Every readable note of the inbox that this origin signed, newest last. Raises JournalError without a journal."""
    inbox = journal / "witness"
    if not inbox.is_dir():
        return []
    reader = JournalReader.open(journal)
    try:
        return sorted(_judged(reader, inbox), key=lambda found: found.at_us)
    finally:
        reader.close()


def fork_drafts(journal: Path) -> list[Draft]:
    """A `fork.found` for each proof in the inbox; the journal takes the same one once."""
    reader = JournalReader.open(journal)
    origin = reader.statement.id
    reader.close()
    drafts = []
    for found in witnessed(journal):
        if not found.agrees:
            head = read_checkpoint(found.note)
            said = ForkSeen(origin=origin, size=head.size, note=found.note, witness=found.witness)
            once = Once("fork.found", f"{head.size}/{head.root.hex()}")
            drafts.append(draft_of(said, source="node", once=once))
    return drafts


def contains(reader: JournalReader, note: str) -> bool:
    """Whether the chain contains the head on this note. Its signatures are not looked at. Raises UnknownFormat."""
    head = read_checkpoint(note)
    # The chain's own head is read after the note: an honest note never covers more than is here by now.
    return 0 < head.size <= reader.head().size and reader.hashes().range(0, head.size) == head.root


def _judged(reader: JournalReader, inbox: Path) -> Iterator[Witnessed]:
    statement = reader.statement
    for path in sorted(inbox.glob("*.note")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue  # a pipe would keep the node waiting, a link could name anything
        try:
            first, _, note = path.read_text(encoding="utf-8").partition("\n")
            words = first.split(" ")
            key, left_us, witness = base64.b64decode(words[3], validate=True), int(words[4]), words[5]
            head = read_checkpoint(note)
        except (OSError, ValueError, IndexError, UnknownFormat, binascii.Error):
            continue
        if head.name != statement.name or not is_signed_by(note, statement.name, statement.public_key):
            continue  # anybody can write a file; only this origin's own signature says anything about it
        inside, at_us = contains(reader, note), cosigned_at_us(note, witness, key)
        if not inside or at_us is not None:
            yield Witnessed(witness, head.size, left_us if at_us is None else at_us, inside, note, key)
