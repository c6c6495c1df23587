"""What a single-file pack is asked for: plain data, no reading of clocks, keys or stores."""

from __future__ import annotations

from dataclasses import dataclass, field

from codedark.tongue import ENGLISH, FRENCH
from codedark.views import AsOf, BedRow, Chart, FeedRow, UnitCoverage


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequest:
    """Everything a unit's file is drawn from. `pack`: its id; `as_of.clock_trusted`: whether an age could be told when
    it was made; `made_us`, `until_us`: µs UTC, when it was made and from when on a newer one is due; `zone`: IANA
    name; `old_after_s`: from which age the line of state is amber; `languages`: BCP 47, the first is shown first."""

    unit: str
    facility: str
    pack: str
    as_of: AsOf
    census: tuple[BedRow, ...] = field(repr=False)
    charts: tuple[Chart, ...] = field(repr=False)
    feeds: tuple[FeedRow, ...]
    made_us: int
    until_us: int
    zone: str
    checkpoint_note: str = ""
    coverage: UnitCoverage | None = None
    demo: bool = False
    old_after_s: int = 900
    languages: tuple[str, ...] = (ENGLISH, FRENCH)
