"""What happens to one patient between the door and the door: doses, measurements, results, changes, going home.

Every thread of a stay is a generator that does something and yields the µs UTC at which it wants to be woken next
(`Hospital` keeps them in time order). A thread ends by itself once the patient has left.
"""

from __future__ import annotations

from collections.abc import Iterator

from .formulary import FORMULARY, HOURS, Regimen
from .illness import HOME_DRUGS, Illness
from .layout import UnitKind
from .panels import CULTURE_TEXTS, PANELS, Panel
from .results import Specimen, vital_rows
from .staff import Person
from .stay import MedicationOrder, Stay
from .times import DAY_US, HOUR_US, MINUTE_US
from .ward import Ward

Thread = Iterator[int]
_INTERVAL_H = {"Q4H": 4, "Q6H": 6, "Q8H": 8, "Q12H": 12}
_NOT_GIVEN = ("patient refused", "patient off unit", "held, blood pressure low", "nil by mouth", "drug not available")


class Course:
    """The threads of one stay. `ward`: the shared house (clock, chance, staff, systems, `say`)."""

    def __init__(self, ward: Ward, stay: Stay) -> None:
        self._ward = ward
        self._stay = stay

    def threads(self, now_us: int) -> Iterator[Thread]:
        """Everything that begins when somebody lies in a bed of the house."""
        yield self.vitals(now_us + self._minutes(2, 40))
        yield self.updates(now_us + self._ward.chance.randint(2 * HOUR_US, DAY_US))
        illness = self._stay.illness
        if illness is None:
            return
        for key in illness.labs:
            yield self.laboratory(PANELS[key], now_us + self._minutes(5, 240), illness)
        if illness.severity > 0.8 and self._ward.chance.random() < 0.4:
            yield self.culture(now_us + self._minutes(20, 200))
        for item in self._drugs(illness):
            after = self._minutes(1, 25)
            yield self.medication(FORMULARY[item], now_us + after, self._stay.admitted_us + after)

    def vitals(self, first_us: int) -> Thread:
        """A round of vital signs every few hours, oftener in intensive care."""
        ward, stay, chance = self._ward, self._stay, self._ward.chance
        sick = stay.illness.severity if stay.illness else 0.4
        base = [
            chance.gauss(82, 9) + 8 * sick,
            chance.gauss(16, 2) + 2 * sick,
            chance.gauss(36.9, 0.3),
            chance.gauss(126, 14),
            chance.gauss(74, 8),
            97.5 - 2 * sick,
        ]
        yield first_us
        while stay.here:
            now = ward.now_us
            heart, breaths, heat, upper, lower, oxygen = (value + chance.gauss(0, abs(value) * 0.03) for value in base)
            heat = base[2] + chance.gauss(0, 0.25)
            rows = vital_rows(
                heart,
                breaths,
                heat,
                upper,
                min(lower, upper - 15),
                oxygen,
                chance.choice((0, 0, 0, 1, 2, 3, 5)),
                "Alert" if chance.random() < 0.97 else "Voice",
            )
            ward.say(ward.laboratory.vitals(stay, ward.number("M"), rows, now - self._minutes(0, 6), now))
            hours = ward.unit_of(stay).vitals_h or 2
            yield now + int(hours * HOUR_US) + chance.randint(-8, 12) * MINUTE_US

    def laboratory(self, panel: Panel, first_us: int, illness: Illness) -> Thread:
        """One panel again and again: ordered, collected, sometimes preliminary, final, now and then corrected."""
        ward, stay, chance = self._ward, self._stay, self._ward.chance
        yield first_us
        while stay.here:
            placer, filler = ward.number("O"), ward.number("F")
            bedside = panel.key == "GLU"
            if not bedside:
                urgent = "S" if panel.key in ("TROP", "LAC", "ABG") else "R"
                ward.say(ward.laboratory.ordered(stay, placer, panel, ward.now_us, stay.attending, urgent))
                yield ward.now_us + self._minutes(5, 50)
            collected = ward.now_us
            values = tuple((analyte, stay.level.draw(analyte)) for analyte in panel.analytes)
            specimen = Specimen(placer, filler, panel, collected, values)
            yield from self._results(specimen, chance.random())
            yield self._next_sample(panel, illness)

    def _results(self, specimen: Specimen, fate: float) -> Thread:
        ward, stay = self._ward, self._stay
        by = ward.chance.choice(ward.staff.technologists)
        yield ward.now_us + int(specimen.panel.minutes * MINUTE_US * ward.chance.uniform(0.7, 1.5))
        if fate < 0.08:
            ward.say(ward.laboratory.reported(stay, specimen, "P", ward.now_us, by))
            yield ward.now_us + self._minutes(15, 60)
        latin = "8859/1" if fate > 0.985 else "UNICODE UTF-8"
        ward.say(ward.laboratory.reported(stay, specimen, "F", ward.now_us, by, latin))
        if 0.08 <= fate < 0.10:
            yield ward.now_us + self._minutes(20, 180)
            analyte, value = specimen.values[-1]
            better = round(value * ward.chance.uniform(0.8, 1.25) + 10**-analyte.digits, analyte.digits)
            again = specimen._replace(values=(*specimen.values[:-1], (analyte, better)))
            ward.say(ward.laboratory.reported(stay, again, "C", ward.now_us, by))

    def _next_sample(self, panel: Panel, illness: Illness) -> int:
        ward = self._ward
        if panel.key == "GLU":
            return ward.clock.next_of((7, 12, 17, 21), ward.now_us) + self._minutes(0, 25)
        hours = 6 if illness.where is UnitKind.INTENSIVE or panel.key in ("TROP", "APTT") else 24
        if hours == 6:
            return ward.now_us + 6 * HOUR_US + self._minutes(0, 40)
        return ward.clock.next_of((5,), ward.now_us) + self._minutes(0, 70)

    def culture(self, first_us: int) -> Thread:
        """A blood culture: no growth yet, then what grew or that nothing did."""
        ward, stay = self._ward, self._stay
        yield first_us
        specimen = Specimen(ward.number("O"), ward.number("F"), PANELS["CBC"], ward.now_us, ())
        yield ward.now_us + 12 * HOUR_US
        grows = ward.chance.random() < 0.15
        ward.say(ward.laboratory.culture(stay, specimen, CULTURE_TEXTS[2 if grows else 0], "P", ward.now_us))
        yield ward.now_us + (1 if grows else 4) * DAY_US
        ward.say(
            ward.laboratory.culture(
                stay, specimen, CULTURE_TEXTS[ward.chance.choice((2, 3)) if grows else 1], "F", ward.now_us
            )
        )

    def medication(self, regimen: Regimen, first_us: int, begun_us: int) -> Thread:
        """One drug from order to last dose: verified, given at its times, changed, held, stopped. `begun_us`: when it
        was first ordered, which is before `first_us` for somebody who was here before the feed."""
        ward, stay = self._ward, self._stay
        yield first_us
        if not stay.here:
            return
        order = self._new_order(regimen, begun_us)
        stay.orders.append(order)
        pharmacist = ward.chance.choice(ward.staff.pharmacists)
        if ward.chance.random() < 0.15:
            ward.say(ward.pharmacy.written(stay, order, ward.now_us))
            yield ward.now_us + self._minutes(4, 25)
        order.announced = True
        ward.say(ward.pharmacy.order("NW", stay, order, ward.now_us, pharmacist))
        yield self._first_dose(regimen)
        while stay.here and order.state != "stopped":
            if order.state == "held":
                self._resume(order, pharmacist)
            else:
                self._change(order, pharmacist)
            if order.state == "active":
                yield from self._one_dose(order)
            if regimen.pattern == "ONCE":
                self._stop(order, pharmacist)
                return
            yield self._next_dose(regimen)

    def _one_dose(self, order: MedicationOrder) -> Thread:
        ward, stay, chance = self._ward, self._stay, self._ward.chance
        if order.regimen.prn and chance.random() < 0.55:
            return
        given = ward.now_us
        why_not = chance.choice(_NOT_GIVEN) if not order.regimen.prn and chance.random() < 0.03 else ""
        order.doses += 1
        if chance.random() < 0.1:
            yield given + self._minutes(1, 9)
            if not stay.here:
                return
        ward.say(ward.pharmacy.dose(stay, order, given, ward.now_us, self._nurse(), why_not))

    def _change(self, order: MedicationOrder, pharmacist: Person) -> None:
        """Now and then an order is held, stopped, or its rate or dose changed."""
        ward, roll = self._ward, self._ward.chance.random()
        if roll < 0.006:
            order.state = "held"
            ward.say(ward.pharmacy.order("HD", self._stay, order, ward.now_us, pharmacist))
        elif roll < 0.016:
            self._stop(order, pharmacist)
        elif order.regimen.rate and roll < 0.25:
            order.rate = max(0.5, round(order.rate + ward.chance.choice((-2, -1, -0.5, 0.5, 1, 2)), 1))
            ward.say(ward.pharmacy.order("XO", self._stay, order, ward.now_us, pharmacist))
        elif roll < 0.02 and not order.regimen.per_kg:
            order.dose = order.dose * 2 if order.dose <= order.regimen.dose else order.dose / 2
            ward.say(ward.pharmacy.order("XO", self._stay, order, ward.now_us, pharmacist))

    def _resume(self, order: MedicationOrder, pharmacist: Person) -> None:
        if order.state == "held" and self._ward.chance.random() < 0.5:
            order.state = "active"
            self._ward.say(self._ward.pharmacy.order("RL", self._stay, order, self._ward.now_us, pharmacist))

    def stop_all(self) -> None:
        """Everything still ordered ends, as most pharmacies do at discharge."""
        pharmacist = self._ward.chance.choice(self._ward.staff.pharmacists)
        for order in self._stay.orders:
            if order.state != "stopped" and order.announced:
                self._stop(order, pharmacist)

    def _stop(self, order: MedicationOrder, pharmacist: Person) -> None:
        order.state, order.ended_us = "stopped", self._ward.now_us
        self._ward.say(self._ward.pharmacy.order("DC", self._stay, order, self._ward.now_us, pharmacist))

    def _first_dose(self, regimen: Regimen) -> int:
        ward = self._ward
        if regimen.prn:
            return ward.now_us + self._minutes(20, 600)
        if regimen.pattern in ("ONCE", "C"):
            return ward.now_us + self._minutes(5, 30)
        return self._next_dose(regimen)

    def _next_dose(self, regimen: Regimen) -> int:
        ward, chance = self._ward, self._ward.chance
        if regimen.prn:
            return ward.now_us + int(_INTERVAL_H.get(regimen.pattern, 6) * HOUR_US * chance.uniform(1, 2.2))
        if regimen.pattern == "C":
            return ward.now_us + int(chance.uniform(1.5, 4) * HOUR_US)
        late = 25 + (75 if chance.random() < 0.04 else 0)
        due = ward.clock.next_of(HOURS[regimen.pattern], ward.now_us + 45 * MINUTE_US)
        return max(ward.now_us + MINUTE_US, due + chance.randint(-20, late) * MINUTE_US)

    def updates(self, first_us: int) -> Thread:
        """A08 now and then: an allergy learned, a weight taken, a wish changed."""
        ward, stay, chance = self._ward, self._stay, self._ward.chance
        yield first_us
        while stay.here:
            patient, roll = stay.patient, chance.random()
            if roll < 0.35 and patient.weight_kg:
                patient.weight_kg = round(patient.weight_kg + chance.uniform(-0.8, 0.8), 1)
            elif roll < 0.55 and not patient.isolation:
                patient.isolation = chance.choice(("contact", "droplet"))
            elif roll < 0.65 and patient.code_status in ("", "Full code"):
                patient.code_status = "DNR" if patient.born.year < 1960 else "Full code"
            elif patient.allergies is None:
                patient.allergies = ()
            ward.say(ward.registration.event("A08", stay, ward.now_us))
            yield ward.now_us + chance.randint(8 * HOUR_US, 30 * HOUR_US)

    def _drugs(self, illness: Illness) -> list[str]:
        home = [item for item in HOME_DRUGS if item not in illness.drugs]
        wanted = (
            0
            if illness.where in (UnitKind.MATERNITY, UnitKind.NURSERY, UnitKind.CHILDREN)
            else self._ward.chance.randint(0, 4)
        )
        return [*illness.drugs, *illness.prn, *self._ward.chance.sample(home, wanted)]

    def _new_order(self, regimen: Regimen, begun_us: int) -> MedicationOrder:
        ward, stay = self._ward, self._stay
        dose = round(regimen.dose * (stay.patient.weight_kg or 10), 0) if regimen.per_kg else regimen.dose
        rate = regimen.rate[0] if regimen.rate else 0.0
        return MedicationOrder(ward.number("O"), ward.number("RX"), regimen, dose, stay.attending, begun_us, rate=rate)

    def _nurse(self) -> Person:
        local = self._ward.clock.local(self._ward.now_us)
        bed = self._stay.bed
        assert bed is not None, "nobody gives a dose to somebody without a bed"
        return self._ward.staff.nurse(bed, local.toordinal(), local.hour)

    def _minutes(self, low: int, high: int) -> int:
        return self._ward.chance.randint(low * 60, high * 60) * 1_000_000
