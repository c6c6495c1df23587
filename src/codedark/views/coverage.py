"""How much of the record the feeds really carry, unit by unit (bedside.md, rule 5): for how many patients allergies,
code status, weight, orders and doses were heard, and how old that is. Pure: cards in, counts out.

A hospital that finds on day one that its feeds carry no doses has found it too late. So a share below the site's
threshold is a red item of commissioning, and stands on the unit's page and cover.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import apsw

from codedark.tongue import noted
from codedark.views import charts
from codedark.views.charts import Cards
from codedark.views.places import House
from codedark.views.readings import CODE_STATUS, WEIGHT
from codedark.views.schema import Section
from codedark.views.shapes import AllergyState

COVERAGE = "coverage."
"""The setting of a threshold is this and the part's key: whole percent, 0 = not asked for here."""
COVERAGE_PARTS = {
    "allergies": noted("allergies"),
    "code_status": noted("code status"),
    "weight": noted("weight"),
    "orders": noted("active medication orders"),
    "administrations": noted("doses"),
}
_DEFAULTS = {"allergies": 95, "code_status": 90, "weight": 80, "orders": 80, "administrations": 75}
_READ = (Section.ALLERGY, Section.TRAIT, Section.MEDICATION, Section.VITAL, Section.DOSE)
Heard = Mapping[str, int | None]
"""Of one patient: part → when the newest of it was kept (µs UTC); None: never heard."""


@dataclass(frozen=True, slots=True)
class PartCoverage:
    """One part of the record on one unit. `heard` of `patients`; `threshold`: whole percent the site asks for;
    `newest_us`, `oldest_us`: of each patient's newest, the youngest and the oldest (µs UTC of `recorded_at`)."""

    part: str
    heard: int
    patients: int
    threshold: int
    newest_us: int | None
    oldest_us: int | None

    @property
    def words(self) -> str:
        """The part as it is read."""
        return COVERAGE_PARTS[self.part]

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down: 94.9 is never shown as 95. None: nobody lies here."""
        return 100 * self.heard // self.patients if self.patients else None

    @property
    def below(self) -> bool:
        """Whether it is less than the site asks for. An empty unit is not."""
        return 100 * self.heard < self.threshold * self.patients


@dataclass(frozen=True, slots=True)
class UnitCoverage:
    """What was heard for the patients of one unit."""

    unit: str
    patients: int
    parts: tuple[PartCoverage, ...]

    @property
    def below(self) -> tuple[PartCoverage, ...]:
        """The parts that are below the site's threshold."""
        return tuple(part for part in self.parts if part.below)


def thresholds(settings: Mapping[str, Any]) -> dict[str, int]:
    """Part → whole percent the site asks for; a value that is none is as if it were not set."""
    found = {part: settings.get(f"{COVERAGE}{part}") for part in COVERAGE_PARTS}
    return {part: value if _is_percent(value) else _DEFAULTS[part] for part, value in found.items()}


def _is_percent(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= 100


def threshold_complaint(key: str, value: Any) -> str:
    """Why this setting is no threshold; "" = it is one."""
    if key.removeprefix(COVERAGE) not in COVERAGE_PARTS:
        return f"must be one of {', '.join(f'{COVERAGE}{part}' for part in COVERAGE_PARTS)}"
    return "" if _is_percent(value) else "must be a whole percent from 0 to 100"


def heard_for(cards: Cards, allergy_unread: bool) -> Heard:
    """What was heard for one patient. A statement that there are no allergies counts; one that could not be read does
    not. A dose that was not given counts: the feed carries the MAR. Of the orders only those in force count."""
    state, _ = charts.allergies(cards, allergy_unread)
    known = state in (AllergyState.HAS, AllergyState.NONE_KNOWN)
    orders = [card for card in cards.of(Section.MEDICATION) if card.status in ("active", "on-hold")]
    return {
        "allergies": _newest(cards.of(Section.ALLERGY)) if known else None,
        "code_status": _newest(charts.by_code(cards.of(Section.TRAIT), CODE_STATUS)),
        "weight": _newest(charts.by_code(cards.of(Section.VITAL), WEIGHT)),
        "orders": _newest(orders),
        "administrations": _newest(cards.of(Section.DOSE)),
    }


def _newest(cards: Iterable[Any]) -> int | None:
    return max((card.recorded_us for card in cards), default=None)


def coverage_of(unit: str, heard: Iterable[Heard], asked: Mapping[str, int]) -> UnitCoverage:
    """The coverage of a unit from what was heard for each of its patients."""
    everyone = list(heard)
    parts = []
    for part in COVERAGE_PARTS:
        times = [at for each in everyone if (at := each[part]) is not None]
        newest, oldest = max(times, default=None), min(times, default=None)
        parts.append(PartCoverage(part, len(times), len(everyone), asked[part], newest, oldest))
    return UnitCoverage(unit, len(everyone), tuple(parts))


def read_cards(db: apsw.Connection, house: House, pid: int) -> Cards:
    """The cards that `heard_for` asks for, and no others."""
    cards = Cards(locations=house.locations)
    for member in house.aliases.members(pid):
        for section in _READ:
            for (raw,) in db.execute("SELECT card FROM card WHERE pid=? AND section=?", (member, int(section))):
                cards.add(member, section, raw)
    return cards
