"""The rows of what is not clinical: whose record it is, people, envelopes, proposals, sessions, reads, paper, trust.

Plain data like `shapes`; nothing here depends on *now*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Adopted(StrEnum):
    """Whether the chain in use may speak for the facility. It captures in every one of these states."""

    FOUNDED = "founded"
    """A first origin, endorsed by the root when it was founded."""
    WAITING = "not adopted"
    """Restored: no number blocks, no shipping, no backload until two people adopt it."""
    ADOPTED = "adopted"
    FORKED = "fork"
    """Two histories carry this origin's name: neither ships until two people adopt one."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """How the chain in use stands. `origin`: hex; `ordinal`: how many chains came before; `cites`: the head it follows
    ("" for a first one); `since_us`: µs UTC of that state; `people`: who adopted it; `witness`: who found the fork."""

    origin: str
    ordinal: int
    cites: str
    state: Adopted
    since_us: int | None
    people: tuple[str, ...] = ()
    witness: str = ""

    @property
    def may_ship(self) -> bool:
        """Whether numbers may be given out, facts shipped and backloaded."""
        return self.state in (Adopted.FOUNDED, Adopted.ADOPTED)


@dataclass(frozen=True, slots=True)
class Account:
    """One person as folded from entries. `roles`: role → units ("*" = all)."""

    person: str
    login: str
    name: str
    password: str
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True, slots=True)
class UnitCard:
    """The envelope of a unit as folded: `codes` are hashes, `used` the spent indexes; `issued_us`: when (µs UTC), and
    `reason` why."""

    unit: str
    card: str
    recipient: str
    codes: tuple[str, ...]
    used: tuple[int, ...]
    issued_us: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Custody:
    """How the keys stand. `generation`: of the facility key, by two people's decisions; `recipient`: its public half
    ("" for the first); `card_set`: number of the newest set of cards (None: those of the founding); `drilled_us`: when
    three cards last opened the record (None: never); `drill_failed`: what did not open then. Times µs UTC."""

    generation: int
    recipient: str
    rotated_us: int | None
    card_set: int | None
    split_us: int | None
    drilled_us: int | None
    drill_failed: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A deed waiting for its second person, or decided."""

    proposal: str
    deed: str
    arguments: dict[str, object]
    person: str
    position: int
    recorded_at_us: int
    decided: bool
    approved: bool
    by: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session as folded. `until_us`: end of an envelope's 12 h, None for a log-in by password; `closed_us`: when it
    was ended, None while it was not; `device`: the address of the screen."""

    session: str
    person: str
    basis: str
    unit: str
    claimed_name: str
    opened_us: int
    until_us: int | None
    closed_us: int | None
    device: str = ""
    witness: str = ""

    @property
    def closed(self) -> bool:
        """Whether somebody ended it."""
        return self.closed_us is not None

    def override_ended_us(self, now_us: int) -> int | None:
        """When this envelope stopped opening its unit, µs UTC: ended, or its hours over; None while it opens it."""
        ends = [end for end in (self.closed_us, self.until_us) if end is not None and end <= now_us]
        return min(ends, default=None)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One line of the read log: who saw what, with the fold version and position the screen showed."""

    position: int
    recorded_at_us: int
    person: str
    session: str
    what: str
    patient: str
    unit: str
    reason: str
    fold: str
    shown_position: int


OVERRIDE_STARTED, OVERRIDE_STOPPED, PRINTED = "override started", "override stopped", "sheets"
"""What the read log says of an envelope that was opened, of its end, and of a patient's sheets that were printed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of the read log are asked for; "" and None ask for all. `person`, `patient`: ids; `since_us`,
    `until_us`: µs UTC, both inclusive; `reason`: part of it, in any case; `glass`: broken glass only: envelopes, and
    what was seen outside the reader's units; `sheets`: a row for each printed patient also where no patient is asked
    for."""

    person: str = ""
    patient: str = ""
    unit: str = ""
    what: str = ""
    since_us: int | None = None
    until_us: int | None = None
    reason: str = ""
    glass: bool = False
    sheets: bool = False


@dataclass(frozen=True, slots=True)
class PackRow:
    """One pack that was drawn. `kind`: "draft" | "issued" | "html"; `sha256`: of the file in plain."""

    unit: str
    pack: str
    kind: str
    pages: int
    sha256: bytes
    position: int
    recorded_at_us: int


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One printed sheet of the ledger. `copy`: 1 for the first print."""

    sheet: str
    unit: str
    pack: str
    patient: str
    form: str
    page: int
    pages: int
    copy: int
    person: str
    position: int
    recorded_at_us: int


@dataclass(frozen=True, slots=True)
class DistrustRow:
    """A period of a source whose facts are taken out of every view. `entries`: how many entries it covers so far."""

    source: str
    since_us: int
    until_us: int | None
    reason: str
    position: int
    entries: int
    reviewer: str = ""
    """Id of the second person who looks at what a distrusted person did; "" for a feed or device."""


@dataclass(frozen=True, slots=True)
class LastingDeed:
    """Something a distrusted person did that stays in force until it is undone. `about`: what it was; `before`: what it
    changed; `in_force`: whether it still has its effect (None: cannot be told from the record); `reviewer`: the person
    named to look at it; `reviewed_by`: "" = nobody has; `undone`, `how`, `note`: what that person did about it."""

    position: int
    recorded_at_us: int
    person: str
    kind: str
    about: dict[str, object]
    before: dict[str, object]
    in_force: bool | None
    reviewer: str
    reviewed_by: str
    undone: bool
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A feed or device that is held back. `person`: who did; `entries`: how many entries wait; `position`: of the
    entry that began it."""

    source: str
    since_us: int
    reason: str
    person: str
    position: int
    entries: int


@dataclass(frozen=True, slots=True)
class FlagRow:
    """An entry that the guard marked. Its facts stay in the chart (bedside rule 12)."""

    position: int
    reason: str
    score: float
    flagged_by: int
    """Position of the `guard.flagged` entry."""
