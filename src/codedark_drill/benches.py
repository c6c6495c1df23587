"""All benches by name, run one after another in processes of their own; what they found as rows and as a page."""

from __future__ import annotations

from typing import Any

from .stage import Stage

NAMES: tuple[str, ...] = ()


def run_all(names: tuple[str, ...], short: bool, stage: Stage) -> dict[str, Any]:
    """x"""
    return {"machine": {}}


def rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    return []


def page(results: dict[str, Any]) -> str:
    return ""


def machine_line(machine: dict[str, Any]) -> str:
    return ""
