"""What three of the five cards are brought for while the node lives: a new generation, new cards, a drill.

The seed exists only inside these calls. Each first makes sure that the cards are of this facility's root.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shamir_mnemonic import MnemonicError, Share

from codedark.access.keys import FACILITY_FILE, NodeKeys
from codedark.access.seed import RootSeed, age_recipient
from codedark.access.shelf import replace_private
from codedark.clock import Chance
from codedark.errors import ActionRefused, ConfigError


@dataclass(frozen=True, slots=True)
class NextKey:
    """The facility key of the next generation. `recipient`: its public half, `age1…`."""

    generation: int
    recipient: str
    identity: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Escrow:
    """The escrow key, out of the cards for one drill. `set_id`: of the cards; `generations`: how many facility keys of
    this node the same root yields."""

    set_id: int
    generations: int
    identity: str = field(repr=False)


def next_key(cards: Sequence[str], keys: NodeKeys) -> NextKey:
    """The facility key that follows the one in use. Raises ActionRefused for other cards."""
    seed = _seed_of(cards, keys)
    try:
        identity = seed.age_identity("facility", keys.facility, keys.generation + 1)
    finally:
        seed.forget()
    return NextKey(keys.generation + 1, age_recipient(identity), identity)


def add_generation(folder: Path, key: NextKey) -> None:
    """Write the new key as the last line of FOLDER/keys/facility.key; those before stay, to open what they sealed."""
    path = folder / "keys" / FACILITY_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {type(error).__name__}",
            hint="A key that is only a systemd credential: put the file back, rotate, and seal the new file again.",
        ) from error
    if key.identity in text.splitlines():
        return
    replace_private(path, text.rstrip("\n").encode() + b"\n" + key.identity.encode() + b"\n", os.getpid())


def split_again(cards: Sequence[str], keys: NodeKeys, chance: Chance) -> tuple[str, ...]:
    """Five new cards of the same root from any three old ones. Old and new cards do not mix; both sets restore."""
    seed = _seed_of(cards, keys)
    try:
        return tuple(seed.shares(chance))
    finally:
        seed.forget()


def escrow_of(cards: Sequence[str], keys: NodeKeys) -> Escrow:
    """The escrow key, for a drill. Raises ActionRefused when the cards do not yield the one this node seals to."""
    seed = _seed_of(cards, keys)
    try:
        identity = seed.age_identity("escrow", keys.facility)
        own = [age_recipient(secret) for secret in keys.facility_secrets]
        made = [age_recipient(seed.age_identity("facility", keys.facility, n)) for n in range(1, keys.generation + 1)]
    finally:
        seed.forget()
    if age_recipient(identity) != keys.escrow_public or made != own:
        raise ActionRefused("the root of these cards is not the one this node seals to", hint="Found a node anew.")
    return Escrow(set_of(cards[0]), len(made), identity)


def set_of(card: str) -> int:
    """The number of the set a card belongs to (SLIP-39 identifier, 15 bits): it stands in its first words, and says
    nothing about the seed. Raises ActionRefused for a mistyped card."""
    try:
        return int(Share.from_mnemonic(" ".join(card.lower().split())).identifier)
    except MnemonicError as error:
        raise ActionRefused("this is no card", hint="Compare each word; each card checks itself.") from error


def _seed_of(cards: Sequence[str], keys: NodeKeys) -> RootSeed:
    seed = RootSeed.from_shares(cards)
    if seed.adoption_key(keys.facility).public_key().public_bytes_raw() != keys.adoption_public:
        seed.forget()
        raise ActionRefused("these cards are of another node", hint="Bring three cards of this facility's set.")
    return seed
