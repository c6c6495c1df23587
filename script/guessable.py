"""Make src/codedark/access/guessable.bin: hashes of what people choose when they must choose a password.

Usage: .venv/bin/python script/guessable.py WORDS...
WORDS: text files (.gz too), one password a line, most frequent first. Made from the password lists of the npm package
@zxcvbn-ts/language-common 4.1.3 (MIT) and of Django 5.2.19 (BSD-3-Clause). Kept: everything of ten characters and more,
and the first 12,000 shorter ones as the words that are made longer by digits. Six bytes of SHA-256 each, sorted.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

TO = Path(__file__).resolve().parent.parent / "src/codedark/access/guessable.bin"
LONG, SHORTEST, WORDS, PREFIX = 10, 4, 12_000, 6


def lines(path: Path) -> Iterable[str]:
    """The passwords of one list, folded."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    yield from (line.strip().casefold() for line in text.split("\n") if line.strip())


def main() -> None:
    """Write the file."""
    every = [list(dict.fromkeys(lines(Path(name)))) for name in sys.argv[1:]]
    kept = {word for found in every for word in found if len(word) >= LONG}
    for found in every:
        kept |= set([word for word in found if SHORTEST <= len(word) < LONG and not word.isdigit()][:WORDS])
    hashed = sorted(hashlib.sha256(word.encode()).digest()[:PREFIX] for word in kept)
    TO.write_bytes(b"".join(hashed))
    print(f"{len(hashed)} passwords, {TO.stat().st_size} bytes")


if __name__ == "__main__":
    main()
