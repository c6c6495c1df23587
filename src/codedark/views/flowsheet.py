"""Measurements and results laid out as people chart them: one column for each time, one row for each sign or test.

Pure: shapes in, shapes out. Nothing is left out: what has no time, or an impossible one, stands in `loose`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from codedark.views.codings import micros
from codedark.views.shapes import Result, Stamp, Vital, When

ROUND_US = 15 * 60 * 1_000_000
"""Signs measured within a quarter of an hour of the first are one round; a sign that comes again begins the next."""


class Sign(StrEnum):
    """A vital sign in the order of the RCP's observation chart; `OTHER` are all that have no row of their own."""

    RESPIRATION = "resp"
    SATURATION = "spo2"
    OXYGEN = "oxygen"
    PRESSURE = "pressure"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    PULSE = "pulse"
    CONSCIOUSNESS = "consciousness"
    TEMPERATURE = "temperature"
    PAIN = "pain"
    OTHER = "other"


_BY_CODE = {
    "9279-1": Sign.RESPIRATION,
    "59408-5": Sign.SATURATION,
    "2708-6": Sign.SATURATION,
    "3151-8": Sign.OXYGEN,
    "3150-6": Sign.OXYGEN,
    "85354-9": Sign.PRESSURE,
    "8480-6": Sign.SYSTOLIC,
    "8462-4": Sign.DIASTOLIC,
    "8867-4": Sign.PULSE,
    "67775-7": Sign.CONSCIOUSNESS,
    "80288-4": Sign.CONSCIOUSNESS,
    "8310-5": Sign.TEMPERATURE,
    "8331-1": Sign.TEMPERATURE,
    "8329-5": Sign.TEMPERATURE,
    "8328-7": Sign.TEMPERATURE,
    "8333-7": Sign.TEMPERATURE,
    "60832-3": Sign.TEMPERATURE,
    "72514-3": Sign.PAIN,
    "38208-5": Sign.PAIN,
}
"""LOINC 2.x codes; a name is read only where no code is known."""
_NOT_A_SIGN = re.compile(r"\bfo?etal\b|\bgoal\b|\btarget\b|\bsetting\b|\balarm\b|\bpulse pressure\b|\bbreath sounds?\b")
"""Names of what is not this patient's own measured sign: a child's heart, a machine's setting, an aim."""
_BY_WORD = (
    (Sign.RESPIRATION, ("respirat", "breath")),
    (Sign.OXYGEN, ("inhaled oxygen", "oxygen flow", "oxygen delivery", "oxygen therapy", "fio2")),
    (Sign.SATURATION, ("saturation", "spo2", "sao2", "oximetry", "oximeter", "pulse ox")),
    (Sign.SYSTOLIC, ("systolic",)),
    (Sign.DIASTOLIC, ("diastolic",)),
    (Sign.PRESSURE, ("blood pressure",)),
    (Sign.PULSE, ("heart rate", "pulse")),
    (Sign.CONSCIOUSNESS, ("responsive", "conscious", "avpu")),
    (Sign.TEMPERATURE, ("temperature",)),
    (Sign.PAIN, ("pain",)),
)
_ROWS = tuple(sign for sign in Sign if sign not in (Sign.SYSTOLIC, Sign.DIASTOLIC, Sign.OTHER))


@dataclass(frozen=True, slots=True)
class Round:
    """What was measured together. `when`: of its first measurement; `stamp`: of the one kept last."""

    at_us: int
    when: When
    stamp: Stamp
    signs: dict[Sign, Vital]


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One sign over all rounds. `sign`: "pressure" takes systolic and diastolic together; `name`: as sent; `unit`: the
    one unit of all its values, "" when they differ (then each says its own)."""

    sign: Sign
    name: str
    unit: str
    cells: tuple[tuple[Vital, ...], ...]
    """For each round: nothing, one value, or systolic and diastolic."""


@dataclass(frozen=True, slots=True)
class Flowsheet:
    """Vital signs as a table. `rounds`: newest first; `others`: weight, height and whatever has no row on the chart,
    newest first; `loose`: what has no believable time."""

    rounds: tuple[Round, ...]
    rows: tuple[FlowRow, ...]
    others: tuple[Vital, ...]
    loose: tuple[Vital, ...]


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One test over all times of its panel. `cells`: for each column its results; `reference`: of the newest."""

    name: str
    unit: str
    reference: str
    cells: tuple[tuple[Result, ...], ...]
    newest: Result
    loose: tuple[Result, ...]
    """Results without a believable time."""

    def series(self) -> tuple[Result, ...]:
        """All that still stand, oldest first."""
        return tuple(each for cell in reversed(self.cells) for each in cell if each.standing != "withdrawn")


@dataclass(frozen=True, slots=True)
class PanelGrid:
    """One panel. `times`: (µs UTC, as claimed, stamp of the newest kept), newest first."""

    name: str
    times: tuple[tuple[int, When, Stamp], ...]
    rows: tuple[PanelRow, ...]

    @property
    def critical(self) -> bool:
        """Whether a newest value is critical."""
        return any(row.newest.critical for row in self.rows)


