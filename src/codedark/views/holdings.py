"""The resources themselves, as they add up from their claims: what the FHIR interface hands out.

A patient's resources are those of every record merged into it. The ones that show in a chart are found through their
cards, the others through an index of their own (`resource_bare`), so no question reads what belongs to others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import apsw

from codedark.errors import NotFound
from codedark.views import charts, known, places
from codedark.views.claims import Merged, resource_name, whole_body
from codedark.views.places import House
from codedark.views.resources import LINK, claims_of
from codedark.views.store import ViewStore

_HELD = """
SELECT r.key, r.type, r.id, r.pid, r.claims, r.last_claim, r.state,
  c.prior = 0 AND NOT EXISTS (SELECT 1 FROM held h WHERE h.claim = c.claim), c.line,
  coalesce(c.body, (SELECT body FROM claim b WHERE b.claim = c.same_as)), c.position, e.recorded_us, s.name
FROM resource r JOIN claim c ON c.claim = r.last_claim JOIN entry e ON e.position = c.position
JOIN source s ON s.sid = e.sid WHERE r.alive = 1 AND r.type <> '{link}' AND
""".replace("{link}", LINK)  # nosec B608 - a constant of ours
_BATCH = 128
_CANDIDATES = 2_000
"""So many people at most are looked at by one word of a search; whoever is meant is named more exactly."""


class Held(NamedTuple):
    """One resource. `body`: R4 JSON without resourceType and id; `position`, `recorded_us` (µs UTC), `source`: of the
    claim that ranks highest; `claims`: how many add up to it; `pid`: row number of its patient, 0 = of nobody."""

    key: int
    type: str
    id: str
    pid: int
    claims: int
    body: bytes
    position: int
    recorded_us: int
    source: str


class Whose(NamedTuple):
    """A patient and everything merged into them. `patient`: id of the survivor; `unit`: where they lie, "" unknown;
    `absorbed`: ids of the other Patients; `aliases`: ids that only point here, such as an export's own; `pids`: row
    numbers of all of them, the survivor's first."""

    patient: str
    unit: str
    absorbed: tuple[str, ...]
    pids: tuple[int, ...]
    aliases: tuple[str, ...] = ()

    def known_as(self, id_: str) -> bool:
        """Whether this id is one of theirs."""
        return id_ == self.patient or id_ in self.absorbed or id_ in self.aliases


