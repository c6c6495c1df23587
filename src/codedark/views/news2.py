"""NEWS2 of one round of observations, with its seven parts. Pure.

Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, London 2017, chart 1 (scoring system) and
chart 2 (thresholds and triggers). SpO2 scale 2 only where it was prescribed. Not under 16 years, not in pregnancy. A
round that lacks a part has no score: a partial sum looks like a low one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from codedark.views.flowsheet import Round, Sign, code_of, number_of
from codedark.views.shapes import Condition, Order, Result, Vital

ADULT_YEARS = 16
PARTS = (
    Sign.RESPIRATION,
    Sign.SATURATION,
    Sign.OXYGEN,
    Sign.SYSTOLIC,
    Sign.PULSE,
    Sign.CONSCIOUSNESS,
    Sign.TEMPERATURE,
)
"""The seven, in the order of the chart."""

_D = Decimal
_BANDS: dict[Sign, tuple[tuple[Decimal, int], ...]] = {
    Sign.RESPIRATION: ((_D(8), 3), (_D(11), 1), (_D(20), 0), (_D(24), 2), (_D("Infinity"), 3)),
    Sign.SATURATION: ((_D(91), 3), (_D(93), 2), (_D(95), 1), (_D("Infinity"), 0)),
    Sign.SYSTOLIC: ((_D(90), 3), (_D(100), 2), (_D(110), 1), (_D(219), 0), (_D("Infinity"), 3)),
    Sign.PULSE: ((_D(40), 3), (_D(50), 1), (_D(90), 0), (_D(110), 1), (_D(130), 2), (_D("Infinity"), 3)),
    Sign.TEMPERATURE: ((_D(35), 3), (_D(36), 1), (_D(38), 0), (_D(39), 1), (_D("Infinity"), 2)),
}
"""Sign → (highest value of the band, points), ascending."""
_SCALE_2_LOW = ((_D(83), 3), (_D(85), 2), (_D(87), 1), (_D(92), 0))
_SCALE_2_ON_OXYGEN = ((_D(94), 1), (_D(96), 2), (_D("Infinity"), 3))
_POSSIBLE = {
    Sign.RESPIRATION: (_D(0), _D(120)),
    Sign.SATURATION: (_D(1), _D(100)),
    Sign.SYSTOLIC: (_D(0), _D(350)),
    Sign.PULSE: (_D(0), _D(350)),
    Sign.TEMPERATURE: (_D(20), _D(46)),
}
"""A number outside of these is no measurement of the sign in the unit the chart knows: it is not scored."""
_ALERT = re.compile(
    r"(a|(fully )?alert|awake)\b([\W_]+(a|alert|awake|and|oriented|orientated|x ?[34]|finding))*\W*", re.I
)
"""The whole value: "alert, confused" and "alert to voice" are not alert."""
_NOT_ALERT = re.compile(
    r"^\s*(c|v|p|u|new confusion|voice|verbal|responds? to (voice|pain)|pain|unresponsive|unconscious)\b|\bconfus\w*",
    re.I,
)
_AIR = re.compile(r"(on |breathing )?(room air|air|none|no oxygen)( \(finding\))?\.?", re.I)
"""The whole value: an air entrainment mask gives oxygen."""
_SCALE_2 = re.compile(r"\bscale\s*2\b|\b88\s*(?:-|–|to)\s*92\b", re.I)
_PREGNANT = re.compile(r"\b(pregnan\w*|gravid\w*|gestation\w*|in labou?r|eclampsia|pre-?eclampsia)\b", re.I)
_PREGNANCY = "82810-3"
"""LOINC: pregnancy status."""


class Band(StrEnum):
    """Thresholds and triggers of chart 2."""

    LOW = "low"
    SINGLE = "one part scores 3"
    MEDIUM = "medium"
    HIGH = "high"


class Unscored(StrEnum):
    """Why a patient has no NEWS2 at all."""

    CHILD = "under 16 years"
    AGE = "age not known"
    PREGNANT = "pregnancy"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the seven. `points`: 0–3, None when it was not measured or cannot be read."""

    sign: Sign
    value: str
    points: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """NEWS2 of a round. `total`: 0–20, None when a part is missing (`missing` names them); `scale`: of SpO2, 1 or 2."""

    at_us: int
    total: int | None
    band: Band | None
    parts: tuple[Part, ...]
    missing: tuple[Sign, ...]
    scale: int


