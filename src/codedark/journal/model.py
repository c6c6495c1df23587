"""The words of the journal as types: draft, receipt, entry, checkpoint. No effects here.

Format: docs/formats/journal.md. Positions count from 0 and are the leaf index of the origin's Merkle tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum
from typing import NamedTuple


class Audience(StrEnum):
    """Who may open an entry. `facility:<id>` (a transfer) is written as a plain string."""

    FACILITY = "facility"
    AUDIT = "audit"
    NETWORK = "network"
    EVIDENCE = "evidence"


class Lane(IntEnum):
    """The commit queue's lanes: people's deeds and read logs go first and may use the reserve; feeds may not."""

    PERSON = 0
    FEED = 1


class Flag(IntFlag):
    """Bits of the header's `flags`."""

    NONE = 0
    ZSTD = 1
    """The plaintext was compressed before sealing."""
    OTHER_BYTES = 2
    """The natural key (feed, sender, control id) was seen before with other bytes; both are kept."""


class Outcome(StrEnum):
    """What became of a draft."""

    NEW = "new"
    SAME = "same"
    """The same bytes under the same natural key: the first receipt again, nothing was appended."""
    DIFFERS = "differs"
    """The same natural key with other bytes: appended and flagged."""


class Once(NamedTuple):
    """The natural key by which a resend is known: for HL7 `scope` = feed, MSH-3, MSH-4 and `key` = MSH-10."""

    scope: str
    key: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants kept. `payload` is opaque; `source` is `feed:NAME`, `person:ID`, `device:ID` or `node`
    and never holds anything about a patient."""

    kind: str
    version: int
    source: str
    payload: bytes
    audience: str = Audience.FACILITY
    once: Once | None = None
    lane: Lane = Lane.FEED


class Receipt(NamedTuple):
    """Proof to the caller that the draft is durable. `origin`: 16 bytes; `recorded_at_us`: µs UTC."""

    origin: bytes
    position: int
    recorded_at_us: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Header:
    """Every plain column of an entry. `boot`: 16 bytes; `sequence`: counts from 0 within one boot of one writer;
    `clock_trusted`: False after a clock jump; `epoch`: 16 bytes; `length`: bytes of ciphertext with its tag."""

    position: int
    origin: bytes
    previous: bytes
    recorded_at_us: int
    boot: bytes
    sequence: int
    clock_trusted: bool
    flags: Flag
    epoch: bytes
    kind: str
    version: int
    audience: str
    source: str
    length: int


class SealedEntry(NamedTuple):
    """An entry as it lies on disk: enough to verify, not to read. `header`: canonical bytes."""

    header: bytes
    nonce: bytes
    ciphertext: bytes
    entry_hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An opened entry. `payload` is what was handed in, byte for byte."""

    header: Header
    entry_hash: bytes
    payload: bytes
    once: Once | None

    @property
    def position(self) -> int:
        """Leaf index in the origin's tree, from 0."""
        return self.header.position

    @property
    def kind(self) -> str:
        """The wire name, such as `hl7.received`."""
        return self.header.kind

    @property
    def recorded_at_us(self) -> int:
        """µs UTC at which the node kept it."""
        return self.header.recorded_at_us

    @property
    def source(self) -> str:
        """`feed:NAME`, `person:ID`, `device:ID` or `node`."""
        return self.header.source


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed tree head (c2sp.org/tlog-checkpoint). `size`: entries covered; `root`: RFC 6962 head, 32 bytes;
    `note`: the signed note as it is printed, published and compared."""

    size: int
    root: bytes
    note: str


class Head(NamedTuple):
    """Where the journal stands. `size` = next position; `entry_hash` of the newest entry (zeros when empty)."""

    size: int
    entry_hash: bytes
    recorded_at_us: int
