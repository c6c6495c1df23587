"""How fast a chart's page opens in a browser: HTTPS, session, view entry, chart, HTML, with four people reading.

A simulated hospital of 1,200 beds (about 1,000 inpatients) has spoken for an hour into a node that serves its ward's
pages. Four visitors log in and open random inpatients' charts, each on one kept connection. Their own work (TLS and
cookies, in Python) is part of the time, and they share the machine with the node.
"""

from __future__ import annotations

import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from codedark.errors import ConfigError
from codedark.node import open_node

from .demo_people import PASSWORD, enrol_demo_people
from .drill_node import RunningNode, found_drill_node, lines_of
from .hospital import Hospital
from .stage import run as run_command
from .visitor import Visitor

READERS, CHARTS_EACH = 4, 250
_SEED, _BEDS, _SHORT_BEDS, _HOUR_US = 7, 1_200, 240, 3_600_000_000
_WARM = 10


def run(short: bool = False) -> dict[str, Any]:
    """`p50_ms`, `p95_ms`, `max_ms`, `pages_per_s`, `inpatients`, `readers`. `short`: a small hospital, few charts."""
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        folder, said = Path(place) / "node", Path(place) / "hospital.hl7"
        config = found_drill_node(folder)
        enrol_demo_people(folder)
        start = time.time_ns() // 1000 - _HOUR_US
        hospital = Hospital(_SEED, _SHORT_BEDS if short else _BEDS)
        said.write_bytes(b"".join(spoken.data for spoken in hospital.messages(start, start + _HOUR_US)))
        run_command("import", str(said), "--folder", str(folder))
        node = RunningNode(folder, "serve", folder / "run" / "serve.log")
        node.start()
        try:
            node.wait_ready(lines_of(config))
            return _measure(
                folder, f"https://127.0.0.1:{config.web.port}/", CHARTS_EACH // 10 if short else CHARTS_EACH
            )
        finally:
            node.stop()


def _measure(folder: Path, url: str, each: int) -> dict[str, Any]:
    with open_node(folder) as node:
        record = node.record()
        patients = [row.patient for unit in record.units() for row in record.census(unit.unit) if row.patient]
    visitors = [_logged_in(url, folder) for _ in range(READERS)]
    with ThreadPoolExecutor(READERS) as pool:
        begun = time.perf_counter()
        listed = list(pool.map(lambda index: _read(visitors[index], patients, each, index), range(READERS)))
        seconds = time.perf_counter() - begun
    times = sorted(ms for took in listed for ms in took)
    return {
        "inpatients": len(set(patients)),
        "readers": READERS,
        "pages_per_s": round(len(times) / seconds),
        "p50_ms": round(times[len(times) // 2], 2),
        "p95_ms": round(times[int(len(times) * 0.95)], 2),
        "max_ms": round(times[-1], 2),
    }


def _logged_in(url: str, folder: Path) -> Visitor:
    visitor, until = Visitor(url, folder), time.monotonic() + 30
    while True:
        try:
            if visitor.log_in("physician", PASSWORD):
                return visitor
        except OSError:
            visitor.close()
        if time.monotonic() > until:
            raise ConfigError("nobody could log in to the bench's node")
        time.sleep(0.2)


def _read(visitor: Visitor, patients: list[str], each: int, seed: int) -> list[float]:
    chance, took = random.Random(seed), []
    for number in range(each + _WARM):
        begun = time.perf_counter()
        status = visitor.get(f"/chart/{chance.choice(patients)}")
        if status != 200:
            raise ConfigError(f"a chart was answered with {status}")
        if number >= _WARM:
            took.append((time.perf_counter() - begun) * 1000)
    return took
