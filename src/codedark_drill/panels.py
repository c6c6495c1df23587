"""Laboratory panels and vital signs: LOINC codes, UCUM units, reference ranges, critical limits, how values walk."""

from __future__ import annotations

from random import Random
from typing import NamedTuple


class Analyte(NamedTuple):
    """One measured thing. `low`, `high`: reference range; `panic_low`, `panic_high`: critical limits (None: there is
    none); `spread`: standard deviation of a sick patient's own level; `digits` after the point."""

    loinc: str
    name: str
    unit: str
    low: float
    high: float
    panic_low: float | None
    panic_high: float | None
    spread: float
    digits: int


class Panel(NamedTuple):
    """What is ordered together. `minutes`: usual time from collection to final; `section`: OBR-24, table 0074."""

    key: str
    loinc: str
    name: str
    section: str
    minutes: int
    analytes: tuple[Analyte, ...]


_A = Analyte
_BMP = (
    _A("2951-2", "Sodium", "mmol/L", 136, 145, 120, 160, 4, 0),
    _A("2823-3", "Potassium", "mmol/L", 3.5, 5.1, 2.8, 6.0, 0.55, 1),
    _A("2075-0", "Chloride", "mmol/L", 98, 107, None, None, 4, 0),
    _A("2028-9", "Carbon dioxide, total", "mmol/L", 22, 29, 12, 40, 3, 0),
    _A("3094-0", "Urea nitrogen", "mg/dL", 7, 20, None, 100, 9, 0),
    _A("2160-0", "Creatinine", "mg/dL", 0.6, 1.2, None, 7.5, 0.45, 2),
    _A("2345-7", "Glucose", "mg/dL", 70, 99, 50, 400, 38, 0),
    _A("17861-6", "Calcium", "mg/dL", 8.6, 10.3, 6.5, 13.0, 0.5, 1),
)
_CBC = (
    _A("6690-2", "Leukocytes", "10*3/uL", 4.0, 11.0, 1.0, 50.0, 3.6, 1),
    _A("789-8", "Erythrocytes", "10*6/uL", 3.9, 5.4, None, None, 0.6, 2),
    _A("718-7", "Hemoglobin", "g/dL", 12.0, 16.0, 7.0, 20.0, 1.9, 1),
    _A("4544-3", "Hematocrit", "%", 36.0, 46.0, 20.0, 60.0, 4.5, 1),
    _A("787-2", "Mean corpuscular volume", "fL", 80.0, 100.0, None, None, 5, 1),
    _A("777-3", "Platelets", "10*3/uL", 150, 400, 30, 1000, 80, 0),
)
_LIVER = (
    _A("1751-7", "Albumin", "g/dL", 3.5, 5.0, None, None, 0.5, 1),
    _A("1975-2", "Bilirubin, total", "mg/dL", 0.2, 1.2, None, 15.0, 0.6, 1),
    _A("6768-6", "Alkaline phosphatase", "U/L", 40, 130, None, None, 35, 0),
    _A("1742-6", "Alanine aminotransferase", "U/L", 7, 55, None, None, 25, 0),
    _A("1920-8", "Aspartate aminotransferase", "U/L", 8, 48, None, None, 24, 0),
)
_GAS = (
    _A("2744-1", "pH of arterial blood", "[pH]", 7.35, 7.45, 7.20, 7.60, 0.06, 2),
    _A("2019-8", "Carbon dioxide, arterial", "mm[Hg]", 35, 45, 20, 70, 7, 0),
    _A("2703-7", "Oxygen, arterial", "mm[Hg]", 80, 100, 40, None, 14, 0),
    _A("1960-4", "Bicarbonate, arterial", "mmol/L", 22, 26, 10, 40, 3, 1),
)
PANELS: dict[str, Panel] = {
    panel.key: panel
    for panel in (
        Panel("BMP", "51990-0", "Basic metabolic panel", "CH", 55, _BMP),
        Panel("CBC", "58410-2", "Complete blood count", "HM", 40, _CBC),
        Panel("LFT", "24325-3", "Hepatic function panel", "CH", 65, _LIVER),
        Panel("ABG", "24336-0", "Arterial blood gas", "CH", 12, _GAS),
        Panel(
            "TROP",
            "89579-7",
            "Troponin I, high sensitivity",
            "CH",
            50,
            (_A("89579-7", "Troponin I, high sensitivity", "ng/L", 0, 34, None, 500, 120, 0),),
        ),
        Panel("LAC", "2524-7", "Lactate", "CH", 25, (_A("2524-7", "Lactate", "mmol/L", 0.5, 2.0, None, 4.0, 0.9, 1),)),
        Panel(
            "MG", "19123-9", "Magnesium", "CH", 50, (_A("19123-9", "Magnesium", "mg/dL", 1.6, 2.6, 1.0, 4.9, 0.3, 1),)
        ),
        Panel(
            "INR",
            "5902-2",
            "Prothrombin time",
            "CO",
            45,
            (
                _A("5902-2", "Prothrombin time", "s", 11.0, 13.5, None, 60.0, 2.2, 1),
                _A("6301-6", "INR", "{INR}", 0.9, 1.1, None, 5.0, 0.3, 1),
            ),
        ),
        Panel(
            "APTT",
            "14979-9",
            "Activated partial thromboplastin time",
            "CO",
            45,
            (_A("14979-9", "aPTT", "s", 25, 35, None, 120, 22, 0),),
        ),
        Panel(
            "GLU",
            "41653-7",
            "Glucose, bedside",
            "CH",
            1,
            (_A("41653-7", "Glucose, bedside", "mg/dL", 70, 180, 50, 400, 55, 0),),
        ),
        Panel(
            "BILI",
            "1975-2",
            "Bilirubin, neonatal",
            "CH",
            40,
            (_A("1975-2", "Bilirubin, total", "mg/dL", 0.0, 12.0, None, 18.0, 3.5, 1),),
        ),
    )
}

CULTURE = ("600-7", "Blood culture")
CULTURE_TEXTS = ("No growth to date", "No growth after 5 days", "Gram positive cocci in clusters", "Gram negative rods")


class Level:
    """One patient's own level of every analyte: drawn once, then drifting, so that two results look like one person."""

    def __init__(self, chance: Random, severity: float) -> None:
        self._chance = chance
        self._severity = severity
        self._at: dict[str, float] = {}

    def draw(self, analyte: Analyte) -> float:
        """The next value: half the last one's distance from normal, and some noise."""
        middle = (analyte.low + analyte.high) / 2
        last = self._at.get(analyte.loinc)
        if last is None:
            last = middle + self._chance.gauss(0, analyte.spread) * self._severity
        value = last + (middle - last) * 0.12 + self._chance.gauss(0, analyte.spread * 0.22)
        floor = 0.1 * analyte.low if analyte.low > 0 else 0.0
        self._at[analyte.loinc] = max(floor, value)
        return round(self._at[analyte.loinc], analyte.digits)


def flag_of(analyte: Analyte, value: float) -> str:
    """HL7 table 0078: LL and HH beyond the critical limits, L and H outside the reference range, "" inside."""
    if analyte.panic_low is not None and value < analyte.panic_low:
        return "LL"
    if analyte.panic_high is not None and value > analyte.panic_high:
        return "HH"
    return "L" if value < analyte.low else "H" if value > analyte.high else ""


def written(value: float, digits: int) -> str:
    """The value as a laboratory prints it: fixed digits."""
    return f"{value:.{digits}f}"
