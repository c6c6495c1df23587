"""What all threads of the hospital share: the time, the dice, the staff, the beds, and the systems that speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from .adt import Registration
from .layout import BedBoard, Unit
from .patients import Registry
from .pharmacy import Pharmacy
from .results import Laboratory
from .speech import Spoken
from .staff import Staff
from .stay import Stay
from .times import WallClock


@dataclass(slots=True)
class Ward:
    """The shared house. `now_us`: the simulation's time, µs UTC; `say`: takes each message as it is spoken."""

    clock: WallClock
    chance: Random
    staff: Staff
    units: dict[str, Unit]
    board: BedBoard
    registry: Registry
    registration: Registration
    pharmacy: Pharmacy
    laboratory: Laboratory
    say: Callable[[Spoken], None]
    now_us: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, letter: str) -> str:
        """The next number of a series: V visits, O orders, F specimens, RX prescriptions, M measurements."""
        count = self._numbers[letter] = self._numbers.get(letter, 1_000_000) + 1
        return f"{letter}{count}"

    def unit_of(self, stay: Stay) -> Unit:
        """The unit somebody lies in."""
        assert stay.bed is not None, "a stay without a bed is in no unit"
        return self.units[stay.bed.unit]
