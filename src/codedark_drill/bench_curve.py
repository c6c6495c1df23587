"""Does a journal become slower as it grows? Messages kept and acknowledged a second with 10⁴, 10⁵ and 10⁶ in it.

A journal is filled (`filling`) and heard by `codedark listen`, with the load of the bench `mllp`: 64 connections that
each wait for their answer. Once the control ids count upwards, as senders' do, once they are random, which spreads the
index of resends over all its pages. The sizes are measured in turns, so a slow spell of the disk meets all of them; a
small journal is taken up anew each time, or it would not stay small. Processor time of a message does not depend on the
disk or on what else the machine does: the keeper's is given too.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import uvloop

from .bench_mllp import halted_views, measure
from .drill_node import RunningNode, found_drill_node, lines_of
from .filling import COUNTING, RANDOM, control_ids, fill
from .machine import processor_s
from .sender import Line

SIZES, _SHORT_SIZES = (10_000, 100_000, 1_000_000), (1_000, 4_000)
_ROUNDS, _SECONDS, _SHORT_SECONDS, _CONNECTIONS = 3, 2.0, 0.4, 64
_KEPT_SMALL = 200_000
_FIRST = 1_000_000_000  # control ids of the load begin here: none was used in filling
_BAR = 40


def run(short: bool = False) -> dict[str, Any]:
    """By size in entries, medians over rounds of `counting` and `random` control ids: `ack_per_s`, `p99_ms`, `cpu_us`
    (the keeper's processor time of a message). `flat`, of each: median over rounds of the rate at the largest size
    over that at the smallest; `flat_cpu`: of processor time. `bytes`: journal files of the largest."""
    sizes = _SHORT_SIZES if short else SIZES
    rounds: dict[int, dict[str, list[dict[str, float]]]] = {n: {"counting": [], "random": []} for n in sizes}
    fresh = count(_FIRST, 10_000_000)
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        made = {entries: _made(Path(place) / str(entries), entries) for entries in sizes}
        for _ in range(_ROUNDS):
            for entries, (folder, lines) in made.items():
                found = _measured(folder, lines, entries, next(fresh), _SHORT_SECONDS if short else _SECONDS)
                for name, figures in found.items():
                    rounds[entries][name].append(figures)
        size = sum(path.stat().st_size for path in (made[sizes[-1]][0] / "journal").glob("volume-*"))
    points = {str(n): {name: _median(loads) for name, loads in by_name.items()} for n, by_name in rounds.items()}
    small, large = rounds[sizes[0]], rounds[sizes[-1]]
    return {
        "points": points,
        "flat": {name: _ratio(large[name], small[name], "ack_per_s") for name in small},
        "flat_cpu": {name: _ratio(large[name], small[name], "cpu_us") for name in small},
        "bytes": size,
    }


def chart(results: dict[str, Any]) -> list[str]:
    """The curve as lines of text: a bar for each size, all in one scale."""
    points = results["points"]
    most = max(point[name]["ack_per_s"] for point in points.values() for name in point)
    lines = []
    for name, words in (("counting", "control ids that count upwards"), ("random", "random control ids")):
        lines.append(f"messages kept and acknowledged a second, {words}; p99; processor time of one")
        for entries, point in points.items():
            rate = point[name]["ack_per_s"]
            bar = "█" * max(1, round(_BAR * rate / max(most, 1)))
            beside = f"{point[name]['p99_ms']:>6.1f} ms {point[name]['cpu_us']:>6.1f} µs"
            lines.append(f"{int(entries):>11,} entries  {bar:<{_BAR}} {rate:>8,.0f}  {beside}")
    return lines


def _made(folder: Path, entries: int) -> tuple[Path, dict[str, Line]]:
    config = found_drill_node(folder)
    fill(folder, entries)
    return folder, dict(lines_of(config))


Loads = dict[str, dict[str, float]]
"""Figures by how control ids are made"""


def _measured(folder: Path, lines: dict[str, Line], entries: int, first: int, seconds: float) -> Loads:
    used = folder
    if entries <= _KEPT_SMALL:
        used = folder.with_name(f"{folder.name}-used")
        shutil.copytree(folder, used)
    node = RunningNode(used, "listen", used.with_suffix(".log"))
    node.start()
    try:
        node.wait_ready(lines)
        with halted_views():
            return {
                name: _heard(node, lines[feed], seconds, feed, first)
                for name, feed in (("counting", COUNTING), ("random", RANDOM))
            }
    finally:
        node.stop()
        if used is not folder:
            shutil.rmtree(used)


def _heard(node: RunningNode, line: Line, seconds: float, feed: str, first: int) -> dict[str, float]:
    before = processor_s(node.pid)
    load = uvloop.run(measure(line, seconds, _CONNECTIONS, control_ids(feed, first)))
    heard = load.heard or 1
    return load.figures() | {"cpu_us": round((processor_s(node.pid) - before) / heard * 1e6, 1)}


def _ratio(ours: list[dict[str, float]], theirs: list[dict[str, float]], name: str) -> float:
    pairs = zip(ours, theirs, strict=True)
    return round(statistics.median(one[name] / max(other[name], 1e-9) for one, other in pairs), 2)


def _median(found: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in found) for name in found[0]}
