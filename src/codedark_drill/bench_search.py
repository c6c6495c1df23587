"""How long it takes to find somebody among everybody ever known.

A seeded list of people (no visits, nobody in the house) is imported as an EHR's export of its Patient resources. Then
the searches of a front desk, each new to the views: a family name, two halves of a name, a record number with and
without its letters, a birth date with a name, names nobody has, and the vaguest ones, a letter or two.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from codedark.node import open_node

from . import chart_export
from .drill_node import found_drill_node
from .stage import run as run_command

_PEOPLE, _SHORT, _LONG, _ASKED = 100_000, 2_000, 1_000_000, 40
_SEED = 11


def run(short: bool = False, long: bool = False) -> dict[str, Any]:
    """`people`, `searches`, and in ms `p50`, `p95`, `worst` over all of them and `by` kind of question; `status_ms`:
    counting everybody, as every status page does. `short`, `long`: 2,000 and 1,000,000 people instead of 100,000."""
    people = _SHORT if short else _LONG if long else _PEOPLE
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        export, folder = Path(place) / "export", Path(place) / "node"
        chart_export.write_people(export, people)
        found_drill_node(folder)
        run_command("import", str(export), "--folder", str(folder))
        with open_node(folder) as node:
            record, took = node.record(), dict[str, list[float]]()
            for kind, text in _questions(export / "Patient.ndjson", people):
                begun = time.perf_counter()
                found = record.search(text)
                took.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
                if kind in ("name", "number", "digits", "born") and not found:
                    raise AssertionError(f"a search by {kind} found nobody")
            begun = time.perf_counter()
            known = record.status().patients
            status_ms = (time.perf_counter() - begun) * 1000
    every = sorted(ms for listed in took.values() for ms in listed)
    return {
        "people": known,
        "searches": len(every),
        "p50_ms": round(every[len(every) // 2], 2),
        "p95_ms": round(every[int(len(every) * 0.95)], 2),
        "worst_ms": round(every[-1], 2),
        "by": {kind: _shown(ms) for kind, ms in took.items()},
        "status_ms": round(status_ms, 2),
    }


def _shown(ms: list[float]) -> dict[str, float]:
    return {"p50_ms": round(sorted(ms)[len(ms) // 2], 2), "worst_ms": round(max(ms), 2)}


def _questions(path: Path, people: int) -> Iterator[tuple[str, str]]:
    """(kind, text): some of each kind, about people spread over the whole list."""
    chance = random.Random(_SEED)
    for line in _some(path, people):
        body = orjson.loads(line)
        family, given, number = body["name"][0]["family"], body["name"][0]["given"][0], body["identifier"][0]["value"]
        yield "family", family
        yield "name", f"{given} {family}"
        yield "halves", f"{family[:3]} {given[:2]}"
        yield "number", number
        yield "digits", number.removeprefix("MR").lstrip("0") or number
        yield "born", f"{body['birthDate']} {family}"
        yield "nobody", f"{family} {given[::-1]}q"
        yield "vague", f"{chance.choice(given.lower())} {chance.choice('aeiou')}"


def _some(path: Path, people: int) -> Iterator[bytes]:
    step = max(people // _ASKED, 1)
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if number % step == step // 2:
                yield line
