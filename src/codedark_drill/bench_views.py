"""How fast entries become views, and how fast a chart opens while four people read and every look is journalled.

A simulated hospital of 4,800 beds (about 4,000 inpatients) speaks for its first hour into a node of its own. *Fold*:
all of it, from sealed entries to encrypted views (unseal, interpret, apply, write): once by `codedark import`, with a
process beside it that interprets ahead, once in this process on one core, as a running node folds.
*Chart*: four threads open random inpatients' charts; once alone, once with the `chart.viewed` entry durable before the
chart is handed over, as the ward's page does it.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from codedark.entries import ChartViewed, draft_of
from codedark.node import OpenNode, open_node

from .drill_node import found_drill_node
from .hospital import Hospital
from .stage import run as run_command

READERS, CHARTS_EACH = 4, 500
_SEED, _BEDS, _SHORT_BEDS, _HOUR_US = 7, 4_800, 480, 3_600_000_000


def run(short: bool = False) -> dict[str, Any]:
    """`fold` (entries, facts, facts_per_s), `fold_one_core` (the same, and by CPU time), `chart` in ms (p50, p95, max;
    with and without the view entry), `inpatients`, `readers`. `short`: a tenth of the hospital and of the charts."""
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        folder, said = Path(place) / "node", Path(place) / "said"
        found_drill_node(folder)
        _write(said, Hospital(_SEED, _SHORT_BEDS if short else _BEDS))
        told = run_command("import", str(said), "--folder", str(folder))
        with open_node(folder) as node:
            facts = node.record().status().facts
            took = told["seconds"]["fold"]
            fold = {"facts": facts, "seconds": round(took, 2), "facts_per_s": round(facts / took)}
            one_core = _fold(node)
            return {"fold": fold, "fold_one_core": one_core, **_charts(node, CHARTS_EACH // (10 if short else 1))}


def _write(folder: Path, hospital: Hospital) -> None:
    """An hour of a hospital that ends now, in files of five hundred messages."""
    folder.mkdir()
    start = time.time_ns() // 1000 - _HOUR_US
    messages = hospital.messages(start, start + _HOUR_US)
    for number in itertools.count():
        if not (held := list(itertools.islice(messages, 500))):
            return
        (folder / f"{number:06d}.hl7").write_bytes(b"".join(spoken.data for spoken in held))


def _fold(node: OpenNode) -> dict[str, Any]:
    shutil.rmtree(node.layout.views, ignore_errors=True)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        begun, cpu = time.perf_counter(), time.process_time()
        entries = node.fold()
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    finally:
        os.sched_setaffinity(0, cores)
    facts = node.record().status().facts
    return {
        "entries": entries,
        "facts": facts,
        "seconds": round(took, 2),
        "facts_per_s": round(facts / took),
        "facts_per_cpu_s": round(facts / cpu),
        "facts_per_entry": round(facts / entries, 2),
    }


def _charts(node: OpenNode, each: int) -> dict[str, Any]:
    record = node.record()
    patients = [row.patient for unit in record.units() for row in record.census(unit.unit) if row.patient]

    def look(patient: str) -> None:
        record.chart(patient)

    def look_and_say(patient: str) -> None:
        """As a page does it: the chart, and its row of the read log made durable."""
        chart = record.chart(patient)
        viewed = ChartViewed(
            person="bench", session="bench", what="chart", fold=chart.as_of.fold, position=chart.as_of.position,
            patient=patient, unit=chart.banner.unit,
        )  # fmt: skip
        node.append(draft_of(viewed, source="person:bench"))

    return {
        "inpatients": len(set(patients)),
        "readers": READERS,
        "chart": _latencies(look, patients, each),
        "chart_and_view_entry": _latencies(look_and_say, patients, each),
    }


def _latencies(look: Callable[[str], None], patients: list[str], each: int) -> dict[str, Any]:
    def reader(seed: int) -> list[float]:
        """One reader: milliseconds of each look."""
        chance, took = random.Random(seed), []
        for _ in range(each):
            begun = time.perf_counter()
            look(chance.choice(patients))
            took.append((time.perf_counter() - begun) * 1000)
        return took

    with ThreadPoolExecutor(READERS) as pool:
        begun = time.perf_counter()
        times = sorted(ms for listed in pool.map(reader, range(READERS)) for ms in listed)
        seconds = time.perf_counter() - begun
    return {
        "charts_per_s": round(len(times) / seconds),
        "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[int(len(times) * 0.95)], 2),
        "max_ms": round(times[-1], 2),
    }
