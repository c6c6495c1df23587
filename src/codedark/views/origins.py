"""Whose record this is, folded: origins, their adoption by two people, and forks that were found.

The fold believes no door: an adoption counts only when two people decided exactly it and the endorsement is the
facility's adoption key's, which the first origin's founding settings name (`facility.adoption`).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import apsw
import msgspec

from codedark.entries import ForkSeen, OriginAdopted, OriginOpened
from codedark.errors import UnknownFormat
from codedark.journal import Entry, OriginStatement, split_place
from codedark.views.rows import Adopted, Adoption

ADOPTION_KEY = "facility.adoption"
"""Base64 of the adoption key's public half. The first value stands; nobody changes it."""


def opened(db: apsw.Connection, entry: Entry, said: OriginOpened) -> str:
    """A chain began. Returns a complaint, "" when there is none."""
    origin = entry.header.origin.hex()
    db.execute(
        "INSERT OR REPLACE INTO origin VALUES(?,?,?,?,?,?)",
        (split_place(entry.position)[0], origin, said.statement, said.cites, entry.recorded_at_us, entry.position),
    )
    return ""


def adopted(db: apsw.Connection, entry: Entry, said: OriginAdopted) -> str:
    """Two people took this chain for the facility's: believed only with their decision and the root's signature."""
    origin = said.origin.hex()
    if entry.header.origin != said.origin:
        return "adopts another origin than its own"
    found = db.execute(
        "SELECT arguments, person, by, position FROM proposal WHERE proposal=? AND deed='adopt_origin' AND approved=1",
        (said.proposal,),
    ).fetchone()
    wanted = {"origin": origin, "endorsement": said.endorsement.hex()}
    if found is None or msgspec.json.decode(found[0]) != wanted:
        return "adopts what no two people decided"
    forked_at = db.execute("SELECT max(position) FROM fork WHERE origin=?", (origin,)).get
    if forked_at is not None and found[3] < forked_at:
        return "adopts by a decision from before the fork"
    if not endorsed(db, origin, said.endorsement):
        return "adopts without the facility's endorsement"
    db.execute(
        "INSERT INTO adoption VALUES(?,?,?,?,?)", (entry.position, origin, entry.recorded_at_us, found[1], found[2])
    )
    return ""


def endorsed(db: apsw.Connection, origin: str, endorsement: bytes) -> bool:
    """Whether this is the adoption key's signature of the origin's statement."""
    row = db.execute("SELECT statement FROM origin WHERE origin=?", (origin,)).fetchone()
    key = db.execute("SELECT value FROM setting WHERE key=?", (ADOPTION_KEY,)).fetchone()
    if row is None or key is None:
        return False
    try:
        statement = OriginStatement.parse(row[0], endorsement)
        return statement.is_endorsed_by(base64.b64decode(str(msgspec.json.decode(key[0])), validate=True))
    except (UnknownFormat, binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return False


def forked(db: apsw.Connection, entry: Entry, said: ForkSeen) -> str:
    """A checkpoint of this origin was held elsewhere that this chain does not contain."""
    db.execute(
        "INSERT INTO fork VALUES(?,?,?,?,?)",
        (entry.position, said.origin.hex(), entry.recorded_at_us, said.size, said.witness),
    )
    return ""


def adoption(db: apsw.Connection) -> Adoption:
    """How the chain in use stands: founded or adopted, waiting for two people, or one of two with one name."""
    row: Any = db.execute("SELECT ordinal, origin, cites, opened_us FROM origin ORDER BY ordinal DESC").fetchone()
    if row is None:
        return Adoption("", 0, "", Adopted.WAITING, None)
    ordinal, origin, cites, opened_us = row
    yes: Any = db.execute(
        "SELECT position, recorded_us, author, approver FROM adoption WHERE origin=? ORDER BY position DESC", (origin,)
    ).fetchone()
    fork: Any = db.execute(
        "SELECT position, recorded_us, witness FROM fork WHERE origin=? ORDER BY position DESC", (origin,)
    ).fetchone()
    if fork is not None and (yes is None or yes[0] < fork[0]):
        return Adoption(origin, ordinal, cites, Adopted.FORKED, fork[1], witness=fork[2])
    if yes is not None:
        return Adoption(origin, ordinal, cites, Adopted.ADOPTED, yes[1], people=(yes[2], yes[3]))
    return Adoption(origin, ordinal, cites, Adopted.WAITING if cites else Adopted.FOUNDED, opened_us)
