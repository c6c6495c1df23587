"""Deeds that last: what a person did to accounts, envelopes, settings, approvals, trust: in force until undone.

A distrusted person's facts leave the charts by themselves. What that person *did* does not: to undo an account may shut
a nurse out. So each such deed is listed for the second person named with the distrust, who keeps it or undoes it;
nothing is dropped silently, and a deed nobody has looked at stays on the list.
"""

from __future__ import annotations

from typing import Any

import apsw
import msgspec

from codedark.entries import (
    ConfigSet,
    DeedDecided,
    DeedProposed,
    DeedReviewed,
    OriginAdopted,
    PersonChanged,
    PersonEnrolled,
    SourceDistrusted,
    SourceHeld,
    SourceReleased,
    UnitCardIssued,
    WorklistDecided,
)
from codedark.journal import Entry
from codedark.views.rows import LastingDeed

LASTING = frozenset(
    {
        "person.enrolled",
        "person.changed",
        "unit.card.issued",
        "config.set",
        "deed.proposed",
        "deed.decided",
        "source.distrusted",
        "source.held",
        "source.released",
        "worklist.decided",
        "origin.adopted",
    }
)
"""The kinds of entry whose effect outlives the trust in whoever made them."""
_PERSON = "person:"
_COVERED = (
    "FROM deed d JOIN distrust x ON x.source = d.source AND d.recorded_us >= x.since_us "
    "AND (x.until_us IS NULL OR d.recorded_us <= x.until_us)"
)


def before(db: apsw.Connection, entry: Entry, said: Any) -> dict[str, Any] | None:
    """What a deed is about to change, for whoever may have to undo it; None when the entry is no lasting deed of a
    person. Call it before the entry is applied."""
    if entry.kind not in LASTING or not entry.source.startswith(_PERSON):
        return None
    match said:
        case ConfigSet(key=key):
            row = db.execute("SELECT value FROM setting WHERE key=?", (key,)).fetchone()
            return {} if row is None else {"value": msgspec.json.decode(row[0])}
        case PersonChanged(person=person):
            row = db.execute("SELECT roles, active FROM account WHERE person=?", (person,)).fetchone()
            return {} if row is None else {"roles": msgspec.json.decode(row[0]), "active": bool(row[1])}
        case SourceReleased(source=source):
            row = db.execute("SELECT since_us FROM hold WHERE source=?", (source,)).fetchone()
            return {} if row is None else {"since_us": row[0]}
    return {}


def note_deed(db: apsw.Connection, entry: Entry, said: Any, was: dict[str, Any]) -> None:
    """Remember a lasting deed of a person."""
    db.execute(
        "INSERT OR REPLACE INTO deed VALUES(?,?,?,?,?,?)",
        (entry.position, entry.recorded_at_us, entry.source, entry.kind, _json(_about(said)), _json(was)),
    )


def reviewed(db: apsw.Connection, entry: Entry, said: DeedReviewed) -> str:
    """A named person kept or undid a deed. Returns a complaint, "" when it counts: only the person named may say so."""
    named = db.execute(
        f"SELECT 1 {_COVERED} WHERE d.position=? AND x.reviewer=? LIMIT 1",  # nosec B608 - constants
        (said.position, said.person),
    ).fetchone()
    if named is None or entry.source != _PERSON + said.person:
        return "reviews a deed that was not given to this person"
    db.execute(
        "INSERT OR REPLACE INTO review VALUES(?,?,?,?,?,?)",
        (said.position, entry.recorded_at_us, said.person, said.undone, said.how, said.note),
    )
    return ""


def lasting(db: apsw.Connection) -> tuple[LastingDeed, ...]:
    """Every lasting deed of a person, inside a period for which that person is distrusted, newest first."""
    rows = db.execute(
        "SELECT d.position, d.recorded_us, d.source, d.kind, d.about, d.before, max(x.reviewer), r.person, r.undone, "
        f"r.how, r.note {_COVERED} LEFT JOIN review r ON r.position = d.position "  # nosec B608 - constants
        "GROUP BY d.position ORDER BY d.position DESC"
    ).fetchall()
    return tuple(_row(db, row) for row in rows)


def _row(db: apsw.Connection, row: tuple[Any, ...]) -> LastingDeed:
    position, recorded, source, kind, about, was, reviewer, by, undone, how, note = row
    said = msgspec.json.decode(about)
    return LastingDeed(
        position=position,
        recorded_at_us=recorded,
        person=source.removeprefix(_PERSON),
        kind=kind,
        about=said,
        before=msgspec.json.decode(was),
        in_force=_in_force(db, position, kind, said),
        reviewer=reviewer,
        reviewed_by=by or "",
        undone=bool(undone),
        how=how or "",
        note=note or "",
    )


def _in_force(db: apsw.Connection, position: int, kind: str, about: dict[str, Any]) -> bool | None:
    """Whether the deed still has its effect; None where the record cannot tell."""
    one = _IN_FORCE.get(kind)
    if one is None:
        return None
    sql, names = one
    values = [position if name == "position" else about.get(name) for name in names]
    return db.execute(sql, values).fetchone() is not None


_IN_FORCE = {
    "person.enrolled": ("SELECT 1 FROM account WHERE person=? AND active=1", ("person",)),
    "unit.card.issued": ("SELECT 1 FROM unit_card WHERE card=?", ("card",)),
    "config.set": ("SELECT 1 FROM setting WHERE key=? AND position=?", ("key", "position")),
    "source.distrusted": ("SELECT 1 FROM distrust WHERE position=?", ("position",)),
    "source.held": ("SELECT 1 FROM hold WHERE position=?", ("position",)),
    "worklist.decided": ("SELECT 1 FROM worklist WHERE item=? AND state='decided'", ("item",)),
    "deed.proposed": ("SELECT 1 FROM proposal WHERE proposal=? AND approved=1", ("proposal",)),
    "deed.decided": ("SELECT 1 FROM proposal WHERE proposal=? AND approved=1", ("proposal",)),
    "origin.adopted": ("SELECT 1 FROM adoption WHERE position=?", ("position",)),
}


def _about(said: Any) -> dict[str, Any]:
    """What the deed was, without what nobody needs to see again (hashes, codes)."""
    match said:
        case PersonEnrolled():
            return {"person": said.person, "login": said.login, "name": said.name, "roles": said.roles}
        case PersonChanged():
            changed = {"roles": said.roles, "active": said.active, "password": said.password is not None or None}
            return {"person": said.person, **{name: value for name, value in changed.items() if value is not None}}
        case UnitCardIssued():
            return {"unit": said.unit, "card": said.card}
        case DeedProposed():
            arguments = {name: value for name, value in said.arguments.items() if name != "password"}
            return {"proposal": said.proposal, "deed": said.deed, "arguments": arguments}
        case DeedDecided():
            return {"proposal": said.proposal, "approved": said.approved, "reason": said.reason}
        case OriginAdopted():
            return {"origin": said.origin.hex(), "proposal": said.proposal}
        case ConfigSet() | SourceDistrusted() | SourceHeld() | SourceReleased() | WorklistDecided():
            said_all: dict[str, Any] = msgspec.to_builtins(said)
            return said_all
    return {}


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
