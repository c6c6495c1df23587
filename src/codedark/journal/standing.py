"""What a puller remembers of the chain it has verified, so that the next pull begins where the last one ended.

`verified.note` lies beside the copy, signed with the copy's own witness key: a signed note whose text is
`codedark verified v1`, the origin's name, the size and, in base64, a MessagePack of `Standing`. It is disposable: when
it is not there, or was changed, or does not fit the copy, everything is verified from the start.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path

import msgspec

from codedark.journal.merkle import Frontier
from codedark.journal.note import NoteSigner, is_signed_by
from codedark.journal.origin import OriginStatement
from codedark.journal.tiles import TileBuilder
from codedark.journal.verification import Checker

FILE = "verified.note"
_FORMAT = "codedark verified v1"


class Standing(msgspec.Struct, frozen=True):
    """Where a checked chain stands. `previous`, `at`: hash and µs UTC of the newest entry; `frontier`: roots of the
    full subtrees; `open`, `tiles`: hashes of the tiles that are not full and how many full ones there are, by level;
    `counts`: entries by kind; `pulls`: how many in a row have not begun at the start."""

    size: int
    previous: bytes
    at: int
    frontier: bytes
    open: list[list[bytes]]
    tiles: list[int]
    counts: dict[str, int]
    pulls: int


@dataclass(slots=True)
class Memory:
    """The remembered standing of one copy. `witness`: whose signature it must bear; without one nothing is kept."""

    copy: Path
    witness: NoteSigner | None

    def recall(self, statement: OriginStatement, size: int, root: bytes) -> tuple[Checker, int] | None:
        """A checker that stands at `size`, where the copy does, and how many pulls have begun there in a row."""
        standing = self._read(statement)
        if standing is None or standing.size != size:
            return None
        try:
            tree = Frontier.load(standing.size, standing.frontier)
        except ValueError:
            return None
        if tree.root() != root:
            return None
        tiles = TileBuilder(standing.open, standing.tiles)
        return Checker(statement, tree, tiles, standing.previous, standing.at, standing.counts), standing.pulls

    def keep(self, checker: Checker, pulls: int) -> None:
        """Remember where `checker` stands."""
        if self.witness is None:
            return
        tree, (open_, numbers) = checker.tree, checker.tiles.standing()
        standing = Standing(
            tree.size, checker.previous, checker.at, tree.dump(), open_, numbers, checker.counts, pulls
        )  # fmt: skip
        data = base64.b64encode(msgspec.msgpack.encode(standing)).decode()
        text = f"{_FORMAT}\n{checker.statement.name}\n{tree.size}\n{data}\n"
        part = self.copy / f"{FILE}.part"
        part.write_text(f"{text}\n{self.witness.signature_line(text)}", encoding="utf-8")
        part.replace(self.copy / FILE)

    def _read(self, statement: OriginStatement) -> Standing | None:
        if self.witness is None:
            return None
        try:
            note = (self.copy / FILE).read_text(encoding="utf-8")
            words, name, _, data = note.partition("\n\n")[0].split("\n")
            if (words, name) != (_FORMAT, statement.name):
                return None
            if not is_signed_by(note, self.witness.name, self.witness.public_key):
                return None
            return msgspec.msgpack.decode(base64.b64decode(data, validate=True), type=Standing)
        except (OSError, ValueError, binascii.Error, msgspec.MsgspecError):
            return None
