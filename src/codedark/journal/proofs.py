"""Inclusion and consistency proofs (RFC 6962, 2.1.1 and 2.1.2; checked as in RFC 9162, 2.1.3.2 and 2.1.4.2).

Making a proof needs a source of hashes; checking one needs nothing but the proof, the roots and the entry.
"""

from __future__ import annotations

from collections.abc import Callable

from codedark.journal.merkle import leaf, node
from codedark.journal.tiles import HASH, HEIGHT, WIDTH, split, tree_of


class Hashes:
    """Hashes of aligned subtrees of one log: from stored tiles where they are full, else from the entries."""

    def __init__(
        self, entry_hashes: Callable[[int, int], list[bytes]], tile: Callable[[int, int], bytes | None]
    ) -> None:
        self._entry_hashes, self._tile = entry_hashes, tile

    def subtree(self, level: int, index: int) -> bytes:
        """The root of the full subtree over leaves index·2^level … (index+1)·2^level − 1."""
        tile_level, height = divmod(level, HEIGHT)
        first, count = index << height, 1 << height
        data = self._tile(tile_level, first // WIDTH)
        if data is not None:
            start = first % WIDTH
            return tree_of(split(data[start * HASH : (start + count) * HASH]))
        if tile_level == 0:
            return tree_of([leaf(h) for h in self._entry_hashes(first, count)])
        return tree_of(
            [self.subtree(tile_level * HEIGHT - 1, 2 * n + s) for n in range(first, first + count) for s in (0, 1)]
        )

    def range(self, start: int, end: int) -> bytes:
        """The RFC 6962 head over leaves start … end−1; `start` is aligned to the largest power of two below the
        length.
        """
        size = end - start
        if size & (size - 1) == 0:
            return self.subtree(size.bit_length() - 1, start // size)
        half = 1 << (size - 1).bit_length() - 1
        return node(self.range(start, start + half), self.range(start + half, end))


def inclusion(hashes: Hashes, position: int, size: int) -> list[bytes]:
    """The audit path of an entry in the tree of `size`. Raises ValueError when it is not in it."""
    if not 0 <= position < size:
        raise ValueError("the position is not below the size")
    start, end, path = 0, size, []
    while end - start > 1:
        half = 1 << (end - start - 1).bit_length() - 1
        if position < start + half:
            path.append(hashes.range(start + half, end))
            end = start + half
        else:
            path.append(hashes.range(start, start + half))
            start += half
    return path[::-1]


def consistency(hashes: Hashes, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `old` is a prefix of the tree of `new`. Raises ValueError unless 0 < old ≤ new."""
    if not 0 < old <= new:
        raise ValueError("the old size must be from 1 to the new size")
    start, end, path, whole = 0, new, [], True
    while old != end - start:
        half = 1 << (end - start - 1).bit_length() - 1
        if old <= half:
            path.append(hashes.range(start + half, end))
            end = start + half
        else:
            path.append(hashes.range(start, start + half))
            start, old, whole = start + half, old - half, False
    if not whole:
        path.append(hashes.range(start, end))
    return path[::-1]


def is_included(entry_hash: bytes, position: int, size: int, path: list[bytes], root: bytes) -> bool:
    """True when the path leads from the entry to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    index, last, found = position, size - 1, leaf(entry_hash)
    for step in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = node(step, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node(found, step)
        index, last = index >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    """True when the path shows the old tree to be a prefix of the new one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    path = [old_root, *path] if old & (old - 1) == 0 else path
    if not path:
        return False
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            first, second = node(step, first), node(step, second)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            second = node(second, step)
        index, last = index >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
