"""Pulling a journal onto another machine: the copy, and the witness key that cosigns what was verified here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from codedark.clock import Chance, SystemChance
from codedark.journal import NoteSigner, PullReport, pull

WITNESS_FILE = "witness.key"


def pull_copy(
    source: Path, copy: Path, *, progress: Callable[[int, int], None] | None = None, chance: Chance | None = None
) -> PullReport:
    """Pull `source` (a journal folder) into `copy` and cosign. The witness key is made there at the first pull.

    Raises ChainBroken, ForkFound: a source that was cut, rolled back or rewritten since the last pull.
    """
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    return pull(source, copy, witness(copy, chance or SystemChance()), progress=progress)


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
