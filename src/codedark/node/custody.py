"""Keys while the node lives: the next generation, new cards, and the drill that shows that the cards still open all.

No card and no seed is ever written to disk here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from codedark.access import (
    Escrow,
    NodeKeys,
    Session,
    add_generation,
    escrow_of,
    load_node_keys,
    next_key,
    set_of,
    split_again,
)
from codedark.actions import Deeds, cards_split, drill_done, may_drill
from codedark.clock import Chance
from codedark.errors import ActionRefused, CodedarkError
from codedark.journal import EpochKeys, JournalReader
from codedark.node.console import Credentials, by_one, change_trust
from codedark.node.folding import settle_views
from codedark.node.layout import Layout
from codedark.node.opening import OpenNode, closed_chains
from codedark.views import ViewStore

T = TypeVar("T")
EPOCHS, ENTRIES = 400, 200
"""How many sealing keys and entries a drill tries at most, over all chains; the newest and the oldest among them."""
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Rotated:
    """A new facility key is in use. `restart`: a running node did not take it up within a minute."""

    generation: int
    recipient: str
    restart: bool


@dataclass(frozen=True, slots=True)
class Drilled:
    """How a drill ended. `failed`: sealing keys and entries that did not open, by place, without content."""

    set_id: int
    generations: int
    epochs: int
    entries: int
    failed: tuple[str, ...]


def rotate(
    node: OpenNode, cards: Sequence[str], reason: str, author: Credentials, second: Credentials
) -> Rotated:  # fmt: skip
    """Make the next facility key from three cards; two people decide it. New epochs are sealed to it at once, old ones
    are opened by the old, which stay in the file. Everybody logs in anew. Raises ActionRefused, ConfigError."""
    made = next_key(cards, node.keys)
    arguments = {"generation": made.generation, "recipient": made.recipient, "reason": reason}
    change_trust(node, "rotate_key", arguments, author, second)
    add_generation(node.layout.root, made)
    keys = load_node_keys(node.layout.root)
    if node.running:
        return Rotated(made.generation, made.recipient, not _taken_up(node.layout, keys))
    node.close()
    settle_views(node.layout, keys)
    return Rotated(made.generation, made.recipient, False)


def _taken_up(layout: Layout, keys: NodeKeys) -> bool:
    """Wait until the running node has brought the views under the new key."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            ViewStore.open(layout.views, keys.views_key, readonly=True).close()
        except CodedarkError:
            time.sleep(0.2)
        else:
            return True
    return False


def resplit(
    node: OpenNode, cards: Sequence[str], reason: str, author: Credentials, second: Credentials,
    shown: Callable[[tuple[str, ...]], None],
) -> int:  # fmt: skip
    """Five new cards of the same root from three old ones, when two people have decided it; the new set's number.

    `shown` gets them once and may raise to stop: then nothing was changed, and the old cards are as good as before.
    """
    made = split_again(cards, node.keys, node.chance)
    proposal = change_trust(node, "resplit_cards", {"reason": reason}, author, second)
    shown(made)
    number = set_of(made[0])
    by_one(node, second, lambda deeds, session: cards_split(deeds, session, proposal, number))
    return number


def drill(node: OpenNode, cards: Sequence[str], author: Credentials) -> Drilled:
    """Open a sample of the record with the escrow key that three cards yield; nothing is written but that it was done.

    Raises ActionRefused for cards of another root.
    """
    found: list[Drilled] = []

    def deed(deeds: Deeds, session: Session) -> None:
        """Try, and record that it was tried."""
        may_drill(deeds, session)
        escrow = escrow_of(cards, node.keys)
        places = [*closed_chains(node.layout), node.layout.journal]
        found.append(_tried(places, escrow, node.chance))
        done = found[0]
        drill_done(deeds, session, done.set_id, done.epochs, done.entries, len(done.failed))

    by_one(node, author, deed)
    if not found[0].entries:
        raise ActionRefused("there is no entry to open yet")
    return found[0]


def _tried(chains: Sequence[Path], escrow: Escrow, chance: Chance) -> Drilled:
    epochs = entries = 0
    failed: list[str] = []
    for chain in chains:
        opener = EpochKeys(chain / "epochs", [escrow.identity])
        for path in _some(sorted((chain / "epochs").glob("*.epoch")), EPOCHS // len(chains), chance):
            epochs += 1
            failed += [] if opener.opens(bytes.fromhex(path.stem)) else [f"sealing key {path.stem[:8]}"]
        reader = JournalReader.open(chain, opener)
        try:
            for position in _some(range(reader.head().size), ENTRIES // len(chains), chance):
                entries += 1
                try:
                    reader.read(position - 1, 1)
                except CodedarkError:
                    failed.append(f"entry {position}")
        finally:
            reader.close()
    return Drilled(escrow.set_id, escrow.generations, epochs, entries, tuple(failed))


def _some(all_: Sequence[T], count: int, chance: Chance) -> list[T]:
    """The first, the last, and others by chance, in order."""
    size = len(all_)
    if size <= count:
        return list(all_)
    chosen = {0, size - 1}
    while len(chosen) < max(count, 2):
        chosen.add(int.from_bytes(chance.bytes(6), "big") % size)
    return [all_[index] for index in sorted(chosen)]
