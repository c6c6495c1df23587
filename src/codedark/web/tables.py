"""The order in which a chart is drawn: medicines by how they are given, results by panel and test, trends as lines.

Only order and grouping happen here; nothing is left out. Words stand in the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from codedark.clock import US_PER_S
from codedark.views import Medication, Result, Stamp, Vital, When

_HELD = frozenset({"on-hold"})
_ENDED = frozenset({"stopped", "cancelled", "completed", "entered-in-error"})
SPARK_WIDTH, SPARK_HEIGHT = 96, 20
NEWS2_ORDER = (
    ("respirat",),
    ("oxygen", "spo2"),
    ("systolic",),
    ("diastolic",),
    ("blood pressure",),
    ("heart", "pulse"),
    ("responsive", "conscious", "avpu"),
    ("temperature",),
)
"""Words by which a vital sign is placed; the order is that of the RCP's NEWS2 chart."""
IMPOSSIBLE_S = 5 * 60
"""A time further ahead of the moment it was heard cannot be true, and is never "the latest" (security decision 10)."""


@dataclass(frozen=True, slots=True)
class MedicationGroups:
    """The MAR in its fixed order: scheduled, as needed, running, held, ended."""

    scheduled: tuple[Medication, ...]
    as_needed: tuple[Medication, ...]
    running: tuple[Medication, ...]
    held: tuple[Medication, ...]
    ended: tuple[Medication, ...]


@dataclass(frozen=True, slots=True)
class TestRow:
    """One test of a panel: its newest value, all earlier ones (newest first), and its trend as SVG points or ""."""

    latest: Result
    before: tuple[Result, ...]
    trend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel with its tests, as ordered in the record."""

    name: str
    rows: tuple[TestRow, ...]


@dataclass(frozen=True, slots=True)
class VitalRow:
    """One vital sign: newest, all earlier, trend."""

    latest: Vital
    before: tuple[Vital, ...]
    trend: str


def medication_groups(medications: Iterable[Medication]) -> MedicationGroups:
    """Each medication lands in exactly one group; an unknown status stays with the active ones, where it is seen."""
    groups: dict[str, list[Medication]] = {name: [] for name in ("scheduled", "as_needed", "running", "held", "ended")}
    for medication in medications:
        groups[_group(medication)].append(medication)
    return MedicationGroups(**{name: tuple(members) for name, members in groups.items()})


def _group(medication: Medication) -> str:
    if medication.status in _ENDED:
        return "ended"
    if medication.status in _HELD:
        return "held"
    if medication.infusion:
        return "running"
    return "as_needed" if medication.as_needed else "scheduled"


def panels(results: Iterable[Result]) -> tuple[Panel, ...]:
    """Results by panel, then test, each newest first."""
    grouped: dict[str, dict[tuple[str, str], list[Result]]] = {}
    for result in results:
        grouped.setdefault(result.panel, {}).setdefault((result.name, result.unit), []).append(result)
    return tuple(Panel(name, tuple(_test_row(group) for group in tests.values())) for name, tests in grouped.items())


def _test_row(group: list[Result]) -> TestRow:
    group.sort(key=lambda result: _instant(result.when, result.stamp), reverse=True)
    shown = [result for result in group if result.standing != "withdrawn"]
    latest = shown[0] if shown else group[0]
    before = tuple(result for result in group if result is not latest)
    return TestRow(latest, before, trend([result.value for result in reversed(shown)]))


def vital_rows(vitals: Iterable[Vital]) -> tuple[VitalRow, ...]:
    """Vitals in the order of a NEWS2 chart, others after them as they came; each newest first."""
    grouped: dict[tuple[str, str], list[Vital]] = {}
    for vital in vitals:
        grouped.setdefault((vital.name, vital.unit), []).append(vital)
    rows = []
    for group in sorted(grouped.values(), key=lambda group: _place(group[0].name)):
        group.sort(key=lambda vital: _instant(vital.when, vital.stamp), reverse=True)
        rows.append(VitalRow(group[0], tuple(group[1:]), trend([vital.value for vital in reversed(group)])))
    return tuple(rows)


def _place(name: str) -> int:
    lower = name.lower()
    return next((place for place, words in enumerate(NEWS2_ORDER) if any(word in lower for word in words)), 99)


def critical_now(panels_drawn: Iterable[Panel]) -> tuple[Result, ...]:
    """Tests whose newest value is critical. An older critical value stays marked in its own row."""
    return tuple(row.latest for panel in panels_drawn for row in panel.rows if row.latest.critical)


def trend(values: Sequence[str]) -> str:
    """SVG polyline points, oldest left, in a box of SPARK_WIDTH × SPARK_HEIGHT; "" unless ≥ 3 plain numbers."""
    numbers = [number for number in map(_number, values) if number is not None]
    if len(numbers) < 3 or len(numbers) != len(values):
        return ""
    low, high = min(numbers), max(numbers)
    span = (high - low) or 1.0
    step = (SPARK_WIDTH - 4) / (len(numbers) - 1)
    rise = SPARK_HEIGHT - 4
    return " ".join(
        f"{2 + at * step:.1f},{2 + rise * (1 - (number - low) / span):.1f}" for at, number in enumerate(numbers)
    )


def _number(text: str) -> float | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return float(number) if number.is_finite() and abs(number.adjusted()) < 15 else None


def impossible(when: When | None, stamp: Stamp) -> bool:
    """Whether the claimed time lies more than five minutes after the moment it was heard."""
    seconds = _seconds(when)
    return seconds is not None and seconds > stamp.recorded_at_us / US_PER_S + IMPOSSIBLE_S


def _instant(when: When | None, stamp: Stamp) -> float:
    """For ordering: no time, an unreadable one and an impossible one count as before all others."""
    seconds = _seconds(when)
    return float("-inf") if seconds is None or impossible(when, stamp) else seconds


def _seconds(when: When | None) -> float | None:
    """Seconds UTC; a partial date counts as its start."""
    return None if when is None else _parsed(when.iso)


@lru_cache(maxsize=4096)
def _parsed(iso: str) -> float | None:
    iso += {4: "-01-01", 7: "-01"}.get(len(iso), "")
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
