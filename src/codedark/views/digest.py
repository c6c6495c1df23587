"""One hash over what the views say, so that two folds can be compared.

Clinical: settings that interpret, effective resources, the patients they belong to, merges, beds. No position, no
recording time, no row number: the same messages in any order, or with forgeries taken out, give the same digest.
Whole: the clinical rows and, with positions, everything else that a rebuild must reproduce.
"""

from __future__ import annotations

import hashlib
from typing import Any

import apsw
import msgspec

from codedark.entries import Op
from codedark.views.claims import Claim, Merged
from codedark.views.resources import claims_of
from codedark.views.store import ViewStore

_pack = msgspec.msgpack.Encoder(order="deterministic")
WHOLE = (
    "SELECT 'setting', * FROM setting ORDER BY key",
    "SELECT 'worklist', item, recorded_us, source, message_type, reason, state, decision FROM worklist ORDER BY item",
    "SELECT 'unknown', * FROM unknown_kind ORDER BY kind",
    "SELECT 'distrust', * FROM distrust ORDER BY position",
    "SELECT 'hold', * FROM hold ORDER BY source",
    "SELECT 'deed', * FROM deed ORDER BY position",
    "SELECT 'review', * FROM review ORDER BY position",
    "SELECT 'flagged', * FROM flagged ORDER BY position, flagged_by",
    "SELECT 'feed', * FROM feed ORDER BY feed",
    "SELECT 'counter', * FROM counter ORDER BY name",
    "SELECT 'heard', id, topic, recorded_us FROM heard LEFT JOIN patient USING(pid) ORDER BY id, topic",
    "SELECT 'origin', * FROM origin ORDER BY ordinal",
    "SELECT 'adoption', * FROM adoption ORDER BY position",
    "SELECT 'fork', * FROM fork ORDER BY position",
    "SELECT 'account', * FROM account ORDER BY person",
    "SELECT 'session', * FROM session ORDER BY session",
    "SELECT 'unit_card', * FROM unit_card ORDER BY unit",
    "SELECT 'custody', * FROM custody ORDER BY position",
    "SELECT 'code_used', * FROM code_used ORDER BY card, idx",
    "SELECT 'proposal', * FROM proposal ORDER BY proposal",
    "SELECT 'read', * FROM read_log ORDER BY position",
    "SELECT 'pack', * FROM pack ORDER BY position",
    "SELECT 'sheet', * FROM sheet ORDER BY sheet, copy, page, position",
    "SELECT 'entry', position, recorded_us, name, understood, claims FROM entry JOIN source USING(sid) ORDER BY 2",
)
"""Everything that a rebuild reproduces and that is not clinical; each row begins with the name of its table."""


class _Sum:
    """A hash of a set of rows that does not depend on their order, so that they are read in the order they lie in.

    The sum of 2048-bit hashes modulo 2^2048 (Bellare and Micciancio, "A New Paradigm for Collision-free Hashing", 1997;
    the size is LtHash's). Every row is there once: its key is part of it.
    """

    def __init__(self) -> None:
        self.value, self.count = 0, 0

    def add(self, row: bytes, body: bytes = b"") -> None:
        """One more row: MessagePack, which is self-delimiting, and a body beside it."""
        told = hashlib.sha256(body).digest() + row
        self.value += int.from_bytes(hashlib.shake_256(told).digest(256), "big")
        self.count += 1

    def row(self) -> tuple[str, int, bytes]:
        """What it comes to."""
        return ("sum", self.count, (self.value & _MASK).to_bytes(256, "big"))


_MASK = (1 << 2048) - 1


def digest(store: ViewStore, *, whole: bool = False) -> str:
    """SHA-256 (hex) over the logical rows; `whole` adds what depends on positions and recording times."""
    with store.reading() as db:
        hashed = hashlib.sha256()
        _feed(hashed, ("pinned", db.execute("SELECT value FROM meta WHERE key='pinned'").get))
        _feed(hashed, _resources(db))
        for row in db.execute("SELECT unit, room, bed FROM bed ORDER BY unit, room, bed"):
            _feed(hashed, ("bed", *row))
        _feed(hashed, _cards(db))
        if whole:
            for sql in WHOLE:
                for row in db.execute(sql):
                    _feed(hashed, row)
        return hashed.hexdigest()


def _feed(hashed: Any, row: Any) -> None:
    # MessagePack is self-delimiting: no two different sequences of rows give the same bytes.
    hashed.update(_pack.encode(row))


def _resources(db: apsw.Connection) -> tuple[Any, ...]:
    total, ids = _Sum(), _Ids(db)
    for type_, id_, pid, state, last, body, alone in db.execute(
        "SELECT r.type, r.id, r.pid, r.state, r.last_claim, c.body, r.state IS NULL AND c.prior = 0 AND c.body NOTNULL "
        "FROM resource r JOIN claim c ON c.claim = r.last_claim WHERE r.alive = 1"
    ):
        # A line of an import is compared as it came: only claims that meet are brought into one form.
        said: Any = body if alone else Merged.load(state).body() if state is not None else _only(db, last).body
        total.add(_pack.encode((type_, id_, ids[pid])), said)
    return total.row()


def _cards(db: apsw.Connection) -> tuple[Any, ...]:
    """Cards are derived from bodies, but corrections also from earlier claims: what a chart shows must agree too."""
    total, ids = _Sum(), _Ids(db)
    for pid, section, card in db.execute("SELECT pid, section, card FROM card"):
        # Fields 1-3 are the stamp: position, recording time, source.
        fields = _fields.decode(card)
        total.add(_pack.encode((ids[pid], section)), b"".join([bytes(fields[0]), *map(bytes, fields[4:])]))
    return total.row()


_fields = msgspec.msgpack.Decoder(list[msgspec.Raw])


class _Ids(dict[int, str | None]):
    """Patient ids by row number, of as many as were asked for lately."""

    def __init__(self, db: apsw.Connection) -> None:
        super().__init__({0: None})
        self._db = db

    def __missing__(self, pid: int) -> str | None:
        if len(self) > 100_000:
            self.clear()
        found = self[pid] = self._db.execute("SELECT id FROM patient WHERE pid=?", (pid,)).get
        return found  # type: ignore[no-any-return]


def resource_body(db: apsw.Connection, key: int, state: bytes | None) -> bytes:
    """The effective body of a living resource, canonical."""
    if state is not None:
        return Merged.load(state).body()
    return _only(db, db.execute("SELECT last_claim FROM resource WHERE key=?", (key,)).get).settled().body


def _only(db: apsw.Connection, last: int) -> Claim:
    claim = claims_of(db, last)[0]
    assert claim.op is not Op.DELETE
    return claim
