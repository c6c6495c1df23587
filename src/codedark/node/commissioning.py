"""What the feeds of a site really carry, unit by unit, held against what the site asks for: an item of commissioning,
red while one unit is below (bedside.md, rule 5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codedark.access import load_node_keys
from codedark.actions import FHIR_SETTING, set_config
from codedark.errors import ConfigError, NotFound
from codedark.node.console import Credentials, deeds_of, session_of
from codedark.node.layout import Layout
from codedark.node.machine import Finding
from codedark.node.opening import OpenNode
from codedark.views import COVERAGE, COVERAGE_PARTS, Record, UnitCoverage, ViewStore, threshold_complaint

_NAMED = 3
"""How many units one line of `doctor` names."""


def covered_units(record: Record) -> tuple[UnitCoverage, ...]:
    """The coverage of every unit with patients, as of one moment."""
    with record.at_one_moment():
        return tuple(record.coverage(row.unit) for row in record.units() if row.patients)


def coverage_findings(folder: Path) -> Iterator[Finding]:
    """One line for each part of the record that a unit lacks; one green line when none does."""
    layout = Layout(folder)
    try:
        store = ViewStore.open(layout.views, load_node_keys(layout.root).views_key, readonly=True)
    except NotFound:
        return
    try:
        units = covered_units(Record(store))
    finally:
        store.close()
    if not units:
        yield Finding("coverage", "amber", "unknown: no patient was heard", "Send or import the census first.")
        return
    short = [finding for part in COVERAGE_PARTS if (finding := _short(part, units)) is not None]
    yield from short
    if not short:
        yield Finding("coverage", "green", f"all {len(units)} units have what the site asks for")


def _short(part: str, units: tuple[UnitCoverage, ...]) -> Finding | None:
    below = [(unit.unit or "no unit said", each) for unit in units for each in unit.below if each.part == part]
    if not below:
        return None
    worst = sorted(below, key=lambda each: (each[1].percent or 0, each[0]))[:_NAMED]
    named = ", ".join(f"{unit} {each.percent} %" for unit, each in worst)
    more = f" and {len(below) - len(worst)} more" if len(below) > len(worst) else ""
    says = (
        f"{COVERAGE_PARTS[part]} below {worst[0][1].threshold} % on {len(below)} of {len(units)} units: {named}{more}"
    )
    hint = "Ask the EHR's interface people for a feed that carries it (`codedark coverage`); until then plan paper."
    return Finding("coverage", "red", says, hint)


def ask_coverage(node: OpenNode, part: str, percent: int, author: Credentials | None) -> None:
    """Ask for `percent` of the patients of every unit. Raises ConfigError, ActionRefused, AppendFailed."""
    key = f"{COVERAGE}{part}"
    if says := threshold_complaint(key, percent):
        raise ConfigError(f"this threshold {says}", hint=f"Parts: {', '.join(COVERAGE_PARTS)}.")
    deeds = deeds_of(node)
    set_config(deeds, session_of(deeds, author), key, percent)


def turn_interface(node: OpenNode, on: bool, author: Credentials | None) -> None:
    """Let programs read by the FHIR interface, or no more. Raises ActionRefused, AppendFailed."""
    deeds = deeds_of(node)
    set_config(deeds, session_of(deeds, author), FHIR_SETTING, on)


def interface_is_on(record: Record) -> bool:
    """Whether programs may read by it, as the record says."""
    return record.settings().get(FHIR_SETTING) is True
