"""Resources in memory while they are folded, and how they are found and written in a views file."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import apsw
import msgspec

from codedark.entries import Op
from codedark.views.cards import Card
from codedark.views.claims import Claim, Merged, resource_name
from codedark.views.schema import Section

LINK = "PatientLink"
"""The pseudo-type under which merges are kept: its claims are ranked, distrusted and undone like any other."""

_HOT = frozenset({"Patient", "Encounter", "MedicationRequest", "AllergyIntolerance", "ServiceRequest", LINK})
_CACHE = 60_000
_BODY = "coalesce(c.body, (SELECT body FROM claim b WHERE b.claim = c.same_as))"
_CLAIM = f"""
SELECT c.prior, EXISTS (SELECT 1 FROM held h WHERE h.claim = c.claim), c.op, c.cleared, c.line,
  c.claim, c.pid, c.rank, {_BODY}, c.claimed_us, c.position, e.recorded_us, s.name
FROM claim c JOIN entry e ON e.position = c.position JOIN source s ON s.sid = e.sid WHERE c.claim = ?
"""  # nosec B608 - constants
_RESOURCE = "SELECT key, name, type, id, pid, section, claims, last_claim, state FROM resource"


class Resource:
    """One resource: `claims` counts those in the chart (distrusted ones are not). With one claim the state is that
    claim; with more it is `merged`."""

    __slots__ = (
        "body",
        "card",
        "claims",
        "dirty",
        "drawn",
        "first",
        "fresh",
        "id",
        "key",
        "last_body",
        "last_claim",
        "merged",
        "name",
        "pid",
        "stored",
        "told",
        "type",
    )

    def __init__(self, key: int, name: bytes, type_: str, id_: str) -> None:
        self.key, self.name, self.type, self.id = key, name, type_, id_
        self.pid = 0
        self.claims = 0
        self.first: Claim | None = None
        self.merged: Merged | None = None
        self.body: dict[str, Any] | None = None
        self.card: tuple[int, bytes] | None = None
        self.last_claim = 0
        self.told, self.last_body = 0, b""
        """The last claim that carried its own body, and that body."""
        self.drawn: tuple[Section, Card] | None = None
        """The card that the body as it stands was drawn to, while that is known."""
        self.stored = (0, 0)
        """(pid, section) of the card on disk; section 0 = none."""
        self.fresh, self.dirty = True, False

    def take(self, claim: Claim, body: dict[str, Any] | None, card: tuple[int, bytes] | None = None) -> None:
        """Add a claim to the chart. `self.first` must be loaded when there is exactly one. `card`: (section, card) if
        it was drawn ahead: good while this claim is the only one."""
        self.claims += 1
        self.card = card if self.claims == 1 else None
        if self.claims == 1:
            self.first, self.body, self.pid, self.drawn = claim, body, claim.pid, None
            return
        if self.merged is None:
            self.merged = Merged()
            assert self.first is not None
            self.merged.take(self.first)
        self.merged.take(claim)
        if self.merged.changed:
            self.drawn, self.merged.changed = None, False
        self.first, self.body, self.pid = None, None, self.merged.stamp[0]

    def refold(self, claims: list[Claim]) -> None:
        """Start again from these claims."""
        self.claims, self.first, self.merged, self.body, self.drawn = 0, None, None, None, None
        for claim in claims:
            self.take(claim, None)

    @property
    def alive(self) -> bool:
        """Whether the resource is there at all: claimed by somebody trusted, and not deleted."""
        if self.merged is not None:
            return self.merged.alive
        return self.first is not None and self.first.op is not Op.DELETE

    def canonical(self) -> bytes:
        """The body as canonical JSON."""
        if self.merged is not None:
            return self.merged.body()
        assert self.first is not None
        return self.first.settled().body

    @property
    def stamp(self) -> tuple[int | None, int, int, str]:
        """(claimed µs, position, recorded µs, source) of the claim that ranks highest."""
        if self.merged is not None:
            return self.merged.stamp[1:]
        assert self.first is not None
        return self.first.claimed_us, self.first.position, self.first.recorded_us, self.first.source


def claims_of(db: apsw.Connection, last: int) -> list[Claim]:
    """The claims on a resource that are in the chart, oldest first. `last`: its newest claim; each names the one
    before it, so that no index has to be kept for what is seldom asked."""
    found: list[Claim] = []
    while last:
        row = db.execute(_CLAIM, (last,)).fetchone()
        assert row is not None
        last, held, op, cleared, line, number, pid, rank, body, claimed, position, recorded, source = row
        if not held:
            named = tuple(cleared.split("\x1f")) if cleared else ()
            stamp = (claimed, position, recorded, source)
            found.append(Claim(number, pid, Op(op), rank, body, named, *stamp, bool(line)))
    return found[::-1]


class Shelf:
    """The resources of one views file: found by name, kept while they are hot."""

    def __init__(self, db: apsw.Connection) -> None:
        self.db = db
        self._held: dict[tuple[str, str], Resource] = {}
        self._next = (db.execute("SELECT max(key) FROM resource").get or 0) + 1

    def fetch(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Have these resources (type, id) at hand: those on disk are read in the order of their index, the others are
        new, in the order they are named here."""
        held = self._held
        names = {each: resource_name(*each) for each in wanted if each not in held}
        if not names:
            return
        keys = [(name,) for name in sorted(names.values())]
        found = {row[1]: row for row in self.db.executemany(f"{_RESOURCE} WHERE name=?", keys)}
        for each, name in names.items():
            row = found.get(name)
            if row is not None:
                held[each] = self._read(row)
                continue
            held[each] = Resource(self._next, name, *each)
            self._next += 1

    def find(self, type_: str, id_: str) -> Resource:
        """The resource of this type and id, new when nobody claimed it before."""
        found = self._held.get((type_, id_))
        if found is None:
            self.fetch([(type_, id_)])
            found = self._held[type_, id_]
        return found

    def by_key(self, key: int) -> Resource:
        """A resource that is on disk."""
        row = self.db.execute(f"{_RESOURCE} WHERE key=?", (key,)).fetchone()
        assert row is not None
        return self._held.setdefault((row[2], row[3]), self._read(row))

    def _read(self, row: tuple[Any, ...]) -> Resource:
        found = Resource(row[0], row[1], row[2], row[3])
        found.pid, found.stored, found.claims, found.last_claim = row[4], (row[4], row[5]), row[6], row[7]
        found.fresh = False
        if row[8] is not None:
            found.merged = Merged.load(row[8])
        elif found.claims:
            # Every claim may be under distrust: then there is none in the chart.
            found.first = next(iter(claims_of(self.db, found.last_claim)), None)
        return found

    def dirty(self) -> list[Resource]:
        """Those that changed since they were last written."""
        return [resource for resource in self._held.values() if resource.dirty]

    def settle(self) -> None:
        """After writing: keep those that messages will name again; lines of an import are not."""
        if len(self._held) > _CACHE:
            self._held.clear()
            return
        kept: dict[tuple[str, str], Resource] = {}
        for name, resource in self._held.items():
            resource.fresh = resource.dirty = False
            resource.body = resource.card = None
            if resource.type in _HOT and not (resource.first is not None and resource.first.line):
                kept[name] = resource
        self._held = kept

    def forget(self) -> None:
        """Drop everything in memory."""
        self._held.clear()


def decoded(body: bytes) -> dict[str, Any]:
    """Canonical JSON as a dict with decimals kept."""
    value: dict[str, Any] = _decoder.decode(body)
    return value


_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
