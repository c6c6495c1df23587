"""Vital signs as drawings: where each point stands, in units of the drawing. Screen and paper draw the same points.

Pure. One strip for each sign, all over the same time; the y axis of each strip is its own range, widened so that a
steady value is a line in the middle. Nothing is smoothed, joined over a gap of more than `GAP_US`, or left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codedark.views.flowsheet import Round, Sign, number_of
from codedark.views.shapes import Vital

GAP_US = 12 * 3600 * 1_000_000
"""Two values further apart than this are not joined: nobody knows what was between them."""
_RANGES = {
    Sign.RESPIRATION: (8.0, 30.0),
    Sign.SATURATION: (84.0, 100.0),
    Sign.PRESSURE: (50.0, 200.0),
    Sign.PULSE: (40.0, 140.0),
    Sign.TEMPERATURE: (35.0, 40.0),
}
"""What a strip shows at least, as on the RCP's chart; a value outside widens it."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One sign. `lines`: runs of points (x, y) to join; `bars`: (x, y of systolic, y of diastolic); `dots`: every point
    with its value as sent; `low`, `high`: values at the lower and upper edge. y goes down, from 0 to the height."""

    sign: Sign
    low: float
    high: float
    lines: tuple[tuple[tuple[float, float], ...], ...]
    bars: tuple[tuple[float, float, float], ...]
    dots: tuple[tuple[float, float, str], ...]


def over_time(rounds: Sequence[Round], width: float) -> tuple[float, ...]:
    """Where rounds (oldest first) stand on a time axis of this width."""
    first, span = rounds[0].at_us, max(1, rounds[-1].at_us - rounds[0].at_us)
    return tuple(round(3 + (width - 6) * (each.at_us - first) / span, 1) for each in rounds)


def plot(rounds: Sequence[Round], across: Sequence[float], height: float) -> tuple[Strip, ...]:
    """Rounds, oldest first, drawn at the places `across` into strips of this height; a sign that nobody measured as a
    number has none."""
    strips = [_strip(sign, rounds, across, height) for sign in _RANGES]
    return tuple(strip for strip in strips if strip is not None)


def _values(sign: Sign, found: Round) -> tuple[Vital, ...]:
    if sign is Sign.PRESSURE:
        return tuple(found.signs[each] for each in (Sign.SYSTOLIC, Sign.DIASTOLIC) if each in found.signs)
    return (found.signs[sign],) if sign in found.signs else ()


def _strip(sign: Sign, rounds: Sequence[Round], across: Sequence[float], height: float) -> Strip | None:
    taken: list[tuple[float, int, list[float], str]] = []
    for x, found in zip(across, rounds, strict=True):
        vitals = _values(sign, found)
        numbers = [float(number) for vital in vitals if (number := number_of(vital.value)) is not None]
        if numbers and len(numbers) == len(vitals):
            taken.append((x, found.at_us, numbers, "/".join(vital.value for vital in vitals)))
    if not taken:
        return None
    low, high = _RANGES[sign]
    every = [number for _, _, numbers, _ in taken for number in numbers]
    low, high = min(low, *every), max(high, *every)

    def down(value: float) -> float:
        return round(height * (0.06 + 0.88 * (1 - (value - low) / (high - low))), 2)

    dots = tuple((x, down(number), text) for x, _, numbers, text in taken for number in numbers)
    if sign is Sign.PRESSURE:
        bars = tuple((x, down(numbers[0]), down(numbers[-1])) for x, _, numbers, _ in taken)
        return Strip(sign, low, high, (), bars, dots)
    return Strip(sign, low, high, _runs([(x, at, down(numbers[0])) for x, at, numbers, _ in taken]), (), dots)


def _runs(points: Sequence[tuple[float, int, float]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    runs: list[list[tuple[float, float]]] = []
    last = 0
    for x, at, y in points:
        if not runs or at - last > GAP_US:
            runs.append([])
        runs[-1].append((x, y))
        last = at
    return tuple(tuple(run) for run in runs if len(run) > 1)
