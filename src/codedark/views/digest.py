"""One hash over what the views say, so that two folds can be compared.

Clinical: settings that interpret, effective resources, the patients they belong to, merges, beds. No position, no
recording time, no row number: the same messages in any order, or with forgeries taken out, give the same digest.
Whole: the clinical rows and, with positions, everything else that a rebuild must reproduce.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
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


def digest(store: ViewStore, *, whole: bool = False) -> str:
    """SHA-256 (hex) over the ordered logical rows; `whole` adds what depends on positions and recording times."""
    with store.reading() as db:
        hashed = hashlib.sha256()
        for row in _clinical(db):
            _feed(hashed, row)
        if whole:
            for sql in WHOLE:
                for row in db.execute(sql):
                    _feed(hashed, row)
        return hashed.hexdigest()


def _feed(hashed: Any, row: Any) -> None:
    # MessagePack is self-delimiting: no two different sequences of rows give the same bytes.
    hashed.update(_pack.encode(row))


def _clinical(db: apsw.Connection) -> Iterator[tuple[Any, ...]]:
    yield ("pinned", db.execute("SELECT value FROM meta WHERE key='pinned'").get)
    for type_, id_, patient, state, last, body, alone in db.execute(_RESOURCES):
        # A line of an import is compared as it came: only claims that meet are brought into one form.
        said = body if alone else Merged.load(state).body() if state is not None else _only(db, last).body
        yield ("resource", type_, id_, patient, said)
    for row in db.execute("SELECT unit, room, bed FROM bed ORDER BY unit, room, bed"):
        yield ("bed", *row)
    for pid, patient in [(0, None), *db.execute("SELECT pid, id FROM patient ORDER BY id")]:
        yield from _cards(db, pid, patient)


_RESOURCES = (
    "SELECT r.type, r.id, p.id, r.state, r.last_claim, c.body, "
    "r.state IS NULL AND c.prior = 0 AND c.body IS NOT NULL FROM resource r LEFT JOIN patient p ON p.pid = r.pid "
    "JOIN claim c ON c.claim = r.last_claim WHERE r.alive = 1 ORDER BY r.name"
)


def _cards(db: apsw.Connection, pid: int, patient: str | None) -> Iterator[tuple[Any, ...]]:
    """Cards are derived from bodies, but corrections also from earlier claims: what a chart shows must agree too."""
    rows = db.execute("SELECT section, card FROM card WHERE pid=?", (pid,))
    # Fields 1-3 are the stamp: position, recording time, source.
    cards = [(section, fields[0], fields[4:]) for section, fields in ((s, msgspec.msgpack.decode(c)) for s, c in rows)]
    cards.sort(key=lambda each: (*each[:2], _pack.encode(each[2])))
    for section, id_, shown in cards:
        yield ("card", patient, section, id_, shown)


def resource_body(db: apsw.Connection, key: int, state: bytes | None) -> bytes:
    """The effective body of a living resource, canonical."""
    if state is not None:
        return Merged.load(state).body()
    return _only(db, db.execute("SELECT last_claim FROM resource WHERE key=?", (key,)).get).settled().body


def _only(db: apsw.Connection, last: int) -> Claim:
    claim = claims_of(db, last)[0]
    assert claim.op is not Op.DELETE
    return claim
