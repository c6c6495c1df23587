"""The unit's envelope: an X25519 key for the pack (as a QR) and ten one-time codes that open a 12-hour session.

The node keeps the public half and hashes of the codes, never the codes. A code is twelve characters of Crockford's
base 32 in three groups: its number (1 … 9, A), ten random ones (50 bits), a check character that catches every
single wrong character and every swap of two. Whoever holds the hashes has the node's facility key already; PBKDF2 is
there so that codes outlive a rotation of that key.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from typing import Protocol

from codedark.access.seed import age_identity, age_recipient
from codedark.clock import Chance

CODES = 10
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans("OIL", "011", "- \t\r\n.")
_RANDOM_CHARACTERS = 10
_LENGTH = _RANDOM_CHARACTERS + 2
_ROUNDS = 1000


class IssuedCard(Protocol):
    """What the views know of a unit's card."""

    @property
    def unit(self) -> str:
        """The unit."""
        ...

    @property
    def card(self) -> str:
        """Id of the card."""
        ...

    @property
    def codes(self) -> Sequence[str]:
        """Hashes of the ten codes."""
        ...

    @property
    def used(self) -> Sequence[int]:
        """Indexes of spent codes."""
        ...


@dataclass(frozen=True, slots=True)
class NewUnitCard:
    """What is printed and put into the envelope, and then forgotten: `secret` (age identity for the QR) and `codes`.
    `recipient` and `hashes` are what the node keeps."""

    unit: str
    card: str
    recipient: str
    hashes: tuple[str, ...]
    secret: str = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)


def new_unit_card(unit: str, chance: Chance) -> NewUnitCard:
    """A new card with ten codes for one unit."""
    card = chance.bytes(6).hex()
    secret = age_identity(chance.bytes(32))
    plain = tuple(_new_code(index, chance) for index in range(CODES))
    hashes = tuple(_hash(unit, card, code) for code in plain)
    shown = tuple("-".join(code[at : at + 4] for at in range(0, _LENGTH, 4)) for code in plain)
    return NewUnitCard(unit, card, age_recipient(secret), hashes, secret, shown)


def well_typed(code: str) -> bool:
    """Whether the code's check character fits; False tells the nurse "typed wrongly", it opens nothing."""
    plain = _plain(code)
    return len(plain) == _LENGTH and all(character in _ALPHABET for character in plain) and _check(plain) == 0


def matching_code(card: IssuedCard, code: str) -> int | None:
    """The index of the unspent code that was typed, or None. The comparison takes the same time wherever it differs."""
    plain = _plain(code)
    if not well_typed(code):
        return None
    index = _ALPHABET.index(plain[0]) - 1
    if not 0 <= index < len(card.codes):
        return None
    fits = hmac.compare_digest(_hash(card.unit, card.card, plain), card.codes[index])
    return index if fits and index not in card.used else None


def _new_code(index: int, chance: Chance) -> str:
    number = int.from_bytes(chance.bytes(7), "big")
    body = _ALPHABET[index + 1] + "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(_RANDOM_CHARACTERS))
    return body + _ALPHABET[_check(body + "0")]


def _plain(code: str) -> str:
    return code.upper().translate(_ALIKE)


def _check(characters: str) -> int:
    """The code as a polynomial over GF(32) (x⁵+x²+1), at its generator: 0 for a code with its right last character."""
    value = 0
    for character in characters:
        value <<= 1
        value = (value ^ 0b100101 if value & 32 else value) ^ _ALPHABET.index(character)
    return value


def _hash(unit: str, card: str, plain: str) -> str:
    salt = f"codedark code v1\x00{unit}\x00{card}".encode()
    return "c1$" + pbkdf2_hmac("sha256", plain.encode(), salt, _ROUNDS).hex()
