"""Tiles: the inner hashes of the tree, kept 256 at a time (c2sp.org/tlog-tiles), so that a proof never reads the
whole log.

Tile (0, n) holds the leaf hashes 256n … 256n+255; tile (k, n) holds the roots of 256 full tiles of level k-1. Only
full tiles are
stored; what is not full yet is computed from the entries. Tiles are derived: `verify` computes them again.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

WIDTH = 256
HASH = 32
HEIGHT = 8  # WIDTH = 2 ** HEIGHT
LEVELS = 7  # 256 ** 7 leaves are more than any position


def tree_of(hashes: list[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def edge_of(leaves: list[bytes]) -> list[bytes]:
    """The roots of the full subtrees over leaves of a tile that is not full, largest first: the end of a frontier."""
    roots, at = [], 0
    for height in reversed(range(HEIGHT)):
        if len(leaves) >> height & 1:
            roots.append(tree_of(leaves[at : at + (1 << height)]))
            at += 1 << height
    return roots


def split(data: bytes) -> list[bytes]:
    """A stored tile as its hashes."""
    return [data[i : i + HASH] for i in range(0, len(data), HASH)]


class TileBuilder:
    """Gathers leaf hashes and hands out each tile as it becomes full."""

    def __init__(self, partial: list[list[bytes]] | None = None, numbers: list[int] | None = None) -> None:
        self._partial = partial or [[] for _ in range(LEVELS)]
        self._numbers = numbers or [0] * LEVELS
        self.full: list[tuple[int, int, bytes]] = []

    def copy(self) -> TileBuilder:
        """An independent builder at the same size, with no full tiles in hand."""
        return TileBuilder([list(p) for p in self._partial], list(self._numbers))

    def standing(self) -> tuple[list[list[bytes]], list[int]]:
        """By level: the hashes of the tile that is not full, and how many full tiles there are."""
        return self._partial, self._numbers

    def open_leaves(self) -> bytes:
        """The leaf hashes of the level-0 tile that is not full, joined."""
        return b"".join(self._partial[0])

    def add(self, leaf_hash: bytes, level: int = 0) -> None:
        """Add one hash; a full tile goes to `full` as (level, number, hashes) and its root one level up."""
        partial = self._partial[level]
        partial.append(leaf_hash)
        if len(partial) == WIDTH:
            self.full.append((level, self._numbers[level], b"".join(partial)))
            self._numbers[level] += 1
            self._partial[level] = []
            self.add(tree_of(partial), level + 1)

    def add_tile(self, root: bytes) -> None:
        """Add a whole level-0 tile by its root; there must be no leaf hashes that wait for theirs."""
        self._numbers[0] += 1
        self.add(root, 1)

    @classmethod
    def resume(cls, size: int, open_leaves: list[bytes], tile: Callable[[int, int], bytes | None]) -> TileBuilder:
        """The builder of a log of `size` entries. Raises LookupError when a full tile is not there.

        `open_leaves`: leaf hashes of the last, not full tile; `tile(level, number)`: stored hashes or None.
        """
        if len(open_leaves) != size % WIDTH:
            raise LookupError("leaves of the last tile are missing")
        partial = [list(open_leaves)]
        numbers, count = [size // WIDTH], size // WIDTH
        for level in range(1, LEVELS):
            start = count - count % WIDTH
            partial.append([tree_of(split(_stored(tile, level - 1, n))) for n in range(start, count)])
            count //= WIDTH
            numbers.append(count)
        return cls(partial, numbers)


def _stored(tile: Callable[[int, int], bytes | None], level: int, number: int) -> bytes:
    data = tile(level, number)
    if data is None or len(data) != WIDTH * HASH:
        raise LookupError(f"tile {level}/{number} is missing")
    return data
