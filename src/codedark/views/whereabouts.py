"""The front desk's question: on which unit is the person of this name, and may a visitor be told?

Only who was heard to allow it is told of. The flag is `meta.security` of the Patient and of the visit: HL7 v2 PD1-12
"N" arrives as confidentiality N ("may"); PD1-12 "Y", PV2-22 "Y", any publicity code (PD1-11, table 0215) and any access
restriction (ARV-3) stand against it. Nothing heard is no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import apsw

from codedark.views import charts
from codedark.views.codings import UNREADABLE
from codedark.views.digest import resource_body
from codedark.views.known import asked_word
from codedark.views.places import House, all_stays, identity
from codedark.views.resources import decoded
from codedark.views.spelling import folded, found_by

_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_OPEN = frozenset({"U", "L", "M", "N"})
"""Codes of v3 Confidentiality that keep nothing back: unrestricted, low, moderate, normal."""
_HANDLING = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
"""Marks such as SUBSETTED: about the copy, not about the person."""
WORDS = 2
"""Words that must be said: a family name alone would let somebody browse the house."""


class Publicity(StrEnum):
    """Whether a visitor may be told that somebody is here."""

    MAY = "may be told"
    NOT_HEARD = "never heard"
    NO = "must not be told"


@dataclass(frozen=True, slots=True)
class Lying:
    """Somebody who may be told of. `units`: where, by name; "" = admitted, nobody said where."""

    patient: str
    name: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the desk gets. `not_heard`: how many of that name are here of whom nobody said whether it may be told. Who
    must not be told of is in neither: the answer is the same as for a name that nobody here has. `enough`: the words
    were a whole name."""

    rows: tuple[Lying, ...] = ()
    not_heard: int = 0
    enough: bool = True


def publicity(labels: Iterable[Any]) -> Publicity:
    """What these security labels come to. One that is not known is against it."""
    said = Publicity.NOT_HEARD
    for label in labels:
        if not isinstance(label, dict):
            return Publicity.NO
        system, code = str(label.get("system") or ""), str(label.get("code") or "")
        if system == _HANDLING:
            continue
        if system != _CONFIDENTIALITY or code not in _OPEN:
            return Publicity.NO
        said = Publicity.MAY
    return said


def locate(db: apsw.Connection, house: House, text: str) -> Whereabouts:
    """Those in the house whose name (and birth date, if one is said) has every word of `text` whole. No number is
    looked at: an MRN is not what a visitor knows."""
    words = {word for each in re.split(r"[\s,]+", folded(text)) if (word := asked_word(each))}
    if len(words) < WORDS or all(word.isdigit() for word in words):
        return Whereabouts(enough=False)
    units: dict[int, set[str]] = {}
    for stay in all_stays(db, house):
        units.setdefault(stay.pid, set()).add(stay.place[0])
    rows, silent = list[Lying](), 0
    for pid in sorted(_named(db, house, units, words)):
        said = _told(db, house, pid)
        silent += said is Publicity.NOT_HEARD
        if said is Publicity.MAY:
            who = charts.banner(identity(db, house, pid), "", pid)
            patient: str = db.execute("SELECT id FROM patient WHERE pid=?", (pid,)).get
            rows.append(Lying(patient, who.name, tuple(sorted(units[pid]))))
    return Whereabouts(tuple(sorted(rows, key=lambda row: (row.name, row.patient))), silent)


def _named(db: apsw.Connection, house: House, pids: Iterable[int], words: set[str]) -> set[int]:
    names = sorted(word for word in words if not word.isdigit())
    match = "".join(f" AND instr(words, ?{at})" for at in range(3, len(names) + 3))
    keys = [(member, pid, *names) for pid in pids for member in house.aliases.members(pid)]
    sql = f"SELECT pid, ?2 FROM patient WHERE pid=?1 AND alive=1{match}"  # nosec B608 - numbers
    return {pid for member, pid in db.executemany(sql, keys) if words <= _words_of(db, house, member)}


def _words_of(db: apsw.Connection, house: House, pid: int) -> frozenset[str]:
    found = frozenset[str]()
    for whose, card in identity(db, house, pid).patient:
        if whose == pid:
            found |= found_by(folded(f"{card.family} {card.given} {card.name}"), "", card.birth)
    return found


def _told(db: apsw.Connection, house: House, pid: int) -> Publicity:
    """What was heard of the person and of every visit that puts them here, merged records included."""
    person, visits = list[Any](), list[Any]()
    for member in house.aliases.members(pid):
        person += _labels(db, "SELECT key, state FROM resource WHERE pid=? AND alive=1 AND type='Patient'", member)
        here = "SELECT r.key, r.state FROM stay s JOIN resource r ON r.key = s.key WHERE s.pid=?"
        visits += _labels(db, here, member)
    said = publicity(person)
    return Publicity.NO if publicity(visits) is Publicity.NO else said


def _labels(db: apsw.Connection, sql: str, pid: int) -> list[Any]:
    rows: list[Any] = db.execute(sql, (pid,)).fetchall()
    labels = list[Any]()
    for key, state in rows:
        body = decoded(resource_body(db, key, state))
        try:
            labels += list((body.get("meta") or {}).get("security") or ())
        except UNREADABLE:
            labels.append(None)  # something was said and cannot be read: against it
    return labels
