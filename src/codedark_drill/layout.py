"""The building: units, rooms and beds, scaled from a 400-bed plan, and the board that knows which bed is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

PLAN_BEDS = 400


class UnitKind(StrEnum):
    """What a unit is for; decides who lies there, how often vitals are taken, and how long people stay."""

    EMERGENCY = "emergency"
    INTENSIVE = "intensive"
    STEP_DOWN = "step-down"
    WARD = "ward"
    MATERNITY = "maternity"
    NURSERY = "nursery"
    CHILDREN = "children"
    THEATRE = "theatre"
    RECOVERY = "recovery"


class Bed(NamedTuple):
    """One bed: unit name, room, bed letter, and its number within the unit from 0 (nurses are shared out by it)."""

    unit: str
    room: str
    bed: str
    number: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit. `service`: HL7 table 0069 style code; `vitals_h`: hours between routine vital signs."""

    name: str
    kind: UnitKind
    service: str
    vitals_h: float
    beds: tuple[Bed, ...]


_PLAN: tuple[tuple[str, UnitKind, str, int, float, int], ...] = (
    ("ED", UnitKind.EMERGENCY, "EMR", 0, 2, 36),
    ("ICU", UnitKind.INTENSIVE, "ICU", 2, 1, 24),
    ("3 West", UnitKind.STEP_DOWN, "CAR", 3, 2, 28),
    ("4 West", UnitKind.WARD, "MED", 4, 4, 34),
    ("4 East", UnitKind.WARD, "CAR", 4, 4, 34),
    ("5 West", UnitKind.WARD, "SUR", 5, 4, 34),
    ("5 East", UnitKind.WARD, "SUR", 5, 4, 34),
    ("6 West", UnitKind.WARD, "ONC", 6, 4, 34),
    ("6 East", UnitKind.WARD, "NEU", 6, 4, 34),
    ("7 West", UnitKind.WARD, "MED", 7, 4, 34),
    ("7 East", UnitKind.WARD, "ORT", 7, 4, 34),
    ("Maternity", UnitKind.MATERNITY, "OBS", 1, 4, 32),
    ("Nursery", UnitKind.NURSERY, "NEO", 1, 4, 16),
    ("Paediatrics", UnitKind.CHILDREN, "PED", 8, 3, 28),
    ("OR", UnitKind.THEATRE, "SUR", 2, 0, 10),
    ("PACU", UnitKind.RECOVERY, "SUR", 2, 0.5, 12),
)


def units_of(beds: int) -> tuple[Unit, ...]:
    """The units of a hospital with about `beds` inpatient beds; above 400 it has several towers of the same plan."""
    towers = max(1, round(beds / PLAN_BEDS))
    share = beds / (PLAN_BEDS * towers)
    return tuple(_unit(row, tower, share) for tower in range(1, towers + 1) for row in _PLAN)


def _unit(row: tuple[str, UnitKind, str, int, float, int], tower: int, share: float) -> Unit:
    base, kind, service, floor, vitals_h, count = row
    name = base if tower == 1 else f"T{tower} {base}"
    wanted = max(2, round(count * share))
    return Unit(name, kind, service, vitals_h, tuple(_bed(name, floor, kind, index) for index in range(wanted)))


def _bed(unit: str, floor: int, kind: UnitKind, index: int) -> Bed:
    if kind in (UnitKind.WARD, UnitKind.MATERNITY, UnitKind.CHILDREN):
        return Bed(unit, f"{floor}{index // 2 + 1:02d}", "AB"[index % 2], index)
    return Bed(unit, f"{floor}{index + 1:02d}" if floor else f"{index + 1:02d}", "A", index)


@dataclass(slots=True)
class BedBoard:
    """Which beds are free. A bed is cleaned before it is used again: freed beds go to the end of the queue."""

    units: Sequence[Unit]
    _free: dict[str, list[Bed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._free = {unit.name: list(unit.beds) for unit in self.units}

    def take(self, unit: str) -> Bed | None:
        """A free bed of the unit, or None when it is full."""
        queue = self._free[unit]
        return queue.pop(0) if queue else None

    def give_back(self, bed: Bed) -> None:
        """The bed is empty again."""
        self._free[bed.unit].append(bed)

    def claim(self, bed: Bed) -> bool:
        """Take exactly this bed, if it is still free (a cancelled discharge goes back to its own bed)."""
        queue = self._free[bed.unit]
        if bed in queue:
            queue.remove(bed)
            return True
        return False
