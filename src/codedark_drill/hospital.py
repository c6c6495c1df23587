"""A seeded hospital that speaks: the same seed gives the same bytes.

    for spoken in Hospital(seed=7).messages(start_us, until_us):
        send(spoken.feed, spoken.data)

The patients in the house when the feed begins are announced in its first twenty minutes (A01 with their true admission
time), as an interface engine does when a new receiver is connected. Everything after that is a course: nobody gets a
dose of something that was not ordered, nobody leaves who did not come. Messages come in the order of their sending
time, and `messages(a, b)` is the beginning of `messages(a, c)` for every c > b.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from random import Random

from .adt import Registration
from .course import Thread
from .illness import ILLNESSES, Illness
from .journey import Journeys, occupied
from .layout import BedBoard, Unit, UnitKind, units_of
from .oddities import Oddities
from .patients import Patient, Reaction, Registry
from .pharmacy import Pharmacy
from .results import Laboratory
from .speech import Speech, Spoken
from .staff import Staff
from .times import MINUTE_US, WallClock
from .ward import Ward

_ANNOUNCE_US = 20 * MINUTE_US
_CAST_UNIT = "4 West"


class Hospital:
    """A hospital of about `beds` inpatient beds. `zone`: IANA time zone; `authority`: the code in its identifiers."""

    def __init__(self, seed: int, beds: int = 400, zone: str = "America/New_York", *, authority: str = "WTB") -> None:
        self.seed = seed
        self.beds = beds
        self.zone = zone
        self.authority = authority
        self.units = units_of(beds)

    def messages(self, start_us: int, until_us: int) -> Iterator[Spoken]:
        """Everything said from `start_us` until before `until_us` (µs UTC), in order of sending."""
        yield from _Run(self, start_us).until(until_us)


class _Run:
    """One run of the simulation: the timetable of threads."""

    def __init__(self, hospital: Hospital, start_us: int) -> None:
        chance = Random(f"codedark drill {hospital.seed}")
        clock = WallClock(hospital.zone)
        speech = Speech(clock, hospital.authority)
        self._said: list[Spoken] = []
        self._timetable: list[tuple[int, int, Thread]] = []
        self._started = 0
        self._oddities = Oddities(speech, Random(f"codedark oddities {hospital.seed}"))
        self._ward = Ward(
            clock,
            chance,
            Staff(hospital.units, chance, hospital.authority),
            {unit.name: unit for unit in hospital.units},
            BedBoard(hospital.units),
            Registry(chance, clock.local(start_us).date()),
            Registration(speech),
            Pharmacy(speech),
            Laboratory(speech),
            self._said.append,
            start_us,
        )
        self._journeys = Journeys(self._ward, self._start)
        self._open(start_us)

    def until(self, until_us: int) -> Iterator[Spoken]:
        """Runs the timetable; every message leaves as soon as nothing earlier can still be said."""
        while self._timetable and self._timetable[0][0] < until_us:
            at_us, order, thread = heapq.heappop(self._timetable)
            self._ward.now_us = at_us
            wake = next(thread, None)
            if wake is not None:
                heapq.heappush(self._timetable, (max(wake, at_us), order, thread))
            said, self._said[:] = self._said[:], []
            for spoken in said:
                yield spoken
                yield from self._oddities.after(spoken)

    def _open(self, start_us: int) -> None:
        for unit in self._ward.units.values():
            self._fill(unit, start_us)
            if unit.kind is UnitKind.EMERGENCY:
                self._start(self._journeys.arrivals(unit, start_us + MINUTE_US))
            elif unit.kind is UnitKind.THEATRE:
                self._start(self._journeys.operations(unit, start_us + 2 * MINUTE_US))
            elif unit.kind is UnitKind.MATERNITY:
                nursery = self._ward.units[unit.name.replace("Maternity", "Nursery")]
                self._start(self._journeys.births(unit, nursery, start_us + 3 * MINUTE_US))

    def _fill(self, unit: Unit, start_us: int) -> None:
        share = next(occupied(unit))
        cast = self._cast() if unit.name == _CAST_UNIT else []
        for _ in range(max(round(len(unit.beds) * share), len(cast) if len(unit.beds) >= len(cast) else 0)):
            bed = self._ward.board.take(unit.name)
            if bed is None:
                return
            person, illness = cast.pop(0) if cast else (None, None)
            announce = start_us + self._ward.chance.randint(0, _ANNOUNCE_US // 1_000_000) * 1_000_000
            self._start(self._journeys.already_here(unit, bed, announce, person, illness))

    def _start(self, thread: Thread) -> None:
        """A new thread runs to its first wish at once: it reserves what it needs, and says nothing yet."""
        wake = next(thread, None)
        if wake is not None:
            self._started += 1
            heapq.heappush(self._timetable, (max(wake, self._ward.now_us), self._started, thread))

    def _cast(self) -> list[tuple[Patient, Illness]]:
        """Four people on 4 West whom drills, tests and screens know by name; two of them have one name."""
        registry, by_code = self._ward.registry, {illness.code: illness for illness in ILLNESSES}
        marlowe = registry.named("MARLOWE", "Ada", "F", 71)
        marlowe.allergies = (
            Reaction("DA", "7980", "penicillin G", "RXNORM", "SV", ("anaphylaxis",)),
            Reaction("MA", "111088007", "latex", "SCT", "MO", ("rash",)),
        )
        marlowe.code_status, marlowe.weight_kg = "DNR/DNI", 61.2
        okafor, other = registry.named("OKAFOR", "Ngozi", "F", 54), registry.named("OKAFOR", "Ngozi", "F", 45)
        okafor.allergies, other.allergies = (), (Reaction("DA", "2670", "codeine", "RXNORM", "MO", ("itching",)),)
        kim = registry.named("KIM", "Joon", "M", 33)
        kim.isolation = "contact"
        return [
            (marlowe, by_code["L03.116"]),
            (okafor, by_code["J18.9"]),
            (other, by_code["E11.65"]),
            (kim, by_code["J44.1"]),
        ]
