"""What the laboratory and the bedside monitors say: ORU^R01 and the order behind it, ORM^O01 (HL7 v2.5.1, 4 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .panels import CULTURE, Analyte, Panel, flag_of, written
from .speech import Speech, Spoken, number, row, text
from .staff import Person
from .stay import Stay


class Specimen(NamedTuple):
    """One collected specimen and its order. Times µs UTC."""

    placer: str
    filler: str
    panel: Panel
    collected_us: int
    values: tuple[tuple[Analyte, float], ...]


class Laboratory:
    """Orders on the orders feed, results on the lab feed, measurements on the vitals feed."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def ordered(self, stay: Stay, placer: str, panel: Panel, at_us: int, by: Person, priority: str) -> Spoken:
        """ORM^O01: somebody asked for a panel. `priority`: R or S (table 0027)."""
        segments = [
            *self._who(stay, at_us),
            self._speech.orc("NW", placer, "", "IP", at_us, by),
            f"OBR|1|{placer}^{self._speech.authority}||{self._panel(panel)}|{priority}|{self._speech.clock.stamp(at_us)}",
        ]
        return self._speech.message("orders", at_us, "ORM^O01^ORM_O01", segments)

    def reported(
        self, stay: Stay, specimen: Specimen, status: str, at_us: int, by: Person, charset: str = "UNICODE UTF-8"
    ) -> Spoken:
        """ORU^R01 of one panel. `status`: P preliminary, F final, C corrected (table 0085)."""
        rows = [
            self._row(index, analyte, value, status, at_us, by)
            for index, (analyte, value) in enumerate(specimen.values, 1)
        ]
        return self._report(stay, specimen, self._panel(specimen.panel), status, at_us, rows, charset)

    def culture(self, stay: Stay, specimen: Specimen, finding: str, status: str, at_us: int) -> Spoken:
        """ORU^R01 of a blood culture: text that changes from preliminary to final."""
        code, name = CULTURE
        collected = self._speech.clock.stamp(specimen.collected_us)
        line = f"OBX|1|TX|{code}^{name}^LN||{text(finding)}||||||{status}|||{collected}"
        return self._report(stay, specimen, f"{code}^{name}^LN", status, at_us, [line])

    def vitals(
        self, stay: Stay, filler: str, rows: Sequence[tuple[str, str, str, str]], measured_us: int, at_us: int
    ) -> Spoken:
        """ORU^R01 of one round of vital signs. `rows`: (LOINC code, name, value, UCUM unit; "" = text)."""
        speech = self._speech
        stamp = speech.clock.stamp(measured_us)
        lines = [
            f"OBX|{index}|{'NM' if unit else 'ST'}|{code}^{name}^LN||{text(value)}|{unit and unit + '^^UCUM'}"
            f"|||||F|||{stamp}"
            for index, (code, name, value, unit) in enumerate(rows, 1)
        ]
        head = row(
            "OBR",
            {
                1: "1",
                3: f"{filler}^{speech.authority}",
                4: "85353-1^Vital signs panel^LN",
                7: stamp,
                22: speech.clock.stamp(at_us),
                25: "F",
            },
        )
        return speech.message("vitals", at_us, "ORU^R01^ORU_R01", [*self._who(stay, at_us), head, *lines])

    def _report(
        self,
        stay: Stay,
        specimen: Specimen,
        panel: str,
        status: str,
        at_us: int,
        rows: Sequence[str],
        charset: str = "UNICODE UTF-8",
    ) -> Spoken:
        speech = self._speech
        obr = row(
            "OBR",
            {
                1: "1",
                2: f"{specimen.placer}^{speech.authority}",
                3: f"{specimen.filler}^{speech.authority}",
                4: panel,
                7: speech.clock.stamp(specimen.collected_us),
                16: stay.attending.xcn,
                22: speech.clock.stamp(at_us),
                24: specimen.panel.section,
                25: status,
            },
        )
        orc = speech.orc("RE", specimen.placer, specimen.filler, "CM" if status != "P" else "IP", at_us, stay.attending)
        return speech.message("lab", at_us, "ORU^R01^ORU_R01", [*self._who(stay, at_us), orc, obr, *rows], charset)

    def _row(self, index: int, analyte: Analyte, value: float, status: str, at_us: int, by: Person) -> str:
        low, high, found = (written(one, analyte.digits) for one in (analyte.low, analyte.high, value))
        return (
            f"OBX|{index}|NM|{analyte.loinc}^{text(analyte.name)}^LN||{found}|{analyte.unit}^^UCUM"
            f"|{low}-{high}|{flag_of(analyte, value)}|||{status}|||{self._speech.clock.stamp(at_us)}||{by.xcn}"
        )

    def _panel(self, panel: Panel) -> str:
        return f"{panel.loinc}^{text(panel.name)}^LN^{panel.key}^{text(panel.name)}^99LAB"

    def _who(self, stay: Stay, at_us: int) -> tuple[str, str]:
        return self._speech.pid(stay.patient, stay), self._speech.pv1(stay, at_us)


def vital_rows(
    heart: float,
    breaths: float,
    temperature: float,
    systolic: float,
    diastolic: float,
    oxygen: float,
    pain: int,
    alert: str,
) -> list[tuple[str, str, str, str]]:
    """One round of vital signs in the order the monitor sends it."""
    return [
        ("8867-4", "Heart rate", number(round(heart)), "/min"),
        ("9279-1", "Respiratory rate", number(round(breaths)), "/min"),
        ("8310-5", "Body temperature", f"{temperature:.1f}", "Cel"),
        ("8480-6", "Systolic blood pressure", number(round(systolic)), "mm[Hg]"),
        ("8462-4", "Diastolic blood pressure", number(round(diastolic)), "mm[Hg]"),
        ("59408-5", "Oxygen saturation by pulse oximetry", number(round(min(100.0, oxygen))), "%"),
        ("72514-3", "Pain severity 0-10", str(pain), "{score}"),
        ("67775-7", "Level of responsiveness", alert, ""),
        ("3151-8", "Inhaled oxygen flow rate", "0" if oxygen >= 94 else "2", "L/min"),
    ]