def code_of(coded: str) -> str:
    """The code of `system|code`."""
    return coded.rpartition("|")[2]


def sign_of(vital: Vital) -> Sign:
    """Which sign a measurement is."""
    known = _BY_CODE.get(code_of(vital.code))
    if known is not None:
        return known
    lower = vital.name.casefold()
    if _NOT_A_SIGN.search(lower):
        return Sign.OTHER
    return next((sign for sign, words in _BY_WORD if any(word in lower for word in words)), Sign.OTHER)


def number_of(text: str) -> Decimal | None:
    """A plain number; None for everything else (">100", "refused", "")."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 15 else None


def flowsheet(vitals: Iterable[Vital]) -> Flowsheet:
    """Vital signs by round and sign."""
    timed: list[tuple[int, int, Vital, When]] = []
    others, loose = [], []
    for vital in vitals:
        at = None if vital.when is None or vital.time_impossible else micros(vital.when.iso)
        if at is None or vital.when is None:
            loose.append(vital)
        elif sign_of(vital) is Sign.OTHER or len(vital.when.iso) <= 10:
            others.append(vital)
        else:
            timed.append((at, vital.stamp.position, vital, vital.when))
    rounds = tuple(reversed(_rounds(sorted(timed, key=lambda each: each[:2]))))
    return Flowsheet(rounds, _sign_rows(rounds), tuple(others), tuple(loose))


def _rounds(timed: Iterable[tuple[int, int, Vital, When]]) -> list[Round]:
    rounds: list[Round] = []
    for at, position, vital, when in timed:
        sign = sign_of(vital)
        last = rounds[-1] if rounds else None
        if last is None or sign in last.signs or at - last.at_us > ROUND_US:
            last = Round(at, when, vital.stamp, {})
            rounds.append(last)
        elif position > last.stamp.position:
            last = rounds[-1] = Round(last.at_us, last.when, vital.stamp, last.signs)
        last.signs[sign] = vital
    return rounds


def pressure(found: Round) -> tuple[Vital, ...]:
    """Blood pressure of a round: as sent in one, or systolic and diastolic."""
    both = tuple(found.signs[sign] for sign in (Sign.SYSTOLIC, Sign.DIASTOLIC) if sign in found.signs)
    return both or tuple(found.signs[sign] for sign in (Sign.PRESSURE,) if sign in found.signs)


def _both(found: Round) -> tuple[Vital, ...]:
    """The cell of a pressure. A diastolic value alone says so: "75" would be read as the systolic one."""
    cell = pressure(found)
    if len(cell) == 1 and cell[0] is found.signs.get(Sign.DIASTOLIC):
        return (replace(cell[0], value=f"–/{cell[0].value}"),)
    return cell


def _sign_rows(rounds: Sequence[Round]) -> tuple[FlowRow, ...]:
    rows = []
    for sign in _ROWS:
        cells = tuple(
            _both(each) if sign is Sign.PRESSURE else ((each.signs[sign],) if sign in each.signs else ())
            for each in rounds
        )
        if any(cells):
            first = next(cell[0] for cell in cells if cell)
            rows.append(FlowRow(sign, first.name, _one_unit(cells), cells))
    return tuple(rows)


def _one_unit(cells: Iterable[Sequence[Vital]]) -> str:
    units = {vital.unit for cell in cells for vital in cell}
    return units.pop() if len(units) == 1 else ""


def panel_grids(results: Iterable[Result]) -> tuple[PanelGrid, ...]:
    """Results by panel, time and test: panels with a critical newest value first, the others as they came."""
    panels: dict[str, list[Result]] = {}
    for result in results:
        panels.setdefault(result.panel, []).append(result)
    grids = [_grid(name, listed) for name, listed in panels.items()]
    return tuple(sorted(grids, key=lambda grid: not grid.critical))


def _grid(name: str, results: Sequence[Result]) -> PanelGrid:
    times: dict[int, tuple[int, When, Stamp]] = {}
    placed: dict[tuple[str, str], dict[int | None, list[Result]]] = {}
    for result in results:
        at = _believable(result)
        placed.setdefault((result.name, result.unit), {}).setdefault(at, []).append(result)
        if at is not None and result.when is not None:
            kept = times.get(at)
            if kept is None or kept[2].position < result.stamp.position:
                times[at] = at, result.when, result.stamp
    columns = sorted(times.values(), key=lambda each: -each[0])
    rows = tuple(_row(test, found, [at for at, _, _ in columns]) for test, found in placed.items())
    return PanelGrid(name, tuple(columns), rows)


def _row(test: tuple[str, str], found: dict[int | None, list[Result]], columns: Sequence[int]) -> PanelRow:
    cells = tuple(tuple(found.get(at, ())) for at in columns)
    loose = tuple(found.get(None, ()))
    listed = [*(each for cell in cells for each in cell), *loose]
    newest = next((each for each in listed if each.standing != "withdrawn"), listed[0])
    return PanelRow(*test, newest.reference, cells, newest, loose)


def _believable(result: Result) -> int | None:
    """Its time in µs UTC; None when it has none or one that lies ahead of the moment it was heard."""
    if result.when is None or result.time_impossible:
        return None
    return micros(result.when.iso)