def news2_of(found: Round, *, scale_two: bool) -> Score:
    """The NEWS2 of one round."""
    on_oxygen = _on_oxygen(found.signs.get(Sign.OXYGEN))
    parts = tuple(_part(sign, found, on_oxygen, scale_two) for sign in PARTS)
    missing = tuple(part.sign for part in parts if part.points is None)
    points = [part.points for part in parts if part.points is not None]
    total = None if missing else sum(points)
    return Score(found.at_us, total, _band(total, points), parts, missing, 2 if scale_two else 1)


def _band(total: int | None, points: list[int]) -> Band | None:
    if total is None:
        return None
    if total >= 7:
        return Band.HIGH
    if total >= 5:
        return Band.MEDIUM
    return Band.SINGLE if 3 in points else Band.LOW


def _part(sign: Sign, found: Round, on_oxygen: bool | None, scale_two: bool) -> Part:
    vital = found.signs.get(sign)
    if sign is Sign.SYSTOLIC and vital is None:
        return _from_pressure(found.signs.get(Sign.PRESSURE))
    if vital is None:
        return Part(sign, "", None)
    if sign is Sign.OXYGEN:
        return Part(sign, vital.value, None if on_oxygen is None else 2 * on_oxygen)
    if sign is Sign.CONSCIOUSNESS:
        alert = bool(_ALERT.fullmatch(vital.value.strip()))
        known = alert or _NOT_ALERT.search(vital.value)
        return Part(sign, vital.value, (0 if alert else 3) if known else None)
    value = _measured(sign, vital)
    if value is None:
        return Part(sign, vital.value, None)
    if sign is Sign.SATURATION and scale_two:
        return Part(sign, vital.value, _scale_two(value, on_oxygen))
    return Part(sign, vital.value, _points(_BANDS[sign], value))


def _from_pressure(vital: Vital | None) -> Part:
    """The systolic value of a pressure that was sent as one: 152/75."""
    if vital is None:
        return Part(Sign.SYSTOLIC, "", None)
    value = number_of(vital.value.partition("/")[0])
    low, high = _POSSIBLE[Sign.SYSTOLIC]
    if value is None or not low <= value <= high:
        return Part(Sign.SYSTOLIC, vital.value, None)
    return Part(Sign.SYSTOLIC, vital.value, _points(_BANDS[Sign.SYSTOLIC], value))


def _measured(sign: Sign, vital: Vital) -> Decimal | None:
    value = number_of(vital.value)
    if value is None:
        return None
    if sign is Sign.TEMPERATURE:
        if vital.unit.strip("[]").casefold() in ("degf", "f", "°f", "deg f"):
            value = (value - 32) * 5 / 9
        # The chart knows one decimal: 38.04 is read as 38.0, and 38.05 as 38.1.
        value = value.quantize(Decimal("0.1"), rounding="ROUND_HALF_UP")
    low, high = _POSSIBLE[sign]
    return value if low <= value <= high else None


def _on_oxygen(vital: Vital | None) -> bool | None:
    """Whether the patient had oxygen: by a flow in L/min, a fraction, or the word for air; None when nobody said."""
    if vital is None:
        return None
    value = number_of(vital.value)
    if value is None:
        return False if _AIR.fullmatch(vital.value.strip()) else None
    if "%" in vital.unit:
        return value > 21
    if vital.unit.casefold().startswith("l"):
        return value > 0
    return None


def _scale_two(value: Decimal, on_oxygen: bool | None) -> int | None:
    if value <= 92:
        return _points(_SCALE_2_LOW, value)
    if on_oxygen is None:
        return None
    return _points(_SCALE_2_ON_OXYGEN, value) if on_oxygen else 0


def _points(bands: Iterable[tuple[Decimal, int]], value: Decimal) -> int:
    return next(points for highest, points in bands if value <= highest)


def scale_two_order(orders: Iterable[Order]) -> Order | None:
    """The active order that prescribes SpO2 scale 2 (target 88–92 %); None: scale 1 counts."""
    return next((order for order in orders if order.status == "active" and _SCALE_2.search(order.name)), None)


def not_scored(
    birth_date: str, at_us: int, conditions: Iterable[Condition], results: Iterable[Result]
) -> Unscored | None:
    """Why a patient is not scored at that time; None when nothing heard speaks against it."""
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return Unscored.AGE
    on = datetime.fromtimestamp(at_us // 1_000_000, UTC).date()
    if on.year - born.year - ((on.month, on.day) < (born.month, born.day)) < ADULT_YEARS:
        return Unscored.CHILD
    if any(each.status in ("active", "") and _PREGNANT.search(each.name) for each in conditions):
        return Unscored.PREGNANT
    said = next((each for each in results if code_of(each.code) == _PREGNANCY and each.standing != "withdrawn"), None)
    return Unscored.PREGNANT if said is not None and said.value.casefold().startswith(("pregnan", "yes")) else None
