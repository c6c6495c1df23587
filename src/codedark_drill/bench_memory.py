"""How much memory each process takes at most, with a short and with a long journal: does any of it grow?

A simulated hospital's messages are imported through the door of a running `codedark serve`, whose folder makes views
of them; then its keeper hears the load of the bench `mllp` and charts are opened; then the commands, each in a process
of its own. What only the journal's length could do to is measured once more with longer ones, made of short messages
and folded by nobody. What grows with patients and messages is on disk. `--long`: up to a million entries.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import uvloop

from codedark.errors import ConfigError
from codedark.node import Config, open_node

from .bench_mllp import halted_views, measure
from .demo_people import PASSWORD, enrol_demo_people
from .drill_node import RunningNode, codedark, found_drill_node, lines_of
from .filling import COUNTING, control_ids, fill, small
from .hospital import Hospital
from .machine import children_of, highest_mib, peak_mib
from .stage import run as run_command
from .visitor import Visitor

PROCESSES = ("keeper", "folder", "web", "import", "rebuild", "verify", "pull", "pack")
JOURNAL_ONLY = ("keeper", "verify", "pull")
_FOLDED = {"short": (500, 1_000), "": (12_000, 36_000), "long": (100_000, 1_000_000)}
_PLAIN = {"short": (1_000, 4_000), "": (20_000, 200_000), "long": (100_000, 1_000_000)}
_SEED, _BEDS, _DAY_US, _IN_A_FILE = 7, 400, 86_400_000_000, 500
_DAYS, _LONG_DAYS = 7, 60
_LOAD_S, _CONNECTIONS, _PAGES = 2.0, 64, 100
_PATIENCE_S = 7_200.0

Peaks = dict[str, dict[str, int]]
"""By number of entries, by process, MiB"""


def run(short: bool = False, long: bool = False) -> dict[str, Any]:
    """`folded`, of PROCESSES, and `plain`, of JOURNAL_ONLY: by size in entries the highest resident memory in MiB.
    `largest`: each process at its largest size; `grows`: that over the one at the smallest."""
    size = "short" if short else "long" if long else ""
    folded, plain = Peaks(), Peaks()
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        for entries in _PLAIN[size]:
            plain[str(entries)] = _said(entries, _plain_peaks(Path(place) / f"plain-{entries}", entries))
        for entries in _FOLDED[size]:
            days = _LONG_DAYS if long else _DAYS
            folded[str(entries)] = _said(entries, _peaks(Path(place) / str(entries), entries, days))
    (little, much), (little_plain, much_plain) = folded.values(), plain.values()
    least, most = little | little_plain, much | much_plain
    grows = {name: round(most[name] / max(least[name], 1), 2) for name in PROCESSES}
    return {"folded": folded, "plain": plain, "largest": most, "grows": grows}


def _said(entries: int, found: dict[str, int]) -> dict[str, int]:
    """A long run is not lost when it is cut off: what was found so far stands on stderr."""
    print(f"  {entries:,} entries, MiB: {found}", file=sys.stderr, flush=True)
    return found


def table(results: dict[str, Any]) -> list[str]:
    """Tables for the page: processes down, sizes across, MiB."""
    return [*_table(results["folded"], PROCESSES), "", *_table(results["plain"], JOURNAL_ONLY)]


def _table(peaks: Peaks, names: tuple[str, ...]) -> list[str]:
    heads = " | ".join(f"{int(size):,} entries" for size in peaks)
    rows = [f"| {name} | {' | '.join(f'{peak[name]:,}' for peak in peaks.values())} |" for name in names]
    return [f"| highest memory, MiB | {heads} |", "|---|" + "--:|" * len(peaks), *rows]


def _plain_peaks(folder: Path, entries: int) -> dict[str, int]:
    config = found_drill_node(folder)
    fill(folder, entries, small)
    found = _commands(folder)
    node = RunningNode(folder, "listen", folder.with_suffix(".log"))
    node.start()
    try:
        node.wait_ready(lines_of(config))
        with halted_views():
            _load(config)
            found["keeper"] = peak_mib(node.pid)
    finally:
        node.stop()
        shutil.rmtree(folder)
    return found


def _commands(folder: Path) -> dict[str, int]:
    """`verify` and `pull`."""
    note, copy = folder / "checkpoint.note", folder.with_name("copy")
    note.write_text(run_command("journal", "checkpoint", "--folder", str(folder))["note"], encoding="utf-8")
    found = {
        "verify": _command("journal", "verify", "--folder", str(folder), "--checkpoint", str(note)),
        "pull": _command("journal", "pull", str(folder), str(copy)),
    }
    shutil.rmtree(copy)
    return found


def _load(config: Config) -> None:
    line = lines_of(config)[COUNTING]
    uvloop.run(measure(line, _LOAD_S, _CONNECTIONS, control_ids(COUNTING, 1_000_000_000)))


def _peaks(place: Path, entries: int, days: int) -> dict[str, int]:
    folder, said = place / "node", place / "said"
    config = found_drill_node(folder)
    enrol_demo_people(folder)
    _write(said, entries, days)
    found = _served(folder, config, said, entries)
    shutil.rmtree(said)
    found |= _commands(folder)
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
        _load(config)
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
