"""The order in which a chart is drawn: medicines by how they are given, results by panel and test, trends as lines.

Only order and grouping happen here; nothing is left out. Words stand in the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from codedark.clock import US_PER_S
from codedark.views import (
    Chart,
    Flowsheet,
    Medication,
    Order,
    PanelGrid,
    PanelRow,
    Result,
    Score,
    Stamp,
    Strip,
    Unscored,
    When,
    flowsheet,
    news2_of,
    not_scored,
    number_of,
    over_time,
    plot,
    scale_two_order,
)

_HELD = frozenset({"on-hold"})
_ENDED = frozenset({"stopped", "cancelled", "completed", "entered-in-error"})
SPARK_WIDTH, SPARK_HEIGHT = 96, 20
COLUMNS = 8
PLOT_WIDTH, PLOT_HEIGHT = 720.0, 44.0
WORDS = 28
"""Characters beyond which a value is words, not a number in a column."""
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
class Observations:
    """The vital signs of a chart. `scores`: NEWS2 of each round, newest first, () when the patient is not scored, for
    the reason `unscored`; `scale_two`: the order that prescribes SpO2 scale 2."""

    sheet: Flowsheet
    scores: tuple[Score, ...]
    unscored: Unscored | None
    scale_two: Order | None
    strips: tuple[Strip, ...]
    across: tuple[float, ...]
    """Where the rounds stand in the drawing, the oldest first."""
    blocks: tuple[range, ...]
    """Which rounds stand side by side, the newest first."""


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


def observations(chart: Chart) -> Observations:
    """Vital signs by round, drawn and scored."""
    sheet = flowsheet(chart.vitals)
    rounds = sheet.rounds
    why = not_scored(chart.banner.birth_date, rounds[0].at_us, chart.conditions, chart.results) if rounds else None
    ordered = scale_two_order(chart.orders)
    scores = () if why else tuple(news2_of(each, scale_two=ordered is not None) for each in rounds)
    oldest = rounds[::-1]
    across = over_time(oldest, PLOT_WIDTH) if len(rounds) > 1 else ()
    strips = plot(oldest, across, PLOT_HEIGHT) if across else ()
    return Observations(sheet, scores, why, ordered, strips, across, blocks(len(rounds)))


def blocks(columns: int) -> tuple[range, ...]:
    """Columns in runs of `COLUMNS`, the newest first."""
    return tuple(range(at, min(at + COLUMNS, columns)) for at in range(0, columns, COLUMNS))


def is_text(row: PanelRow) -> bool:
    """Whether a test answers in words that need a line of their own: microbiology, pathology."""
    return any(len(each.value) > WORDS or "\n" in each.value for cell in (*row.cells, row.loose) for each in cell)


def has_numbers(grid: PanelGrid) -> bool:
    """Whether a panel has anything to put into columns."""
    return any(any(row.cells) and not is_text(row) for row in grid.rows)


def critical_now(grids: Iterable[PanelGrid]) -> tuple[Result, ...]:
    """Tests whose newest value is critical. An older critical value stays marked in its own row."""
    return tuple(row.newest for grid in grids for row in grid.rows if row.newest.critical)


def trend(values: Sequence[str]) -> str:
    """SVG polyline points, oldest left, in a box of SPARK_WIDTH × SPARK_HEIGHT; "" unless ≥ 3 plain numbers."""
    numbers = [float(number) for number in map(number_of, values) if number is not None]
    if len(numbers) < 3 or len(numbers) != len(values):
        return ""
    low, high = min(numbers), max(numbers)
    span = (high - low) or 1.0
    step = (SPARK_WIDTH - 4) / (len(numbers) - 1)
    rise = SPARK_HEIGHT - 4
    return " ".join(
        f"{2 + at * step:.1f},{2 + rise * (1 - (number - low) / span):.1f}" for at, number in enumerate(numbers)
    )


def impossible(when: When | None, stamp: Stamp) -> bool:
    """Whether the claimed time lies more than five minutes after the moment it was heard."""
    seconds = _seconds(when)
    return seconds is not None and seconds > stamp.recorded_at_us / US_PER_S + IMPOSSIBLE_S


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
