"""Who works here: nurses by unit and shift, physicians by service, pharmacists, the laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .layout import Bed, Unit
from .names import FAMILY, FEMALE, MALE


@dataclass(frozen=True, slots=True)
class Person:
    """One member of staff. `xcn`: as HL7 XCN (v2.5.1, 2.A.88) with the hospital's own id."""

    id: str
    family: str
    given: str
    degree: str
    xcn: str


class Staff:
    """The rota. Nurses change at 07:00 and 19:00; the same bed, day and shift give the same nurse."""

    def __init__(self, units: Sequence[Unit], chance: Random, authority: str) -> None:
        self._chance = chance
        self._authority = authority
        self._count = 10_000
        self.nurses = {unit.name: [self._hire("N", "RN") for _ in range(max(4, len(unit.beds)))] for unit in units}
        services = sorted({unit.service for unit in units})
        self.physicians = {service: [self._hire("P", "MD") for _ in range(6)] for service in services}
        self.pharmacists = [self._hire("R", "PharmD") for _ in range(8)]
        self.technologists = [self._hire("L", "MT") for _ in range(8)]

    def nurse(self, bed: Bed, day: int, hour: int) -> Person:
        """Who looks after this bed on day number `day` at local `hour`."""
        crew = self.nurses[bed.unit]
        night = not 7 <= hour < 19
        shift = 2 * (day - (1 if hour < 7 else 0)) + (1 if night else 0)
        return crew[(bed.number // 4 + shift * 3) % len(crew)]

    def physician(self, service: str) -> Person:
        """One of the service's physicians."""
        return self._chance.choice(self.physicians[service])

    def _hire(self, letter: str, degree: str) -> Person:
        self._count += self._chance.randint(1, 9)
        family = self._chance.choice(FAMILY)
        given = self._chance.choice(self._chance.choice((FEMALE, MALE)))
        number = f"{letter}{self._count}"
        return Person(number, family, given, degree, f"{number}^{family}^{given}^^^^{degree}^^{self._authority}^L^^^EI")
