"""Who lies where: units, bed lists. Beds are claimed by visits; clashes are shown, never resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import apsw
import msgspec

from codedark.views import charts
from codedark.views.aliases import Aliases
from codedark.views.charts import Cards
from codedark.views.locations import Locations, Place
from codedark.views.schema import BEDSIDE, Section
from codedark.views.shapes import AllergyState, BedRow, UnitRow
from codedark.views.spelling import folded


class Stay(NamedTuple):
    """One patient in one place; place ("", "", "") = admitted, nobody said where."""

    pid: int
    place: Place


def natural(words: str) -> list[tuple[int, int, str]]:
    """A sort key under which 4W2 comes before 4W10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", words) if part]


class House(NamedTuple):
    """What a place is read with: merges and Locations."""

    aliases: Aliases
    locations: Locations


def _stays(rows: Iterable[Any], house: House) -> list[Stay]:
    """Distinct stays of survivors; an unknown place is dropped when the same patient has a known one."""
    found = set()
    for pid, unit, room, bed, located in rows:
        place = house.locations.place(msgspec.json.decode(located)) if located else (unit, room, bed)
        found.add(Stay(house.aliases.survivor(pid), place))
    placed = {stay.pid for stay in found if stay.place[0]}
    return [stay for stay in found if stay.place[0] or stay.pid not in placed]


def all_stays(db: apsw.Connection, house: House) -> list[Stay]:
    """Everybody who is in."""
    return _stays(db.execute("SELECT pid, unit, room, bed, locations FROM stay"), house)


def unit_stays(db: apsw.Connection, house: House, unit: str) -> list[Stay]:
    """Those of one unit, with every other stay of the same patients (two beds are a clash)."""
    here = "SELECT pid, unit, room, bed, locations FROM stay WHERE unit=? OR locations<>''"
    pids = {stay.pid for stay in _stays(db.execute(here, (unit,)), house) if stay.place[0] == unit}
    rows = [
        row
        for pid in pids
        for member in house.aliases.members(pid)
        for row in db.execute("SELECT pid, unit, room, bed, locations FROM stay WHERE pid=?", (member,))
    ]
    return _stays(rows, house)


def beds_of(db: apsw.Connection, house: House, unit: str | None = None) -> set[Place]:
    """Every bed that was ever claimed or is a Location, of one unit or of all."""
    rows: list[Any] = db.execute("SELECT unit, room, bed FROM bed WHERE ?1 IS NULL OR unit = ?1", (unit,)).fetchall()
    return set(rows) | {place for place in house.locations.beds() if unit is None or place[0] == unit}


def units(db: apsw.Connection, house: House, has_critical: Callable[[int], bool]) -> tuple[UnitRow, ...]:
    """Every unit that has patients or was seen with beds, by name; "" = admitted, place unknown."""
    patients: dict[str, set[int]] = {}
    for stay in all_stays(db, house):
        patients.setdefault(stay.place[0], set()).add(stay.pid)
    beds: dict[str, int] = {}
    for unit, _, _ in beds_of(db, house):
        beds[unit] = beds.get(unit, 0) + 1
    inside = {pid for each in patients.values() for pid in each}
    heard, critical = _heard_last(db, house, inside), _with_critical(db, house, inside)
    return tuple(
        UnitRow(
            unit,
            len(patients.get(unit, ())),
            beds.get(unit, 0),
            sum(1 for pid in patients.get(unit, set()) & critical if has_critical(pid)),
            max((heard[pid] for pid in patients.get(unit, ()) if pid in heard), default=None),
        )
        for unit in sorted({*patients, *beds}, key=natural)
    )


def _heard_last(db: apsw.Connection, house: House, pids: Iterable[int]) -> dict[int, int]:
    """When each of these patients was last heard of; nobody else is looked at."""
    survivors = {member: pid for pid in pids for member in house.aliases.members(pid)}
    keys = [(member,) for member in survivors]
    found: dict[int, int] = {}
    for member, at in db.executemany("SELECT pid, max(recorded_us) FROM heard WHERE pid=?", keys):
        if at is not None:
            found[survivors[member]] = max(at, found.get(survivors[member], 0))
    return found


def _with_critical(db: apsw.Connection, house: House, pids: Iterable[int]) -> set[int]:
    survivors = {member: pid for pid in pids for member in house.aliases.members(pid)}
    keys = [(member,) for member in survivors]
    return {survivors[member] for (member,) in db.executemany("SELECT pid FROM critical WHERE pid=? LIMIT 1", keys)}


