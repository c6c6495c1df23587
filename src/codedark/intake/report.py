"""What an import did: counts, and every refusal with file and line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Refusal(NamedTuple):
    """One piece of a file that was not taken. `line` from 1 (0: the file as a whole); `reason` has no patient data."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """`resources`: FHIR resources and HL7 messages read; `entries`: appended now; `repeated`: entries that an earlier
    run had kept already; `differing`: kept, and flagged because the same place held other bytes before; `unread`: files
    that are kept whole and not read."""

    files: int = 0
    resources: int = 0
    messages: int = 0
    entries: int = 0
    repeated: int = 0
    differing: int = 0
    unread: int = 0
    refusals: list[Refusal] = field(default_factory=list)
