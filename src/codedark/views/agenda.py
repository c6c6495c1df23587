"""Who is expected, who is to leave, who left, who is booked, who is in the emergency department, as lists.

A row of the table is found by its kind and time, so no list reads all visits ever heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import apsw
import msgspec

from codedark.views import charts
from codedark.views.cards import EncounterCard, EventCard
from codedark.views.codings import Moment
from codedark.views.expected import NO_DAY, Expected, begins
from codedark.views.places import House, all_stays, identity
from codedark.views.schema import Section
from codedark.views.shapes import Banner, Stamp, When


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One line. `who`: the patient, with the place now; `unit`: the one planned for, left, or of now; `when` None: no
    day was said; `what`, `by`, `status`: of a booking, as sent (clinical)."""

    kind: Expected
    who: Banner
    unit: str
    when: When | None
    what: str
    by: str
    status: str
    stamp: Stamp


def agenda(
    db: apsw.Connection, house: House, kind: Expected, since_us: int, until_us: int, id_of: Callable[[int], str]
) -> tuple[AgendaRow, ...]:
    """The rows of a kind whose time is in [since, until), and those without a day, by time and name."""
    sql = "SELECT key, pid FROM agenda WHERE kind=?1 AND (at_us=?4 OR (at_us>=?2 AND at_us<?3))"
    found: list[Any] = db.execute(sql, (str(kind), since_us, until_us, NO_DAY)).fetchall()
    stays = {stay.pid: stay.place for stay in all_stays(db, house)} if found else {}
    rows = [row for key, pid in found for row in _rows(db, house, kind, key, pid, id_of, stays)]
    return tuple(sorted(rows, key=lambda row: (_us_of(row.when), row.who.name, row.who.patient)))


def _us_of(when: When | None) -> int:
    return begins(None if when is None else Moment(when.iso))


def _rows(
    db: apsw.Connection,
    house: House,
    kind: Expected,
    key: int,
    pid: int,
    id_of: Callable[[int], str],
    stays: dict[int, tuple[str, str, str]],
) -> Iterable[AgendaRow]:
    section = Section.EVENT if kind is Expected.BOOKING else Section.ENCOUNTER
    raw = db.execute("SELECT card FROM card WHERE pid=? AND section=? AND key=?", (pid, int(section), key)).get
    if raw is None or pid == 0:
        return
    survivor = house.aliases.survivor(pid)
    who = charts.banner(identity(db, house, survivor), id_of(survivor), survivor)
    here = stays.get(survivor, ("", "", ""))[0]
    if kind is Expected.BOOKING:
        event = msgspec.msgpack.decode(raw, type=EventCard)
        what = " · ".join(filter(None, (event.name, event.detail)))
        yield AgendaRow(kind, who, here, charts.when(event.when), what, event.by, event.status, charts.stamp(event))
        return
    card = msgspec.msgpack.decode(raw, type=EncounterCard)
    for said, when, unit in card.agenda:
        if said == kind and not (kind is Expected.LEFT and here):
            yield AgendaRow(kind, who, unit or here, charts.when(when), "", "", "", charts.stamp(card))
