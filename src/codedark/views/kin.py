"""Who might be taken for this patient, and whose child or mother they are: what a banner says beside the name."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec

from codedark.views.cards import PatientCard
from codedark.views.places import House, identity
from codedark.views.schema import Section
from codedark.views.shapes import Kin
from codedark.views.spelling import bare, folded

_card = msgspec.msgpack.Decoder(PatientCard)
_ON_UNIT = "SELECT s.pid, s.unit, s.room, s.bed, '' FROM stay s JOIN patient p ON p.pid = s.pid WHERE s.unit = ?1"
_NAMED = "substr(p.words, 1, length(?2)) = ?2"
_POINTING = "SELECT s.pid, '', '', '', s.locations FROM known k CROSS JOIN stay s ON s.pid = k.pid WHERE k.word = ?1"


def same_name(db: apsw.Connection, house: House, pid: int, unit: str, family: str) -> bool:
    """Whether somebody else who lies on this unit has the same family name, accents and case aside."""
    name = folded(family)
    if not unit or not name:
        return False
    rows: list[Any] = db.execute(f"{_ON_UNIT} AND {_NAMED}", (unit, name)).fetchall()
    # Visits that point to a Location name no unit themselves: they are looked for by the name.
    rows += db.execute(f"{_POINTING} AND s.locations <> ''", (bare(name.split()[0]),)).fetchall()
    for other, ward, _, _, located in rows:
        ward = house.locations.place(msgspec.json.decode(located))[0] if located else ward
        if ward == unit and house.aliases.survivor(other) != pid and name in _families(db, other):
            return True
    return False


def _cards(db: apsw.Connection, pid: int) -> list[PatientCard]:
    rows = db.execute("SELECT card FROM card WHERE pid=? AND section=?", (pid, int(Section.PATIENT)))
    return [_card.decode(raw) for (raw,) in rows]


def _families(db: apsw.Connection, pid: int) -> set[str]:
    return {folded(card.family) for card in _cards(db, pid)}


def kin_of(db: apsw.Connection, house: House, who: PatientCard, pid: int) -> tuple[Kin, ...]:
    """The mother that a newborn's record names by number (PID-21), and the children whose records name this patient. A
    number that more than one person has is shown as a number: nobody is guessed."""
    found: list[Kin] = []
    if who.mother:
        mothers = _holders(db, house, who.mother) - {pid}
        found += [_kin(db, house, "mother", mothers.pop())] if len(mothers) == 1 else [Kin("mother", "", who.mother)]
    children: set[int] = set()
    for number in dict.fromkeys(who.numbers):
        born = {house.aliases.survivor(child) for (child,) in db.execute(_CHILDREN, (number,))}
        if born and _holders(db, house, number) <= {pid}:
            children |= born
    return (*found, *(_kin(db, house, "child", child) for child in sorted(children - {pid})))


_CHILDREN = "SELECT pid FROM child WHERE mother=?"


def _holders(db: apsw.Connection, house: House, number: str) -> set[int]:
    """Everybody who has this number: at two sites it may be two people."""
    rows: list[Any] = db.execute("SELECT pid FROM known WHERE word=?", (bare(folded(number)),)).fetchall()
    return {house.aliases.survivor(other) for (other,) in rows if _numbered(db, other, number)}


def _numbered(db: apsw.Connection, pid: int, number: str) -> bool:
    return any(number in card.numbers for card in _cards(db, pid))


def _kin(db: apsw.Connection, house: House, relation: str, pid: int) -> Kin:
    listed = sorted(identity(db, house, pid).patient, key=lambda each: each[0] != pid)
    card = listed[0][1] if listed else PatientCard("")
    return Kin(relation, card.name, card.mrn)
