"""How long a lost node takes to come back: copy and verify the chain, fold the tail after the last snapshot.

A simulated hospital of 400 beds speaks into a node; a snapshot is taken an hour before the end, a keyless machine
pulls, the node is gone, three of the five cards and the copy make it again on an empty folder. Verifying and copying
grow with the whole chain, folding with the tail alone: that is how a year's volume is extrapolated, and said to be.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from codedark.clock import SystemChance, SystemClock
from codedark.node import Layout, RestoreRequest, open_node, pull_copy, restore

from .drill_node import found_drill_node
from .hospital import Hospital
from .stage import run as run_command

_SEED, _BEDS, _HOUR_US, _SHORT_HOURS, _HOURS = 7, 400, 3_600_000_000, 2, 24
_YEAR_DAYS = 365


def run(short: bool = False) -> dict[str, Any]:
    """`entries`, `tail` (entries folded at the restore), seconds of pull and restore, entries/s of both, sizes in
    bytes, and `year`: entries of 365 such days and minutes that a restore of them would take by those rates."""
    hours = _SHORT_HOURS if short else _HOURS
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        folder = Path(place) / "node"
        found_drill_node(folder)
        start = time.time_ns() // 1000 - hours * _HOUR_US
        said = Hospital(_SEED, _BEDS).messages(start, start + hours * _HOUR_US)
        cut = start + (hours - 1) * _HOUR_US
        heard = list(said)
        before = [each.data for each in heard if each.at_us < cut]
        after = [each.data for each in heard if each.at_us >= cut]
        _import(Path(place) / "before", before, folder)
        layout = Layout(folder)
        with open_node(folder) as node:
            node.snapshot()
        _import(Path(place) / "after", after, folder)
        return _measured(Path(place), layout, len(heard) * 24 // hours)


def _import(place: Path, messages: list[bytes], folder: Path) -> None:
    place.mkdir()
    for number, held in enumerate(_cut(messages)):
        (place / f"{number:06d}.hl7").write_bytes(b"".join(held))
    run_command("import", str(place), "--folder", str(folder))


def _cut(messages: list[bytes]) -> list[list[bytes]]:
    return [messages[at : at + 500] for at in range(0, len(messages), 500)]


def _measured(place: Path, layout: Layout, a_day: int) -> dict[str, Any]:
    lines = (layout.keys / "DEMO-CARDS.txt").read_text(encoding="utf-8").splitlines()
    cards = tuple(line.lstrip("0123456789. ") for line in lines if line[:1].isdigit())[1:4]
    begun = time.perf_counter()
    pulled = pull_copy(layout.root, place / "copy")
    pull_s = time.perf_counter() - begun
    begun = time.perf_counter()
    asked = RestoreRequest((place / "copy",), cards)
    done = restore(place / "again", asked, SystemClock(), SystemChance())
    with_snapshot_s = time.perf_counter() - begun
    (place / "copy" / "snapshots" / "views.snapshot").unlink()
    begun = time.perf_counter()
    whole = restore(place / "slow", asked, SystemClock(), SystemChance())
    whole_s = time.perf_counter() - begun
    fold_rate = (whole.folded - done.folded) / max(whole_s - with_snapshot_s, 1e-9)
    chain_rate = done.entries / max(with_snapshot_s - done.folded / fold_rate, 1e-9)
    year = a_day * _YEAR_DAYS
    return {
        "entries": pulled.size,
        "messages_a_day": a_day,
        "tail": done.folded,
        "pull_s": round(pull_s, 1),
        "restore_s": round(with_snapshot_s, 1),
        "restore_without_snapshot_s": round(whole_s, 1),
        "chain_entries_per_s": round(chain_rate),
        "fold_entries_per_s": round(fold_rate),
        "journal_bytes": sum(path.stat().st_size for path in layout.journal.glob("volume-*")),
        "snapshot_bytes": layout.snapshot.stat().st_size,
        "year": {
            "entries": year,
            "restore_min": round((year / chain_rate + done.folded / fold_rate) / 60, 1),
            "restore_without_snapshot_min": round((year / chain_rate + year / fold_rate) / 60, 1),
        },
    }
