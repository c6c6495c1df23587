"""Passwords: argon2id (RFC 9106), a bound on how many are computed at once, the same work for unknown log-ins."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from codedark.access.guessable import guessable
from codedark.clock import Chance
from codedark.errors import ActionRefused

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 256
_SALT_BYTES = 16
_FOUR_WORDS = "Four unrelated words are long enough and can be remembered."


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """argon2id's cost. `memory_kib`: KiB for one hash; default: RFC 9106's second choice with one lane (two cores)."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 1

    def hasher(self) -> PasswordHasher:
        """The argon2 library's object for this cost."""
        return PasswordHasher(self.passes, self.memory_kib, self.lanes, type=Type.ID)


DEFAULT_COST = PasswordCost()
CHEAP_COST = PasswordCost(passes=1, memory_kib=64)
"""For tests only: a real node never uses it."""


def hash_password(password: str, chance: Chance, cost: PasswordCost = DEFAULT_COST, words: Iterable[str] = ()) -> str:
    """The argon2id PHC string. `words`: names of this place and person, which a password is not made of.

    Raises ActionRefused for a password under 10 or over 256 characters, or one that others would guess.
    """
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH:
        raise ActionRefused(
            f"a password has {MINIMUM_LENGTH} to {MAXIMUM_LENGTH} characters",
            hint=_FOUR_WORDS,
        )
    if why := guessable(password, words):
        raise ActionRefused(f"this password is too easy to guess: {why}", hint=_FOUR_WORDS)
    return cost.hasher().hash(password, salt=chance.bytes(_SALT_BYTES))


def check_password(phc: str, password: str) -> bool:
    """Whether the password fits. False for a damaged hash: nobody gets in through a bad record."""
    try:
        return PasswordHasher().verify(phc, password[: MAXIMUM_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False


class PasswordGate:
    """Lets at most `limit` hashes be computed and `waiting` callers wait, so a flood of log-ins cannot eat the node.

    Whoever comes when the waiting room is full is refused at once and told about the envelope, which has its own lane.
    """

    def __init__(self, limit: int = 2, waiting: int = 32, cost: PasswordCost = DEFAULT_COST) -> None:
        self._slots = threading.BoundedSemaphore(limit)
        self._room = threading.BoundedSemaphore(limit + waiting)
        self._decoy = ""
        self.cost = cost

    def check(self, phc: str | None, password: str) -> bool:
        """Whether the password fits; `None` (no such account) costs the same and is False.

        Raises ActionRefused when too many wait.
        """
        if not self._room.acquire(blocking=False):
            raise ActionRefused(
                "too many log-ins are being checked at this moment",
                hint="Try again in a few seconds. The unit's envelope opens without waiting.",
            )
        try:
            with self._slots:
                fits = check_password(phc or self.decoy(), password)
        finally:
            self._room.release()
        return fits and phc is not None

    def decoy(self) -> str:
        """The hash that unknown log-ins are checked against: of this gate's cost, made when first needed."""
        if not self._decoy:
            self._decoy = self.cost.hasher().hash(b"nobody has this password", salt=b"codedark decoy..")
        return self._decoy
