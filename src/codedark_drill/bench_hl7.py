"""What reading costs: the header alone, a whole message with every field, and the `hl7` package on the same bytes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from codedark.hl7 import parse, peek

from .bench_mllp import BENCH_MESSAGE

_ROUNDS = 5


def run(repeats: int = 2_000) -> dict[str, Any]:
    """µs a message, best of interleaved rounds: `peek_us`, `parse_us` (every field read as text), `hl7_us` (its
    `parse`; absent when that package is not installed), `ratio_to_hl7`, `message_bytes`."""
    text = BENCH_MESSAGE.decode("ascii")
    tasks: dict[str, tuple[Callable[[], object], int]] = {
        "peek_us": (lambda: peek(BENCH_MESSAGE), repeats * 5),
        "parse_us": (lambda: _read_all(BENCH_MESSAGE), repeats),
    }
    with contextlib.suppress(ImportError):
        import hl7

        tasks["hl7_us"] = (lambda: hl7.parse(text), max(repeats // 10, 1))
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(_ROUNDS):
        for name, (task, count) in tasks.items():
            best[name] = min(best[name], _time(task, count))
    figures: dict[str, Any] = {name: round(value, 2) for name, value in best.items()}
    if "hl7_us" in best:
        figures["ratio_to_hl7"] = round(best["hl7_us"] / best["parse_us"], 1)
    return figures | {"message_bytes": len(BENCH_MESSAGE)}


def _read_all(raw: bytes) -> None:
    for segment in parse(raw):
        for number in range(1, len(segment.fields)):
            segment.text(number)


def _time(task: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        task()
    return (time.perf_counter() - begun) / count * 1e6
