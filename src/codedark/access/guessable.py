"""Passwords that others would guess: the common ones, a common word made longer by digits, and words of this place.

ASVS 5.0.0, 6.2.4, 6.2.11 and 6.2.12. No rule asks for capitals or signs: a long password of plain words is good. The
list is hashes (script/guessable.py), so that nobody reads obscenities in our source; nothing is looked up elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

_PREFIX = 6
_AFFIX = "0123456789 .,:;!?@#$%^&*()_+-=/\\'\"<>[]{}|~`"
_LONGEST_AFFIX = 6
_FEWEST = 5
"""Different characters."""
_OWN = 6
"""Characters that must be left when the words of this place are taken out."""
PLACE = frozenset(
    ("codedark", "hospital", "clinic", "ward", "nurse", "doctor", "physician", "pharmacist", "pharmacy", "clerk",
     "engineer", "administrator", "commander", "custodian", "privacy", "emergency", "downtime", "password", "welcome")
)  # fmt: skip
"""Words of every hospital and of this program; those of the facility, the person and the log-in are handed in."""


def guessable(password: str, words: Iterable[str] = ()) -> str:
    """Why a password would be guessed, as a sentence ("" = it would not). `words`: names of this place and person."""
    folded = password.casefold()
    if len(set(folded)) < _FEWEST:
        return "it repeats too few characters"
    core = folded.strip(_AFFIX)
    padded = len(folded) - len(core) <= _LONGEST_AFFIX
    if is_common(folded) or (padded and is_common(core)):
        return "it is one that many people choose"
    half = folded[: len(folded) // 2]
    if half * 2 == folded and (is_common(half) or len(half) < _OWN):
        return "it is one word twice"
    left = folded
    for word in sorted({part.casefold() for each in words for part in each.split()} | PLACE, key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 3 else left
    if left != folded and len(left.strip(_AFFIX)) < _OWN:
        return "it is made of words of this place"
    return ""


def is_common(folded: str) -> bool:
    """Whether this very text is on the list."""
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).digest()[:_PREFIX] in _listed()


@cache
def _listed() -> frozenset[bytes]:
    data = files("codedark.access").joinpath("guessable.bin").read_bytes()
    return frozenset(data[at : at + _PREFIX] for at in range(0, len(data), _PREFIX))
