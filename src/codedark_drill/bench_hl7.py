"""What reading costs: the header alone, a whole message with every field, and two packages on the same bytes.

Each of the others is timed twice: parsing alone, against our parsing with every field read and unescaped; and parsing
with everything in it read, against the same of ours (each repetition, component and sub-component, unescaped).
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable
from typing import Any

from codedark.hl7 import parse, peek

from .bench_mllp import BENCH_MESSAGE

_ROUNDS = 5
_SHARE = {"peek": 5.0, "parse": 1.0, "everything": 0.5, "hl7": 0.1, "hl7_everything": 0.1}
_SLOW = 0.005  # hl7apy takes ten milliseconds a message


def run(repeats: int = 2_000) -> dict[str, Any]:
    """µs of processor time a message, best of interleaved rounds: `peek_us`, `parse_us` (every field read as text),
    `everything_us` (down to sub-components); of `hl7` and `hl7apy` (tolerant, without groups; absent when not
    installed) their parsing alone and `…_everything_us`; `ratio_to_…` of the pairs; `message_bytes`."""
    tasks = _tasks()
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(_ROUNDS):
        for name, task in tasks.items():
            best[name] = min(best[name], _time(task, max(round(repeats * _SHARE.get(name, _SLOW)), 1)))
    figures: dict[str, Any] = {f"{name}_us": round(value, 2) for name, value in best.items()}
    for other in ("hl7", "hl7apy"):
        if other in best:
            figures[f"ratio_to_{other}"] = round(best[other] / best["parse"], 1)
            figures[f"ratio_to_{other}_everything"] = round(best[f"{other}_everything"] / best["everything"], 1)
    return figures | {"message_bytes": len(BENCH_MESSAGE)}


def _tasks() -> dict[str, Callable[[], object]]:
    text = BENCH_MESSAGE.decode("ascii")
    tasks: dict[str, Callable[[], object]] = {
        "peek": lambda: peek(BENCH_MESSAGE),
        "parse": lambda: _read_all(BENCH_MESSAGE),
        "everything": lambda: _read_everything(BENCH_MESSAGE),
    }
    with contextlib.suppress(ImportError):
        import hl7

        tasks["hl7"] = lambda: hl7.parse(text)
        tasks["hl7_everything"] = lambda: _with_hl7(hl7.parse(text))
    with contextlib.suppress(ImportError):
        parse_message = importlib.import_module("hl7apy.parser").parse_message
        tasks["hl7apy"] = lambda: parse_message(text, find_groups=False)
        tasks["hl7apy_everything"] = lambda: _with_hl7apy(parse_message(text, find_groups=False))
    return tasks


def _read_all(raw: bytes) -> None:
    for segment in parse(raw):
        for number in range(1, len(segment.fields)):
            segment.text(number)


def _read_everything(raw: bytes) -> None:
    for segment in parse(raw):
        for number in range(1, len(segment.fields)):
            segment.repetitions(number)


def _with_hl7(message: Any) -> None:
    """Its segments are lists of fields; a field's text is unescaped by the message."""
    for segment in message:
        for field in segment[1:]:
            message.unescape(str(field))


def _with_hl7apy(message: Any) -> None:
    """Its values hang on sub-components."""
    for segment in message.children:
        for field in segment.children:
            for component in field.children:
                for part in component.children:
                    part.value  # noqa: B018 - reading is what is timed


def _time(task: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    for _ in range(count):
        task()
    return (time.process_time() - begun) / count * 1e6
