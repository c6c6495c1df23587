"""How people come, move and go: the emergency department, admission, transfer, operation, birth, discharge, merge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .course import Course, Thread
from .illness import COMPLAINTS, ILLNESSES, Illness, illness_for
from .layout import Bed, Unit, UnitKind
from .panels import Level
from .patients import Patient
from .stay import Stay
from .times import DAY_US, HOUR_US, MINUTE_US
from .ward import Ward

ED_ARRIVALS_PER_BED_AND_HOUR = (
    0.09,
    0.07,
    0.06,
    0.05,
    0.05,
    0.06,
    0.08,
    0.11,
    0.15,
    0.18,
    0.20,
    0.21,
    0.20,
    0.20,
    0.19,
    0.19,
    0.20,
    0.21,
    0.21,
    0.20,
    0.18,
    0.16,
    0.14,
    0.11,
)
"""By local hour 0–23; the shape (quiet at 04, busy 10–20) is every emergency department's."""
_ADMITTED = 0.34
_WARDS = (UnitKind.WARD, UnitKind.STEP_DOWN, UnitKind.INTENSIVE)


class Journeys:
    """The threads that move people. `start`: hands a new thread to the hospital's timetable."""

    def __init__(self, ward: Ward, start: Callable[[Thread], None]) -> None:
        self._ward = ward
        self._start = start

    def already_here(
        self, unit: Unit, bed: Bed, announce_us: int, person: Patient | None = None, illness: Illness | None = None
    ) -> Thread:
        """Somebody who was admitted before the feed began: announced at `announce_us` with the true admission time."""
        ward, chance = self._ward, self._ward.chance
        emergency = unit.kind is UnitKind.EMERGENCY
        illness = illness or (None if emergency else illness_for(unit.kind, unit.service, chance))
        days = illness.days if illness else 0.15
        ago = int(chance.uniform(0.02, 1.0) * days * DAY_US)
        stay = self._stay(person or ward.registry.person(unit.kind), unit, bed, announce_us - ago, illness)
        yield announce_us
        self._announce("A04" if emergency else "A01", stay, stay.admitted_us)
        leave = announce_us + max(20 * MINUTE_US, int(chance.lognormvariate(0, 0.45) * days * DAY_US) - ago)
        yield from self._emergency_care(stay, leave) if emergency else self._inpatient(stay, leave)

    def arrivals(self, unit: Unit, first_us: int) -> Thread:
        """People walk or are carried into an emergency department."""
        ward, chance = self._ward, self._ward.chance
        yield first_us
        while True:
            rate = ED_ARRIVALS_PER_BED_AND_HOUR[ward.clock.local(ward.now_us).hour] * len(unit.beds)
            yield ward.now_us + int(chance.expovariate(rate) * HOUR_US)
            bed = ward.board.take(unit.name)
            if bed is not None:
                self._start(self._visit(unit, bed))

    def operations(self, theatre: Unit, first_us: int) -> Thread:
        """Booked operations, 07:30 to 16:00, a new patient for each room every two hours or so."""
        ward, chance = self._ward, self._ward.chance
        yield first_us
        while True:
            local = ward.clock.local(ward.now_us)
            if 7 <= local.hour < 16 and local.weekday() < 5:
                bed = ward.board.take(theatre.name)
                if bed is not None:
                    self._start(self._operation(theatre, bed))
            yield ward.now_us + int(chance.uniform(1.2, 2.6) * HOUR_US / max(1, len(theatre.beds)))

    def births(self, maternity: Unit, nursery: Unit, first_us: int) -> Thread:
        """Women come in labour; some hours later there are two patients."""
        ward, chance = self._ward, self._ward.chance
        yield first_us
        while True:
            yield ward.now_us + int(chance.expovariate(len(maternity.beds) / 3.0) * DAY_US)
            bed = ward.board.take(maternity.name)
            if bed is not None:
                self._start(self._birth(maternity, nursery, bed))

    def _visit(self, unit: Unit, bed: Bed) -> Thread:
        ward = self._ward
        stay = self._stay(self._arriving(), unit, bed, ward.now_us, None)
        yield ward.now_us + ward.chance.randint(1, 5) * MINUTE_US
        self._announce("A04", stay)
        if stay.patient.family == "UNKNOWN":
            self._start(self._identified(stay))
        yield from self._emergency_care(stay, ward.now_us + int(ward.chance.uniform(1.2, 6) * HOUR_US))

    def _arriving(self) -> Patient:
        person = self._ward.registry.person(UnitKind.EMERGENCY)
        if self._ward.chance.random() < 0.03:
            person.family, person.given, person.middle = (
                "UNKNOWN",
                self._ward.chance.choice(("Alpha", "Bravo", "Delta")),
                "",
            )
            person.allergies, person.code_status, person.problems = None, "", []
        return person

    def _identified(self, stay: Stay) -> Thread:
        """Hours later somebody knows who it is: the temporary record is merged into the real one (A40)."""
        ward = self._ward
        yield ward.now_us + ward.chance.randint(60, 300) * MINUTE_US
        absorbed, known = stay.patient, ward.registry.person(UnitKind.EMERGENCY)
        ward.say(ward.registration.merge(known, absorbed, ward.now_us))
        stay.patient = known
        yield ward.now_us + ward.chance.randint(5, 40) * 1_000_000
        if not stay.gone:
            ward.say(ward.registration.event("A08", stay, ward.now_us))

    def _emergency_care(self, stay: Stay, until_us: int) -> Thread:
        """Care in the department, then home, or a bed upstairs; a wrong registration is cancelled (A11)."""
        ward, chance = self._ward, self._ward.chance
        yield until_us
        if chance.random() < 0.01:
            stay.gone = True
            ward.say(ward.registration.event("A11", stay, ward.now_us))
            self._free(stay)
        elif chance.random() < _ADMITTED:
            yield from self._admitted_from_emergency(stay)
        else:
            yield from self._discharged(stay)

    def _admitted_from_emergency(self, stay: Stay) -> Thread:
        ward, chance = self._ward, self._ward.chance
        age = ward.clock.local(ward.now_us).year - stay.patient.born.year
        kind = UnitKind.CHILDREN if age < 17 else chance.choices(_WARDS, (50, 28, 22))[0]
        stay.illness = illness_for(
            kind, chance.choice(("MED", "MED", "CAR", "NEU", "ONC")) if kind is UnitKind.WARD else "", chance
        )
        stay.reason = (stay.illness.code, stay.illness.name)
        stay.patient_class, stay.service = "I", stay.illness.service
        stay.attending = ward.staff.physician(stay.service)
        stay.admitted_us = ward.now_us
        ward.say(ward.registration.event("A06" if chance.random() < 0.5 else "A01", stay, ward.now_us))
        for thread in Course(ward, stay).threads(ward.now_us):
            self._start(thread)
        yield from self._moved_up(stay, kind)
        yield from self._inpatient(stay, ward.now_us + self._length(stay.illness), begun=True)

    def _moved_up(self, stay: Stay, kind: UnitKind) -> Thread:
        """Waits in the department until a bed is free upstairs, then A02."""
        ward = self._ward
        yield ward.now_us + ward.chance.randint(40, 300) * MINUTE_US
        while (bed := self._bed_of(kind, stay.service)) is None:
            yield ward.now_us + 30 * MINUTE_US
        self._move(stay, bed)

    def _inpatient(self, stay: Stay, leave_us: int, begun: bool = False) -> Thread:
        """From a bed to going home, with a transfer on the way for some."""
        ward, chance = self._ward, self._ward.chance
        if not begun:
            for thread in Course(ward, stay).threads(ward.now_us):
                self._start(thread)
        steps_down = stay.illness is not None and stay.illness.where in (UnitKind.INTENSIVE, UnitKind.STEP_DOWN)
        if steps_down or chance.random() < 0.12:
            yield ward.now_us + int((leave_us - ward.now_us) * chance.uniform(0.3, 0.7))
            yield from self._transferred(stay)
        yield max(ward.now_us + MINUTE_US, leave_us)
        yield from self._discharged(stay)

    def _transferred(self, stay: Stay) -> Thread:
        ward = self._ward
        kind = ward.unit_of(stay).kind
        target = UnitKind.WARD if kind in (UnitKind.INTENSIVE, UnitKind.STEP_DOWN) else kind
        bed = self._bed_of(target, stay.service)
        if bed is None:
            return
        before = self._move(stay, bed)
        if ward.chance.random() < 0.03 and ward.board.claim(before):
            yield ward.now_us + ward.chance.randint(5, 30) * MINUTE_US
            ward.board.give_back(bed)
            stay.bed = before
            ward.say(ward.registration.event("A12", stay, ward.now_us, before=bed))

    def _discharged(self, stay: Stay) -> Thread:
        ward, chance = self._ward, self._ward.chance
        if chance.random() < 0.02:
            stay.left_us = ward.now_us
            ward.say(ward.registration.event("A03", stay, ward.now_us))
            yield ward.now_us + chance.randint(6, 30) * MINUTE_US
            stay.left_us = 0
            ward.say(ward.registration.event("A13", stay, ward.now_us))
            yield ward.now_us + chance.randint(2, 20) * HOUR_US
        stay.left_us, stay.gone = ward.now_us, True
        stay.disposition = chance.choices(("01", "03", "06", "20"), (80, 9, 9, 2))[0]
        ward.say(ward.registration.event("A03", stay, ward.now_us))
        if chance.random() < 0.7:
            yield ward.now_us + chance.randint(20, 200) * 1_000_000
            Course(ward, stay).stop_all()
        yield ward.now_us + chance.randint(25, 90) * MINUTE_US
        self._free(stay)

    def _operation(self, theatre: Unit, bed: Bed) -> Thread:
        ward, chance = self._ward, self._ward.chance
        illness = chance.choice(
            [one for one in ILLNESSES if one.service in ("SUR", "ORT") and one.where is UnitKind.WARD]
        )
        stay = self._stay(ward.registry.person(UnitKind.WARD), theatre, bed, ward.now_us, illness)
        self._announce("A01", stay)
        yield ward.now_us + int(chance.lognormvariate(4.5, 0.5) * MINUTE_US)
        recovery = self._bed_of(UnitKind.RECOVERY, "")
        if recovery is not None:
            self._move(stay, recovery)
            yield ward.now_us + chance.randint(60, 150) * MINUTE_US
        while (upstairs := self._bed_of(UnitKind.WARD, illness.service)) is None:
            yield ward.now_us + 20 * MINUTE_US
        self._move(stay, upstairs)
        yield from self._inpatient(stay, ward.now_us + self._length(illness))

    def _birth(self, maternity: Unit, nursery: Unit, bed: Bed) -> Thread:
        ward, chance = self._ward, self._ward.chance
        stay = self._stay(
            ward.registry.person(UnitKind.MATERNITY),
            maternity,
            bed,
            ward.now_us,
            illness_for(UnitKind.MATERNITY, "OBS", chance),
        )
        self._announce("A01", stay)
        self._start(self._inpatient(stay, ward.now_us + self._length(stay.illness)))
        yield ward.now_us + chance.randint(90, 900) * MINUTE_US
        cot = ward.board.take(nursery.name)
        if cot is None or stay.gone:
            return
        baby = ward.registry.newborn(stay.patient, ward.clock.local(ward.now_us).date())
        child = self._stay(baby, nursery, cot, ward.now_us, illness_for(UnitKind.NURSERY, "NEO", chance))
        child.admission_type = "N"
        self._announce("A01", child)
        yield from self._inpatient(child, ward.now_us + self._length(child.illness))

    def _stay(self, patient: Patient, unit: Unit, bed: Bed, admitted_us: int, illness: Illness | None) -> Stay:
        ward, chance = self._ward, self._ward.chance
        service = illness.service if illness else unit.service
        service = service if service in ward.staff.physicians else unit.service
        reason = (illness.code, illness.name) if illness else chance.choice(COMPLAINTS)
        emergency = unit.kind is UnitKind.EMERGENCY
        return Stay(
            patient,
            ward.number("V"),
            "E" if emergency else "I",
            "E" if emergency else "C",
            service,
            ward.staff.physician(service),
            bed,
            admitted_us,
            reason,
            illness,
            Level(chance, illness.severity if illness else 0.5),
        )

    def _announce(self, trigger: str, stay: Stay, event_us: int = 0) -> None:
        ward = self._ward
        stay.known = True
        ward.say(ward.registration.event(trigger, stay, ward.now_us, event_us))
        if stay.illness is None:
            for thread in Course(ward, stay).threads(ward.now_us):
                self._start(thread)

    def _move(self, stay: Stay, bed: Bed) -> Bed:
        ward, before = self._ward, stay.bed
        assert before is not None, "only somebody in a bed is moved"
        stay.bed = bed
        ward.say(ward.registration.event("A02", stay, ward.now_us, before=before))
        ward.board.give_back(before)
        return before

    def _free(self, stay: Stay) -> None:
        if stay.bed is not None:
            self._ward.board.give_back(stay.bed)

    def _bed_of(self, kind: UnitKind, service: str) -> Bed | None:
        fitting = [unit for unit in self._ward.units.values() if unit.kind is kind]
        same = [unit for unit in fitting if unit.service == service]
        others = [unit for unit in fitting if unit.service != service]
        self._ward.chance.shuffle(others)
        for unit in (*same, *others):
            bed = self._ward.board.take(unit.name)
            if bed is not None:
                return bed
        return None

    def _length(self, illness: Illness | None) -> int:
        days = illness.days if illness else 1.0
        return int(days * DAY_US * self._ward.chance.lognormvariate(0, 0.45))


def occupied(unit: Unit) -> Iterator[float]:
    """The share of a unit's beds that are taken when the feed begins."""
    yield {
        UnitKind.EMERGENCY: 0.6,
        UnitKind.INTENSIVE: 0.92,
        UnitKind.THEATRE: 0.0,
        UnitKind.RECOVERY: 0.0,
        UnitKind.NURSERY: 0.5,
        UnitKind.MATERNITY: 0.6,
        UnitKind.CHILDREN: 0.7,
    }.get(unit.kind, 0.88)