class Holdings:
    """What is held, read from the views. Reads only. `house`: what merges and places are read with."""

    def __init__(self, store: ViewStore, house: Callable[[apsw.Connection], House]) -> None:
        self.store, self._house = store, house
        self._renamed: dict[int, tuple[tuple[bytes, bytes], ...]] = {}

    def state(self) -> str:
        """The file in use: row numbers mean nothing in another."""
        return self.store.path.name

    def whose(self, patient: str) -> Whose:
        """By Patient id, also that of an absorbed record. Raises `NotFound`."""
        with self.store.reading() as db:
            row = db.execute("SELECT pid FROM patient WHERE id=?", (patient,)).fetchone()
            if row is None:
                raise NotFound("there is no such patient")
            return self._whose(db, row[0])

    def whose_row(self, pid: int) -> Whose:
        """By row number."""
        with self.store.reading() as db:
            return self._whose(db, pid)

    def _whose(self, db: apsw.Connection, pid: int) -> Whose:
        house = self._house(db)
        survivor = house.aliases.survivor(pid)
        pids = house.aliases.members(survivor)
        (patient, _), *others = [_row(db, each) for each in pids]
        unit = charts.banner(places.identity(db, house, survivor), patient, survivor).unit
        absorbed, aliases = (tuple(id_ for id_, alive in others if alive is wanted) for wanted in (True, False))
        return Whose(patient, unit, absorbed, tuple(pids), aliases)

    def one(self, type_: str, id_: str) -> Held:
        """The resource of this type and id. Raises `NotFound`, also for one that was deleted or is distrusted."""
        with self.store.reading() as db:
            row = db.execute(f"{_HELD} r.name = ?", (resource_name(type_, id_),)).fetchone()
            if row is None:
                raise NotFound("there is no such resource")
            return self._named(db, _held(db, row))

    def named(self, wanted: Iterable[tuple[str, str]]) -> Iterator[Held]:
        """Those of these (type, id) that are there, in their order."""
        names = iter(wanted)
        while batch := [(resource_name(*each),) for each in islice(names, _BATCH)]:
            with self.store.reading() as db:
                rows: list[Any] = db.executemany(f"{_HELD} r.name = ?", batch).fetchall()
                found = [self._named(db, _held(db, row)) for row in rows]
            yield from found

    def keys(self, pids: Sequence[int], after: int = 0) -> list[int]:
        """Row numbers over `after` of everything that belongs to these rows, in their order; [0]: to nobody."""
        with self.store.reading() as db:
            found: set[int] = set()
            for pid in pids:
                rows = db.execute(
                    "SELECT key FROM card WHERE pid=?1 UNION ALL SELECT key FROM resource WHERE pid=?1 AND section=0",
                    (pid,),
                )
                found.update(key for (key,) in rows if key > after)
            return sorted(found)

    def nobodys(self, type_: str, after: int = 0) -> list[int]:
        """Row numbers of the resources of one type that belong to no patient."""
        with self.store.reading() as db:
            rows = db.execute(
                "SELECT key FROM resource WHERE pid=0 AND section=0 AND type=?1 AND key>?2 UNION ALL "
                "SELECT c.key FROM card c JOIN resource r ON r.key=c.key WHERE c.pid=0 AND r.type=?1 AND c.key>?2",
                (type_, after),
            )
            return sorted(key for (key,) in rows)

    def read(self, keys: Iterable[int], types: frozenset[str] | None = None) -> Iterator[Held]:
        """The living resources of these rows, of these types. Whoever wants one state holds `Record.at_one_moment`: a
        reader that stops early leaves no statement open, which would keep this thread at that state."""
        wanted = iter(keys)
        while batch := [(key,) for key in islice(wanted, _BATCH)]:
            with self.store.reading() as db:
                rows: list[Any] = db.executemany(f"{_HELD} r.key = ?", batch).fetchall()
                found = [self._named(db, _held(db, row)) for row in rows if types is None or row[1] in types]
            yield from found

    def _named(self, db: apsw.Connection, held: Held) -> Held:
        """With the Patient's id in place of one that only points at it: nothing is found under that one."""
        for old, new in self._names(db, held.pid) if held.pid else ():
            if old in held.body:
                held = held._replace(body=held.body.replace(old, new))
        return held

    def _names(self, db: apsw.Connection, pid: int) -> tuple[tuple[bytes, bytes], ...]:
        found = self._renamed.get(pid)
        if found is None:
            aliases = self._house(db).aliases
            (patient, _), *others = [_row(db, each) for each in aliases.members(aliases.survivor(pid))]
            found = tuple((f'"Patient/{id_}"'.encode(), f'"Patient/{patient}"'.encode())
                          for id_, alive in others if not alive)  # fmt: skip
            self._renamed[pid] = found
        return found

    def people(self, words: str, after: int, limit: int) -> list[int]:
        """Row numbers over `after` of living patients, in order; with `words` (names, numbers, a birth date) those
        who are found by every one of them, `_CANDIDATES` at most."""
        with self.store.reading() as db:
            if not words:
                rows = db.execute(
                    "SELECT pid FROM patient WHERE alive=1 AND pid>? ORDER BY pid LIMIT ?", (after, limit)
                )
                return [pid for (pid,) in rows]
            found = known.find(db, self._house(db), words, _CANDIDATES)
            return sorted(pid for pid in set(found) if pid > after)[:limit]

    def patient_key(self, pid: int) -> int | None:
        """The row number of the Patient resource of this patient row."""
        with self.store.reading() as db:
            row = db.execute("SELECT id FROM patient WHERE pid=?", (pid,)).fetchone()
            name = resource_name("Patient", row[0]) if row else b""
            key: Any = db.execute("SELECT key FROM resource WHERE name=?", (name,)).get
            return None if key is None else int(key)


def _row(db: apsw.Connection, pid: int) -> tuple[str, bool]:
    """(id, whether a Patient of this id is there)."""
    id_, alive = db.execute("SELECT id, alive FROM patient WHERE pid=?", (pid,)).fetchone() or ("", 0)
    return str(id_), bool(alive)


def _held(db: apsw.Connection, row: Any) -> Held:
    key, type_, id_, pid, claims, last, state, plain, line, body, position, recorded, source = row
    if state is not None:
        merged = Merged.load(state)
        _, _, position, recorded, source = merged.stamp
        return Held(key, type_, id_, pid, claims, merged.body(), position, recorded, source)
    if not plain:
        # Its newest claim may be under distrust: the one that is in the chart is looked for.
        first = claims_of(db, last)[0].settled()
        return Held(key, type_, id_, pid, claims, first.body, first.position, first.recorded_us, first.source)
    return Held(key, type_, id_, pid, claims, whole_body(body, source) if line else body, position, recorded, source)
