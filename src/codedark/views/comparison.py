"""What the views say, line by line, so that two codedarks can be compared and each difference named.

A line is (kind, id, SHA-256). Kinds: a FHIR type, one line a resource; `bed`; `card NN` (a section of the chart), one
line a patient; `pinned`, the settings that interpret; `table NAME`, one line a table of what is not clinical. Ids are
the record's own opaque ones. Lines come sorted by kind and id, so that comparing needs no memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, NamedTuple

import apsw
import msgspec

from codedark.views.digest import WHOLE, resource_body
from codedark.views.store import ViewStore

_pack = msgspec.msgpack.Encoder(order="deterministic")
_HOW = {2: "added", 3: "removed", 4: "changed"}
SAMPLES = 10
"""Ids of a kind that are named; the others are counted."""


class Line(NamedTuple):
    """One thing that the views say. `sha256` in hex."""

    kind: str
    id: str
    sha256: str


class Difference(msgspec.Struct, frozen=True):
    """How one kind differs. Counts of lines; `ids`: the first ten that differ."""

    kind: str
    before: int
    after: int
    added: int
    removed: int
    changed: int
    ids: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether anything of this kind is not the same."""
        return bool(self.added or self.removed or self.changed)


@contextmanager
def telling(store: ViewStore) -> Iterator[tuple[int, Iterator[Line]]]:
    """(place of the newest entry folded, lines), all of one moment."""
    with store.reading() as db:
        yield store.newest()[0], _lines(db)


def compare(
    before: Iterable[Line], after: Iterable[Line], name: Callable[[str, str, str], object] | None = None
) -> list[Difference]:
    """One row for each kind that is in either, in order. Both must be sorted by kind and id.

    `name` is told of every line that differs: kind, id, "added" | "removed" | "changed".
    """
    rows: dict[str, tuple[list[int], list[str]]] = {}
    for old, new in _matched(iter(before), iter(after)):
        line = old or new
        assert line is not None
        counts, ids = rows.setdefault(line.kind, ([0] * 5, []))
        counts[0] += old is not None
        counts[1] += new is not None
        which = 2 if old is None else 3 if new is None else 4 if old.sha256 != new.sha256 else 0
        if which:
            if name is not None:
                name(line.kind, line.id, _HOW[which])
            counts[which] += 1
            ids += [line.id] if len(ids) < SAMPLES else []
    return [Difference(kind, c[0], c[1], c[2], c[3], c[4], tuple(ids)) for kind, (c, ids) in sorted(rows.items())]


def _matched(before: Iterator[Line], after: Iterator[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        take_old = new is None or (old is not None and old[:2] <= new[:2])
        take_new = old is None or (new is not None and new[:2] <= old[:2])
        yield (old if take_old else None), (new if take_new else None)
        old = next(before, None) if take_old else old
        new = next(after, None) if take_new else new


def _lines(db: apsw.Connection) -> Iterator[Line]:
    for key, type_, id_, patient, state in db.execute(
        "SELECT r.key, r.type, r.id, p.id, r.state FROM resource r LEFT JOIN patient p ON p.pid = r.pid "
        "WHERE r.alive = 1 ORDER BY r.type, r.id"
    ):
        yield Line(type_, id_, _sha256((patient, resource_body(db, key, state))))
    for unit, room, bed in db.execute("SELECT unit, room, bed FROM bed ORDER BY unit || '/' || room || '/' || bed"):
        yield Line("bed", f"{unit}/{room}/{bed}", "")
    yield from _cards(db)
    yield Line("pinned", "", _sha256(db.execute("SELECT value FROM meta WHERE key='pinned'").get))
    for name, sql in sorted((sql.split("'")[1], sql) for sql in WHOLE):
        hashed = hashlib.sha256()
        for row in db.execute(sql):
            hashed.update(_pack.encode(row))
        yield Line(f"table {name}", "", hashed.hexdigest())


def _cards(db: apsw.Connection) -> Iterator[Line]:
    rows = db.execute(
        "SELECT printf('card %02d', c.section), coalesce(p.id, ''), c.card FROM card c LEFT JOIN patient p "
        "ON p.pid = c.pid JOIN resource r ON r.key = c.key ORDER BY c.section, p.id, r.type, r.id"
    )
    for (kind, patient), cards in groupby(rows, key=lambda row: row[:2]):
        # Fields 1-3 are the stamp (position, recording time, source): what is shown comes after it.
        fields = [msgspec.msgpack.decode(card) for _, _, card in cards]
        yield Line(kind, patient, _sha256([[each[0], *each[4:]] for each in fields]))


def _sha256(value: Any) -> str:
    return hashlib.sha256(_pack.encode(value)).hexdigest()
