"""What a fuzz target is, and the short seeded form of fuzzing that runs in CI.

A target takes any bytes and raises only when a promise is broken. `script/fuzz` runs targets under atheris, guided by
coverage, for as long as it is told; the test beside this file replays seeds, everything that was ever found
(`tests/fuzz/found`), and some hundred seeded mutations of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

FOUND = Path(__file__).resolve().parent / "found"
MOST_BYTES = 65_536
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where targets that write files write them: waiting for a disk finds nothing."""


@dataclass(frozen=True)
class Target:
    """`check` raises when a promise is broken; `seeds` gives inputs that are worth changing; `words` are pieces that
    mean something to the code under test; `rooms` are the modules whose branches guide the search."""

    name: str
    check: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()
    rooms: tuple[str, ...] = ()
    weight: int = 1
    """How many plain targets one execution costs: the short form runs it that much less often."""

    def found(self) -> list[bytes]:
        """Inputs that broke a promise once: they never may again."""
        folder = FOUND / self.name
        return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []

    @cache  # noqa: B019 - a target lives as long as its process
    def corpus(self) -> tuple[bytes, ...]:
        return (b"", *self.seeds(), *self.found())


def mutated(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """`count` changed copies of a target's corpus; the same seed gives the same bytes."""
    chance = Random(f"{target.name} {seed}")
    corpus = [data for data in target.corpus() if len(data) <= MOST_BYTES]
    for _ in range(count):
        data = bytearray(chance.choice(corpus))
        for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
            _change(data, corpus, target.words, chance)
        yield bytes(data[:MOST_BYTES])


def _change(data: bytearray, corpus: list[bytes], words: tuple[bytes, ...], chance: Random) -> None:
    at = chance.randint(0, len(data))
    span = chance.choice((1, 1, 2, 4, 16, 64))
    match chance.randrange(8):
        case 0 if data:
            data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
        case 1:
            del data[at : at + span]
        case 2:
            data[at:at] = bytes(chance.randrange(256) for _ in range(min(span, 8)))
        case 3 | 4 if words:
            data[at : at + chance.choice((0, 0, 1, 4))] = chance.choice(words)
        case 5:
            other = chance.choice(corpus)
            start = chance.randint(0, len(other))
            data[at:at] = other[start : start + span * 4]
        case 6:
            data[at:at] = data[at : at + span] * chance.choice((1, 2, 50, 2000))
        case _:
            data[at : at + 1] = chance.choice(
                (b"\x00", b"\xff", b"\r", b"\n", b"\x0b", b"\x1c", b"\x1b", b"\x80", b'"')
            )
