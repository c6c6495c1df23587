"""What an entry says, interpreted: facts about FHIR R4 resources.

A fact is a *claim*. All claims on a resource are kept by the views; which one wins is decided by `rank`, never by
the order of arrival, so any shuffle of a feed folds to the same state (architecture decision 10).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

import msgspec


class Op(StrEnum):
    """What a claim does to its resource."""

    PUT = "put"
    """The body is the whole resource: fields it does not name are gone (FHIR import)."""
    PATCH = "patch"
    """The body's fields are set, `cleared` fields are deleted, all others are left alone (HL7 v2)."""
    DELETE = "delete"
    LINK = "link"
    """Patient merge (A40): `id` is the absorbed patient, body = {"into": surviving id}. Resolved when read."""
    UNLINK = "unlink"
    """Takes a LINK of the same two ids back."""


class Standing(IntEnum):
    """The result-status rule: a higher standing beats a lower one whatever their times (HL7 table 0123, 0085)."""

    PLAIN = 0
    REGISTERED = 1
    PRELIMINARY = 2
    FINAL = 3
    CORRECTED = 4
    WITHDRAWN = 5


def rank(standing: Standing, source_time_us: int | None, sequence: int, control_id: str) -> bytes:
    """Bytes that sort as the claim ranks: standing, source time (MSH-7 or the event's own), MSH-13, control id.

    `source_time_us`: µs UTC or None (sorts first). `sequence`: MSH-13 or 0. Any two claims compare by memcmp.
    """
    time = 0 if source_time_us is None else source_time_us + (1 << 62)
    return struct.pack(">BQQ", standing, time, sequence & 0xFFFF_FFFF_FFFF_FFFF) + control_id.encode("utf-8", "replace")


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One claim of one entry. Identity of a fact: (origin, position, `path`).

    `path`: where in the entry ("PID[1]", "OBX[3]", "line 17"). `type`, `id`: the R4 resource; `patient`: the
    Patient id it belongs to, None for those of nobody (Location, Practitioner). `body`: R4 JSON fields as a plain dict,
    without `id`, decimals as `Decimal`. `claimed_at_us`: the source's own time, µs UTC. `line`: the same body as the
    line of an import it came in, references already rewritten (see `line_body`); it costs nothing to keep.
    """

    path: str
    op: Op
    type: str
    id: str
    patient: str | None
    body: dict[str, Any]
    rank: bytes
    claimed_at_us: int | None = None
    cleared: tuple[str, ...] = ()
    line: bytes | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What was not understood: goes to the worklist. `reason` and `path` carry no patient data.

    `patient`: whose record it belongs to, when that is known (an id, never shown); `type`: the R4 resource it would
    have become, so that a chart can say "could not be read" instead of "none".
    """

    path: str
    reason: str
    hint: str = ""
    patient: str | None = None
    type: str = ""


class Understood(StrEnum):
    """How much of an entry became facts."""

    FULL = "full"
    PART = "part"
    KEPT = "kept"
    """Nothing became a fact; the bytes are safe. On the worklist, unless it is not clinical (billing)."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The result of `interpret(entry)`. It never raises for what a sender did: problems are data.

    `topics`: the sections this entry was *heard* for ("adt", "orders", "mar", "results", "vitals", "allergies"),
    used for "labs 03:11 · MAR 02:58". `via`: "device:ID" through which a person said it: distrusted or held like a
    source. `message_type`: "ADT^A01", "RAS^O17", "Bundle", … `unread`: names of segments
    that were kept and not read ("IN1", "ZPI"); no problem by itself.
    """

    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    understood: Understood = Understood.FULL
    message_type: str = ""
    topics: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    via: str = ""


@dataclass(frozen=True, slots=True)
class ReportRules:
    """The folded settings about print reports: `reports.patterns` (names as in `reports.PATTERNS`) and `reports.dates`
    ("mdy" | "dmy" | "" = a date of numbers counts only where it can be read in one way)."""

    patterns: dict[str, str] = field(default_factory=dict)
    order: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The folded settings that interpretation depends on (from `config.set` entries).

    `facility`: its id, part of every resource id. `zone`: IANA zone assumed for times without offset. `authority`:
    assigning authority assumed for identifiers without one. `codes`: local code → (system, code, display), by table.
    `reports`: how the EHR's print reports are read.
    """

    facility: str = "facility"
    zone: str = "UTC"
    authority: str = "local"
    codes: dict[str, dict[str, tuple[str, str, str]]] = field(default_factory=dict)
    reports: ReportRules = ReportRules()
