"""The RFC 6962 tree over entry hashes, grown one leaf at a time.

A frontier is the list of roots of the full subtrees of a size, largest first: one for each 1-bit of the size. It is all
that is needed to append and to tell the root, so the writer never reads old entries.
"""

from __future__ import annotations

from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf(entry_hash: bytes) -> bytes:
    """Leaf hash of one log entry (RFC 6962, 2.1)."""
    return sha256(b"\0" + entry_hash).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Inner node hash."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a tree of `size` leaves. Mutable; one owner."""

    __slots__ = ("roots", "size")

    def __init__(self, size: int = 0, roots: list[bytes] | None = None) -> None:
        self.size = size
        self.roots = roots if roots is not None else []
        if len(self.roots) != size.bit_count():
            raise ValueError("a frontier has one root for each 1-bit of its size")

    def append(self, entry_hash: bytes) -> bytes:
        """Add one entry; merges equal subtrees upwards, one hash on average. Returns its leaf hash."""
        added, size, roots = sha256(b"\0" + entry_hash).digest(), self.size, self.roots
        carry = added
        while size & 1:
            carry = sha256(b"\1" + roots.pop() + carry).digest()
            size >>= 1
        roots.append(carry)
        self.size += 1
        return added

    def append_subtree(self, root: bytes, height: int) -> None:
        """Add 2^height entries at once, by the root over them. The size must be a multiple of as many."""
        size, roots = self.size >> height, self.roots
        while size & 1:
            root = sha256(b"\1" + roots.pop() + root).digest()
            size >>= 1
        roots.append(root)
        self.size += 1 << height

    def root(self) -> bytes:
        """The RFC 6962 root of the tree so far."""
        if not self.roots:
            return EMPTY_ROOT
        out = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            out = node(left, out)
        return out

    def dump(self) -> bytes:
        """The roots joined: 32 bytes each, largest subtree first."""
        return b"".join(self.roots)

    @classmethod
    def load(cls, size: int, data: bytes) -> Frontier:
        """The inverse of `dump`. Raises ValueError when the data do not fit the size."""
        return cls(size, [data[i : i + 32] for i in range(0, len(data), 32)])

    def copy(self) -> Frontier:
        """An independent frontier of the same size."""
        return Frontier(self.size, list(self.roots))
