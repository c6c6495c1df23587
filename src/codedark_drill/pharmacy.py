"""What prescribers, the pharmacy and the medication record say: OMP^O09, RDE^O11, RAS^O17 (HL7 v2.5.1, chapter 4)."""

from __future__ import annotations

from .formulary import HOURS, ROUTES, WORDS
from .speech import Speech, Spoken, number, row, text
from .staff import Person
from .stay import MedicationOrder, Stay


class Pharmacy:
    """Orders go out on the orders feed, doses on the mar feed."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def written(self, stay: Stay, order: MedicationOrder, at_us: int) -> Spoken:
        """OMP^O09: the prescriber's order before the pharmacy has seen it."""
        regimen = order.regimen
        segments = [
            *self._who(stay, at_us),
            self._speech.orc("NW", order.placer, "", "IP", at_us, order.prescriber),
            self._tq1(order),
            f"RXO|{self._code(order)}|{number(order.dose)}||{regimen.unit}^^UCUM|{regimen.form}^^99FRM||^{self._words(order)}",
            self._rxr(order),
        ]
        return self._speech.message("orders", at_us, "OMP^O09^OMP_O09", segments)

    def order(self, control: str, stay: Stay, order: MedicationOrder, at_us: int, by: Person) -> Spoken:
        """RDE^O11. `control`: NW new, XO changed, HD held, RL released, DC stopped (table 0119)."""
        status = {"HD": "HD", "DC": "DC"}.get(control, "IP")
        segments = [
            *self._who(stay, at_us),
            self._speech.orc(control, order.placer, order.filler, status, at_us, order.prescriber),
            self._tq1(order),
            self._rxe(order, by),
            self._rxr(order),
        ]
        if order.regimen.name.startswith("noradrenaline"):
            segments.append("RXC|B|NS50^sodium chloride 0.9 % 50 mL^99FRM|50|mL^^UCUM")
        return self._speech.message("orders", at_us, "RDE^O11^RDE_O11", segments)

    def dose(
        self, stay: Stay, order: MedicationOrder, given_us: int, at_us: int, nurse: Person, why_not: str = ""
    ) -> Spoken:
        """RAS^O17: one dose given, or not given and why (RXA-18, RXA-20 of table 0322)."""
        speech, regimen = self._speech, order.regimen
        stamp = speech.clock.stamp(given_us)
        running = regimen.rate is not None
        amount = "0" if why_not else number(order.rate if running else order.dose)
        unit = regimen.rate[1].split("/")[0] if regimen.rate else regimen.unit
        place = "&".join(speech.place(stay.bed).split("^")) if stay.bed else ""
        rxa = row(
            "RXA",
            {
                1: "0",
                2: str(order.doses),
                3: stamp,
                4: stamp,
                5: self._code(order),
                6: amount,
                7: f"{unit}^^UCUM",
                10: nurse.xcn,
                11: place,
                12: "h" if running else "",
                18: text(why_not),
                20: "NA" if why_not else "CP",
                21: "A",
                22: speech.clock.stamp(at_us),
            },
        )
        segments = [
            *self._who(stay, at_us),
            speech.orc("RE", order.placer, order.filler, "IP", at_us, order.prescriber),
            rxa,
            self._rxr(order),
        ]
        return speech.message("mar", at_us, "RAS^O17^RAS_O17", segments)

    def _who(self, stay: Stay, at_us: int) -> tuple[str, str]:
        return self._speech.pid(stay.patient, stay), self._speech.pv1(stay, at_us)

    def _code(self, order: MedicationOrder) -> str:
        regimen = order.regimen
        return f"{regimen.item}^{text(regimen.name)}^99FRM^{regimen.rxcui}^{text(regimen.name.split(' ')[0])}^RXNORM"

    def _words(self, order: MedicationOrder) -> str:
        regimen = order.regimen
        unit = "units" if regimen.unit == "[iU]" else regimen.unit
        how = f"{number(order.dose)} {unit} {ROUTES[regimen.route].lower()}"
        return text(f"{how} {WORDS[regimen.pattern]}{' as needed for ' + regimen.prn if regimen.prn else ''}")

    def _tq1(self, order: MedicationOrder) -> str:
        regimen, clock = order.regimen, self._speech.clock
        pattern = f"PRN{regimen.pattern}" if regimen.prn else regimen.pattern
        times = "" if regimen.prn else "~".join(f"{hour:02d}00" for hour in HOURS.get(regimen.pattern, ()))
        end = clock.stamp(order.ended_us) if order.ended_us else ""
        words = text(WORDS[regimen.pattern])
        return f"TQ1|1||{pattern}&{words}&HL70335|{times}|||{clock.stamp(order.begun_us)}|{end}|R|{text(regimen.prn)}"

    def _rxe(self, order: MedicationOrder, by: Person) -> str:
        regimen = order.regimen
        return row(
            "RXE",
            {
                1: f"1^{regimen.pattern}",
                2: self._code(order),
                3: number(order.dose),
                5: f"{regimen.unit}^^UCUM",
                6: f"{regimen.form}^^99FRM",
                7: f"^{self._words(order)}",
                14: by.xcn,
                15: order.filler,
                23: number(order.rate) if regimen.rate else "",
                24: f"{regimen.rate[1]}^^UCUM" if regimen.rate else "",
            },
        )

    def _rxr(self, order: MedicationOrder) -> str:
        return f"RXR|{order.regimen.route}^{ROUTES[order.regimen.route]}^HL70162"
