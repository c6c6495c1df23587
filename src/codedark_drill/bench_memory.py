"""How much memory each process takes at most, with a short and with a long journal: does any of it grow?

The journal is a simulated hospital's: its messages are imported through the door of a running `codedark serve`, whose
folder makes views of them; then its keeper hears the load of the bench `mllp` and charts are opened; then the commands,
each in a process of its own. What grows with patients and messages is on disk. `--long`: up to a million entries.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import uvloop

from codedark.errors import ConfigError
from codedark.node import Config, open_node

from .bench_mllp import measure
from .demo_people import PASSWORD, enrol_demo_people
from .drill_node import RunningNode, codedark, found_drill_node, lines_of
from .filling import COUNTING, control_ids
from .hospital import Hospital
from .machine import children_of, highest_mib, peak_mib
from .stage import run as run_command
from .visitor import Visitor

SIZES, _SHORT_SIZES, _LONG_SIZES = (3_000, 12_000), (500, 1_000), (100_000, 1_000_000)
PROCESSES = ("keeper", "folder", "web", "import", "rebuild", "verify", "pull", "pack")
_SEED, _BEDS, _DAY_US, _IN_A_FILE = 7, 400, 86_400_000_000, 500
_DAYS, _LONG_DAYS = 7, 90
_LOAD_S, _CONNECTIONS, _PAGES = 2.0, 64, 100
_PATIENCE_S = 7_200.0


def run(short: bool = False, long: bool = False) -> dict[str, Any]:
    """By size in entries, the highest resident memory in MiB of each of PROCESSES; `grows`: at the largest size over
    at the smallest; `entries`: the sizes. `pack`: its caged child that draws included."""
    sizes = _SHORT_SIZES if short else _LONG_SIZES if long else SIZES
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        days = _LONG_DAYS if long else _DAYS
        peaks = {str(entries): _peaks(Path(place) / str(entries), entries, days) for entries in sizes}
    small, large = (peaks[str(entries)] for entries in (sizes[0], sizes[-1]))
    grows = {name: round(large[name] / max(small[name], 1), 2) for name in PROCESSES}
    return {"peak_mib": peaks, "largest": large, "grows": grows, "entries": list(sizes)}


def table(results: dict[str, Any]) -> list[str]:
    """A table for the page: processes down, sizes across, MiB."""
    sizes = [str(entries) for entries in results["entries"]]
    heads = " | ".join(f"{int(size):,} entries" for size in sizes)
    rows = []
    for name in PROCESSES:
        cells = " | ".join(f"{results['peak_mib'][size][name]:,}" for size in sizes)
        rows.append(f"| {name} | {cells} | {results['grows'][name]} |")
    return [f"| highest memory, MiB | {heads} | grows by |", "|---|" + "--:|" * (len(sizes) + 1), *rows]


def _peaks(place: Path, entries: int, days: int) -> dict[str, int]:
    folder, said = place / "node", place / "said"
    config = found_drill_node(folder)
    enrol_demo_people(folder)
    _write(said, entries, days)
    found = _served(folder, config, said, entries)
    shutil.rmtree(said)
    note = folder / "checkpoint.note"
    note.write_text(run_command("journal", "checkpoint", "--folder", str(folder))["note"], encoding="utf-8")
    found["verify"] = _command("journal", "verify", "--folder", str(folder), "--checkpoint", str(note))
    found["pull"] = _command("journal", "pull", str(folder), str(place / "copy"))
    shutil.rmtree(place / "copy")
    found["rebuild"] = _command("rebuild", "--folder", str(folder))
    found["pack"] = _command("pack", _largest_unit(folder), "--draft", "--folder", str(folder))
    return found


def _write(folder: Path, entries: int, days: int) -> None:
    """So many messages of a hospital whose last days end now, in files."""
    folder.mkdir()
    now = time.time_ns() // 1000
    messages = islice(Hospital(_SEED, _BEDS).messages(now - days * _DAY_US, now), entries)
    number = 0
    while held := [spoken.data for spoken in islice(messages, _IN_A_FILE)]:
        (folder / f"{number:06d}.hl7").write_bytes(b"".join(held))
        number += 1


def _command(*arguments: str) -> int:
    """The highest memory of a command and of the processes it started, MiB. Raises `ConfigError`."""
    with subprocess.Popen(
        codedark(*arguments, "--json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:  # fmt: skip
        found = highest_mib(child)
    if child.returncode:
        raise ConfigError(f"`codedark {arguments[0]}` ended with {child.returncode}")
    return found


def _largest_unit(folder: Path) -> str:
    with open_node(folder) as node:
        record = node.record()
        return max(record.units(), key=lambda row: len(record.census(row.unit))).unit


def _served(folder: Path, config: Config, said: Path, entries: int) -> dict[str, int]:
    """An import and the processes of the node that took it, folded it, heard messages and showed charts."""
    node = RunningNode(folder, "serve", folder.with_suffix(".log"))
    node.start()
    try:
        lines = lines_of(config)
        node.wait_ready(lines)
        imported = _command("import", str(said), "--folder", str(folder))
        _wait_folded(folder, entries)
        uvloop.run(measure(lines[COUNTING], _LOAD_S, _CONNECTIONS, control_ids(COUNTING, 1_000_000_000)))
        _read_pages(folder, f"https://127.0.0.1:{config.web.port}/")
        found = {"keeper": peak_mib(node.pid), "folder": 0, "web": 0}
        for role, child in _roles(node.pid):
            found[role] = max(found.get(role, 0), peak_mib(child))
        return {name: found[name] for name in ("keeper", "folder", "web")} | {"import": imported}
    finally:
        node.stop()


def _wait_folded(folder: Path, entries: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(Exception):  # there are no views in the beginning
            if run_command("status", "--folder", str(folder))["fold"]["position"] >= entries:
                return
        time.sleep(1.0)
    raise ConfigError("the folder did not come to the end of the journal")


def _read_pages(folder: Path, url: str) -> None:
    visitor, until = Visitor(url, folder), time.monotonic() + 60
    while True:
        try:
            if visitor.log_in("physician", PASSWORD):
                break
        except OSError:
            visitor.close()
        if time.monotonic() > until:
            raise ConfigError("nobody could log in to the bench's node")
        time.sleep(0.2)
    with open_node(folder) as node:
        record = node.record()
        patients = [row.patient for unit in record.units() for row in record.census(unit.unit) if row.patient]
    for patient in patients[:_PAGES]:
        visitor.get(f"/chart/{patient}")
    visitor.get("/units")


def _roles(keeper: int) -> Iterator[tuple[str, int]]:
    """The keeper's children by role: `folder`, `web`; others under their own names."""
    for child in children_of(keeper):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            role = words[-2].decode("ascii", "replace") if len(words) > 1 else ""
            yield ("folder" if role == "fold" else role), child