def census(
    db: apsw.Connection,
    house: House,
    unit: str,
    cards_of: Callable[[int], Cards],
    unread: Callable[[int], bool],
    id_of: Callable[[int], str],
) -> tuple[BedRow, ...]:
    """The bed list of a unit with its empty beds, by room and bed."""
    stays = unit_stays(db, house, unit)
    here = [stay for stay in stays if stay.place[0] == unit]
    clashes = _clashes(stays, here)
    read = {pid: cards_of(pid) for pid in {stay.pid for stay in here}}
    families = _families(read)
    rows = [
        _row(stay, read[stay.pid], id_of(stay.pid), unread(stay.pid), families.get(stay.pid, False), stay in clashes)
        for stay in here
    ]
    taken = {(row.room, row.bed) for row in rows}
    rows += [_empty(unit, room, bed) for _, room, bed in beds_of(db, house, unit) if (room, bed) not in taken]
    return tuple(sorted(rows, key=lambda row: (natural(row.room), natural(row.bed), row.name, row.patient)))


def identity(db: apsw.Connection, house: House, pid: int) -> Cards:
    """The cards that say who somebody is and where: for lists of people from all time."""
    cards = Cards(locations=house.locations)
    for member in house.aliases.members(pid):
        for section in (Section.PATIENT, Section.ENCOUNTER, Section.TRAIT):
            for (raw,) in db.execute("SELECT card FROM card WHERE pid=? AND section=?", (member, int(section))):
                cards.add(member, section, raw)
    return cards


def _clashes(stays: list[Stay], here: list[Stay]) -> set[Stay]:
    """Stays whose bed two patients claim, or whose patient claims two beds."""
    in_bed: dict[Place, set[int]] = {}
    claimed: dict[int, set[Place]] = {}
    for stay in stays:
        if stay.place[2]:
            in_bed.setdefault(stay.place, set()).add(stay.pid)
            claimed.setdefault(stay.pid, set()).add(stay.place)
    return {
        stay
        for stay in here
        if len(in_bed.get(stay.place, ())) > 1 or (stay.place[2] and len(claimed.get(stay.pid, ())) > 1)
    }


def _families(read: dict[int, Cards]) -> dict[int, bool]:
    """Whether another patient of the unit has the same family name."""
    names = {
        pid: folded(min(cards.patient, key=lambda each: each[0] != pid)[1].family)
        for pid, cards in read.items()
        if cards.patient
    }
    count: dict[str, int] = {}
    for name in names.values():
        count[name] = count.get(name, 0) + 1
    return {pid: bool(name) and count[name] > 1 for pid, name in names.items()}


def _row(stay: Stay, cards: Cards, patient: str, unread: bool, same_name: bool, clash: bool) -> BedRow:
    who = charts.banner(cards, patient, stay.pid)
    state, listed = charts.allergies(cards, unread)
    active = sum(card.status in ("active", "on-hold") for card in cards.of(Section.MEDICATION))
    return BedRow(
        unit=stay.place[0],
        room=stay.place[1],
        bed=stay.place[2],
        patient=patient,
        name=who.name,
        birth_date=who.birth_date,
        sex=who.sex,
        mrn=who.mrn,
        allergy_state=state,
        allergy_names=tuple(allergy.substance for allergy in listed) if state is AllergyState.HAS else (),
        code_status=who.code_status,
        isolation=who.isolation,
        active_medications=active,
        critical_results=charts.critical_results(cards),
        same_name=same_name,
        clash=clash,
        stamp=who.stamp,
    )


def _empty(unit: str, room: str, bed: str) -> BedRow:
    return BedRow(
        unit=unit,
        room=room,
        bed=bed,
        patient="",
        name="",
        birth_date="",
        sex="",
        mrn="",
        allergy_state=AllergyState.NOT_RECORDED,
        allergy_names=(),
        code_status="",
        isolation="",
        active_medications=0,
        critical_results=(),
        same_name=False,
        clash=False,
        stamp=None,
    )


def bedside(db: apsw.Connection, house: House, pid: int) -> Cards:
    """The cards a bed list needs: a prefix of each patient's rows, and the results only where one is critical."""
    cards = Cards(locations=house.locations)
    for member in house.aliases.members(pid):
        critical = False
        for section, raw in db.execute(
            "SELECT section, card FROM card WHERE pid=? AND section<=? ORDER BY section", (member, int(BEDSIDE))
        ):
            cards.add(member, section, raw)
            critical = critical or section == Section.CRITICAL
        if critical:
            for section, raw in db.execute(
                "SELECT section, card FROM card WHERE pid=? AND section=?", (member, int(Section.RESULT))
            ):
                cards.add(member, section, raw)
    return cards


def tested(db: apsw.Connection, house: House, pid: int) -> Cards:
    """The cards that say whether a patient has a critical result: nothing but results."""
    cards = Cards(locations=house.locations)
    for member in house.aliases.members(pid):
        for section, raw in db.execute(
            "SELECT section, card FROM card WHERE pid=? AND section BETWEEN ? AND ?",
            (member, int(Section.CRITICAL), int(Section.RESULT)),
        ):
            cards.add(member, section, raw)
    return cards
