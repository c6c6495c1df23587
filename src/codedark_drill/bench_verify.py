"""How fast a record is verified: by `codedark journal verify` on one core and on all, and by the least it could do.

The least is to read every row of the volume and to hash the same bytes once (SQLite's scan and SHA-256), which proves
nothing: no links, no tree, no tiles, no signatures. What proof costs is measured against that, in the same run. Then
the journal is pulled, as a second machine does it every minute.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw

from codedark.clock import SystemChance
from codedark.node import pull_copy

from .drill_node import found_drill_node
from .filling import Compose, fill, small, whole
from .stage import run as run_command

ENTRIES, _SHORT_ENTRIES, _ROUNDS = 200_000, 20_000, 3
_NEW = 1_000


def run(short: bool = False) -> dict[str, Any]:
    """For `small` (130-byte) and `whole` (672-byte) messages, medians of interleaved rounds, in entries/s: `one_core`,
    `all_cores`, `bare` (scan and SHA-256 on one core), `ratio_to_bare` of one core. `pull`, of the small ones, in ms:
    the first, the next with 1,000 new entries, one with nothing new, a whole one. `entries`."""
    entries = _SHORT_ENTRIES if short else ENTRIES
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        found = {name: _measured(Path(place) / name, entries, compose) for name, compose in _SIZES.items()}
        pulls = _pulled(Path(place) / "small", Path(place) / "copy", entries)
    return {**found, "pull": pulls, "entries": entries, "cores": len(os.sched_getaffinity(0))}


_SIZES: dict[str, Compose] = {"small": small, "whole": whole}


def _measured(folder: Path, entries: int, compose: Compose) -> dict[str, Any]:
    found_drill_node(folder)
    fill(folder, entries, compose)
    note = folder / "checkpoint.note"
    note.write_text(run_command("journal", "checkpoint", "--folder", str(folder))["note"], encoding="utf-8")
    rounds: dict[str, list[float]] = {"one_core": [], "all_cores": [], "bare": []}
    for _ in range(_ROUNDS):
        rounds["one_core"].append(_verified(folder, note, 1))
        rounds["all_cores"].append(_verified(folder, note, len(os.sched_getaffinity(0))))
        rounds["bare"].append(_bare(folder / "journal" / "volume-000001.db"))
    ratio = statistics.median(one / bare for one, bare in zip(rounds["one_core"], rounds["bare"], strict=True))
    return {name: round(statistics.median(rates)) for name, rates in rounds.items()} | {
        "ratio_to_bare": round(ratio, 2)
    }


def _verified(folder: Path, note: Path, processes: int) -> float:
    told = run_command(
        "journal", "verify", "--folder", str(folder), "--checkpoint", str(note), "--processes", str(processes)
    )
    return float(told["entries"]) / float(told["seconds"])


def _pulled(folder: Path, copy: Path, entries: int) -> dict[str, float]:
    first = _pull_ms(folder, copy)
    fill(folder, entries + _NEW, small)
    return {
        "first_ms": first,
        "thousand_new_ms": _pull_ms(folder, copy),
        "nothing_new_ms": _pull_ms(folder, copy),
        "whole_ms": _pull_ms(folder, copy, whole=True),
    }


def _pull_ms(folder: Path, copy: Path, whole: bool = False) -> float:
    begun = time.perf_counter()
    pull_copy(folder, copy, chance=SystemChance(), whole=whole)
    return round((time.perf_counter() - begun) * 1000, 1)


def _bare(volume: Path) -> float:
    connection = apsw.Connection(str(volume), flags=apsw.SQLITE_OPEN_READONLY)
    rows = connection.execute(
        "SELECT header, nonce, ciphertext FROM entry JOIN payload ON id = position * 4096 ORDER BY position"
    )
    begun, entries = time.perf_counter(), 0
    for header, nonce, ciphertext in rows:
        sha256(header + nonce + ciphertext).digest()
        entries += 1
    took = time.perf_counter() - begun
    connection.close()
    return entries / took
