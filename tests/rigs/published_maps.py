"""The paths that HL7's published V2-to-FHIR maps give, down to the leaf, and the row that gives each.

A row of a segment map names an attribute of the map's resource ("identifier[1]") and a data type map ("CX[Identifier]")
whose rows go on below it. Parentheses go on in another resource: "participant.individual(Practitioner)" with
"XCN[Practitioner]" gives Practitioner.name.family. A row without a data type map ends there: it means itself and
everything below it. Indices are left out. Never given: what is an id, a reference, a text or an extension.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

NEVER = frozenset({"id", "reference", "text", "extension", "url", "div"})
_FILE = re.compile(r"_ (\w+)\[([\w.-]+)\]")
_NOISE = re.compile(r"\[[^\]]*\]?|:[\w-]+|\s*=.*|[\s\"]")
_PATH = re.compile(r"[A-Z]\w+(\.[a-z]\w*)+")
_DEEPEST = 6


class Row(NamedTuple):
    """One row of a map: the v2 field, the FHIR attribute, the data type map that goes on below it ("" when none)."""

    field: str
    attribute: str
    below: str


class Map(NamedTuple):
    """One CSV: the v2 name ("PID", "CX"), what it becomes ("Patient", "Identifier", "Provenance-Source"), its rows."""

    source: str
    target: str
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """As the maps call themselves: PID[Patient]."""
        return f"{self.source}[{self.target}]"


def read_maps(folder: Path) -> Iterator[Map]:
    """Every map of a folder of CSV files."""
    for path in sorted(folder.glob("*.csv")):
        named = _FILE.search(path.name)
        if named is None:
            continue
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                row for row in csv.reader(file) if len(row) > 14 and row[9].strip() and row[0].strip()[:1].isdigit()
            ]
        yield Map(named[1], named[2], tuple(Row(row[1].strip(), row[9].strip(), row[14].strip()) for row in rows))


def parsed(attribute: str, root: str) -> tuple[str, str]:
    """(resource, path) of an attribute: without indices, in the innermost resource that parentheses name."""
    outer, mark, inner = attribute.partition("(")
    if mark:
        named = re.match(r"(?:\[\d+\])?([A-Z]\w*)(?:\[\d+\])?\.?(.*)", inner.rstrip(") "))
        return parsed(named[2], named[1]) if named else (root, "")
    return root, _NOISE.sub("", outer).replace("$this", "").replace("$value", "").strip(".)")


def published_paths(mappings: Path) -> dict[str, str]:
    """Path ("Patient.name.family") → the rows that give it ("PID-5 PID[Patient], XPN.1 XPN[HumanName]")."""
    types = {each.name.lower(): each for each in read_maps(mappings / "datatypes")}
    out: dict[str, str] = {}
    for each in read_maps(mappings / "segments"):
        root = each.target.partition("-")[0]
        for row in each.rows:
            for path, rows in _leaves(row, each, root, "", types, 0):
                if not NEVER.intersection(path.split(".")) and _PATH.fullmatch(path):
                    out.setdefault(path, ", ".join(rows))
    return out


def _leaves(
    row: Row, where: Map, root: str, base: str, types: dict[str, Map], depth: int
) -> Iterator[tuple[str, list[str]]]:
    """The leaves of one row below `base` of resource `root`, each with the rows on the way to it."""
    said = f"{row.field} {where.name}".strip()
    resource, path = parsed(row.attribute.removeprefix(f"{where.target}."), root)
    if resource == root or "(" not in row.attribute:
        path = _below(base, path)
    on = types.get(row.below.lower())
    if on is None or depth >= _DEEPEST:
        if path:
            yield f"{resource}.{path}", [said]
        return
    for under in on.rows:
        for leaf, rows in _leaves(under, on, resource, path, types, depth + 1):
            yield leaf, [said, *rows]


def _below(base: str, path: str) -> str:
    """`path` under `base`; a map that repeats the element it is about ("udiCarrier") says it once."""
    first, _, rest = path.partition(".")
    last = base.rpartition(".")[2]
    if base and first and first == last:
        path = rest
    return f"{base}.{path}".strip(".")


@lru_cache(maxsize=65_536)
def is_given(path: str, paths: frozenset[str]) -> str:
    """The published path that this leaf is, or lies below; "" when the maps do not give it."""
    parts = path.split(".")
    if NEVER.intersection(parts):
        return ""
    for length in range(len(parts), 1, -1):
        if (above := ".".join(parts[:length])) in paths:
            return above
    return ""
