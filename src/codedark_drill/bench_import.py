"""How fast an EHR's bulk export becomes charts, and how fast they are made again from the journal alone.

A seeded export (`chart_export`) goes through `codedark import` into a node of its own: read, checked, sealed, chained
and durable, then interpreted into encrypted views; then `codedark rebuild` makes the same views again and compares
digests. Both as anybody would run them, start of Python included. *Bare* beside them, in this process: every line
read by orjson and put into an SQLite table with one index, neither sealed nor understood.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import orjson

from . import chart_export
from .drill_node import codedark, found_drill_node
from .stage import CommandFailed

_RESOURCES, _SHORT, _LONG = 100_000, 2_000, 1_000_000
_ROWS = 10_000


class Took(NamedTuple):
    """What a command told (`--json`), and what it cost: seconds, seconds of processor time, highest memory in MiB."""

    told: dict[str, Any]
    seconds: float
    cpu_s: float
    peak_mib: int


def run(short: bool = False, long: bool = False) -> dict[str, Any]:
    """Resources/s of `journal` (sealed and durable), `fold` (journal to charts), `whole` (the command) and `rebuild`,
    of `bare`, ratios to it, and peak memory. `short`, `long`: 2,000 and 1,000,000 resources instead of 100,000."""
    resources = _SHORT if short else _LONG if long else _RESOURCES
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        export, node = Path(place) / "export", Path(place) / "node"
        counts = chart_export.write(export, resources)
        count, size = sum(counts.values()), sum(path.stat().st_size for path in export.iterdir())
        found_drill_node(node)
        bare_s = _bare(export, Path(place) / "bare.db")
        done = _command("import", str(export), "--folder", str(node))
        again = _command("rebuild", "--folder", str(node))
        views = sum(path.stat().st_size for path in (node / "views").iterdir())
        journal = sum(path.stat().st_size for path in (node / "journal").glob("volume-*"))
    journal_s, fold_s = done.told["seconds"]["journal"], done.told["seconds"]["fold"]
    return {
        "resources": count,
        "bytes_each": round(size / count),
        "journal": round(count / journal_s),
        "fold": round(count / fold_s),
        "whole": round(count / done.seconds),
        "rebuild": round(count / again.seconds),
        "rebuild_fold": round(count / again.told["seconds"]["fold"]),
        "per_cpu_s": {"whole": round(count / done.cpu_s), "rebuild": round(count / again.cpu_s)},
        "bare": round(count / bare_s),
        "ratio_to_bare": round(bare_s / done.seconds, 3),
        "rebuild_to_import": round(done.seconds / again.seconds, 2),
        "identical": again.told["identical"],
        "peak_mib": {"import": done.peak_mib, "rebuild": again.peak_mib},
        "views_bytes_each": round(views / count),
        "journal_bytes_each": round(journal / count),
    }


def _command(*arguments: str) -> Took:
    """Run one `codedark` command. Raises `CommandFailed`."""
    begun = time.perf_counter()
    with subprocess.Popen(codedark(*arguments, "--json"), stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, state, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(state)
    took = time.perf_counter() - begun
    if child.returncode:
        raise CommandFailed(f"`codedark {arguments[0]}` ended with {child.returncode}")
    return Took(orjson.loads(said), took, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def _bare(export: Path, path: Path) -> float:
    """Seconds of the least that anybody must do: parse each line, insert it, keep it."""
    db = apsw.Connection(str(path))
    db.execute("PRAGMA journal_mode=wal").get  # noqa: B018 - stepping is what runs it
    db.execute("PRAGMA synchronous=full").get  # noqa: B018
    db.execute("CREATE TABLE resource(key INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, patient TEXT, body BLOB)")
    begun = time.perf_counter()
    for lines in _cut(export):
        with db:
            db.executemany("INSERT INTO resource(id, type, patient, body) VALUES(?,?,?,?)", map(_row, lines))
    took = time.perf_counter() - begun
    db.close()
    return took


def _row(line: bytes) -> tuple[str, str, str, bytes]:
    body = orjson.loads(line)
    return body["id"], body["resourceType"], (body.get("subject") or {}).get("reference", ""), line


def _cut(export: Path) -> Iterator[list[bytes]]:
    for path in sorted(export.iterdir()):
        with path.open("rb") as file:
            while lines := file.readlines(_ROWS * 1_000):
                yield lines


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(run(long="--long" in sys.argv), option=orjson.OPT_INDENT_2))
