"""`Record`: everything that can be asked of the views. Reads only; nothing it answers depends on now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import apsw
import msgspec

from codedark.entries import Site
from codedark.errors import NotFound
from codedark.views import charts, coverage, known, places
from codedark.views.agenda import AgendaRow, agenda
from codedark.views.aliases import Aliases, Resolved
from codedark.views.cards import DrugCard
from codedark.views.charts import Cards
from codedark.views.claims import resource_name
from codedark.views.distrust import Marks, held_back
from codedark.views.expected import Expected
from codedark.views.holdings import Holdings
from codedark.views.kin import kin_of, same_name
from codedark.views.locations import Locations
from codedark.views.loose import PrintReports
from codedark.views.places import House
from codedark.views.rows import Account, SessionRow
from codedark.views.schema import Section
from codedark.views.settings import feeds_of, site_of
from codedark.views.shapes import (
    Administration,
    AsOf,
    Banner,
    BedRow,
    Chart,
    DoseSheet,
    FeedRow,
    FoldStatus,
    Medication,
    SectionAge,
    Sender,
    SheetState,
    UnitRow,
    WorklistItem,
)
from codedark.views.store import ViewStore
from codedark.views.whereabouts import Whereabouts, locate

_Answer = TypeVar("_Answer")
SECTIONS = ("adt", "allergies", "orders", "mar", "results", "vitals", "notes")
"""The sections whose age is shown, by the topic that a message is heard for."""


class Record(PrintReports):
    """The last known record, read from a `ViewStore`. Safe to use from several threads."""

    def __init__(self, store: ViewStore) -> None:
        super().__init__(store)
        self._merges: tuple[tuple[str, int], Resolved] = (("", -1), {})
        self._places: tuple[tuple[str, int], Locations] | None = None
        self._remembered: tuple[tuple[str, int], dict[Any, Any]] = (("", -2), {})
        self._moment = threading.local()

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """While this is open, this thread's answers are all of one state, however long the page takes, and what was
        asked once is not read again. It writes nothing and keeps nobody from writing; do not wait for people or hashes
        in it."""
        if self._said() is not None:
            yield
            return
        with self.store.reading():
            self._moment.said = {}
            try:
                yield
            finally:
                self._moment.said = None

    def _said(self) -> dict[Any, Any] | None:
        """What this thread was told in its moment; None outside of one."""
        said: dict[Any, Any] | None = getattr(self._moment, "said", None)
        return said

    def _once(self, question: object, ask: Callable[[], _Answer]) -> _Answer:
        """The answer, read once in a moment. Within it the state cannot change, so it cannot be another."""
        said = self._said()
        if said is None:
            return ask()
        if question not in said:
            said[question] = ask()
        answer: _Answer = said[question]
        return answer

    def settings(self) -> dict[str, Any]:
        """Every setting as folded, by key."""
        with self.store.reading() as db:
            memory = self._memory(db)
            if "settings" not in memory:
                memory["settings"] = super().settings()
            found: dict[str, Any] = memory["settings"]
            return dict(found)

    def account(self, login: str) -> Account | None:
        """The account with this login name; None when there is none. When several have it, the active one."""
        return self._once(("account", login), lambda: super(Record, self).account(login))

    def person(self, id_: str) -> Account | None:
        """The account of this person id."""
        return self._once(("person", id_), lambda: super(Record, self).person(id_))

    def session(self, id_: str) -> SessionRow | None:
        """One session as folded."""
        return self._once(("session", id_), lambda: super(Record, self).session(id_))

    def as_of(self) -> AsOf:
        """The line of state: newest entry folded, when clinical content was last heard, fold version, facility."""
        with self.store.reading() as db:
            return self._as_of(db)

    def _as_of(self, db: apsw.Connection) -> AsOf:
        return self._once("as of", lambda: self._read_as_of(db))

    def _read_as_of(self, db: apsw.Connection) -> AsOf:
        wanted = "'fold', 'position', 'clock_trusted', 'recorded_us'"
        meta = dict(db.execute(f"SELECT key, value FROM meta WHERE key IN ({wanted})"))  # nosec B608 - our own words
        named = dict(db.execute("SELECT key, value FROM setting WHERE key IN ('facility.name', 'facility.id')"))
        name = named.get("facility.name") or named.get("facility.id")
        return AsOf(
            facility=str(msgspec.json.decode(name)) if name else Site().facility,
            position=int(meta.get("position", -1)),
            # Not the newest entry: log-ins and read logs are entries too, and would make an old record look fresh.
            recorded_at_us=db.execute("SELECT max(recorded_us) FROM heard WHERE pid=0").get,
            fold=meta["fold"],
            clock_trusted=bool(meta.get("clock_trusted", 1)),
            newest_us=int(meta.get("recorded_us", 0)),
        )

    def _state(self, db: apsw.Connection) -> tuple[str, int]:
        """What an answer is good for: this file at the newest entry that could change one."""
        return self._once("state", lambda: self._read_state(db))

    def _read_state(self, db: apsw.Connection) -> tuple[str, int]:
        row = db.execute("SELECT value FROM meta WHERE key IN ('changed', 'position') ORDER BY key LIMIT 1").fetchone()
        return self.store.path.name, int(row[0]) if row else -1

    def _read_with(self, db: apsw.Connection) -> House:
        """Merges and Locations. What was found out of them is good until one of them changes, not only until something
        is heard."""
        return self._once("house", lambda: self._house(db))

    def _house(self, db: apsw.Connection) -> House:
        counts: dict[str, int] = dict(db.execute("SELECT key, value FROM meta WHERE key IN ('linked', 'located')"))
        file = self.store.path.name
        linked, located = (file, counts.get("linked", 0)), (file, counts.get("located", 0))
        merges, places_ = self._merges, self._places
        if merges[0] != linked:
            merges = self._merges = linked, {}
        if places_ is None or places_[0] != located:
            places_ = self._places = located, Locations(db)
        return House(Aliases(db, merges[1]), places_[1])

    def _memory(self, db: apsw.Connection) -> dict[Any, Any]:
        state, kept = self._state(db), self._remembered
        if kept[0] != state:
            kept = self._remembered = state, {}
        return kept[1]

    def units(self) -> tuple[UnitRow, ...]:
        """Every unit with patients or seen beds. Unit "" = admitted, nobody said where."""
        with self.store.reading() as db:
            memory, house = self._memory(db), self._read_with(db)
            if "units" not in memory:
                memory["units"] = places.units(
                    db, house, lambda pid: bool(charts.critical_results(places.tested(db, house, pid)))
                )
            found: tuple[UnitRow, ...] = memory["units"]
            return found

    def census(self, unit: str) -> tuple[BedRow, ...]:
        """The bed list of a unit. Raises `NotFound` for a unit nobody was ever seen in ("" is always answered)."""
        with self.store.reading() as db:
            memory, house = self._memory(db), self._read_with(db)
            if ("census", unit) not in memory:
                rows = places.census(
                    db,
                    house,
                    unit,
                    lambda pid: places.bedside(db, house, pid),
                    lambda pid: _unread(db, house.aliases.members(pid))[1],
                    lambda pid: _id(db, pid),
                )
                if unit and not rows and not any(row.unit == unit for row in self.units()):
                    raise NotFound("there is no such unit")
                memory["census", unit] = rows
            found: tuple[BedRow, ...] = memory["census", unit]
            return found

    def coverage(self, unit: str) -> coverage.UnitCoverage:
        """How much of the record was heard for the patients of a unit; a unit with nobody in it has 0 of 0."""
        with self.store.reading() as db:
            memory, house = self._memory(db), self._read_with(db)
            if ("coverage", unit) not in memory:
                here = {stay.pid for stay in places.unit_stays(db, house, unit) if stay.place[0] == unit}
                heard = [
                    coverage.heard_for(coverage.read_cards(db, house, pid), _unread(db, house.aliases.members(pid))[1])
                    for pid in sorted(here)
                ]
                memory["coverage", unit] = coverage.coverage_of(unit, heard, coverage.thresholds(self.settings()))
            found: coverage.UnitCoverage = memory["coverage", unit]
            return found

    def _pids(self, db: apsw.Connection, patient: str) -> tuple[int, list[int]]:
        row = db.execute("SELECT pid FROM patient WHERE id=?", (patient,)).fetchone()
        if row is None:
            raise NotFound("there is no such patient")
        aliases = self._read_with(db).aliases
        pid = aliases.survivor(row[0])
        return pid, aliases.members(pid)

    def holdings(self) -> Holdings:
        """The resources themselves, for the FHIR interface."""
        return Holdings(self.store, self._read_with)

    def news(self, position: int, *, patient: str = "", unit: str = "") -> int:
        """How many items about this patient, or about the patients of this unit, were heard after the entry at this
        position (`AsOf.position`). An item that came twice is one. Nobody known by that id: 0."""
        with self.store.reading() as db:
            ids = [patient] if patient else [row.patient for row in self.census(unit) if row.patient]
            pids = {pid for id_ in ids if self.same_patient(id_) for pid in self._known_as(db, id_)}
            return sum(_new_items(dict(db.execute(_NEWS, (pid, position)))) for pid in pids)

    def _known_as(self, db: apsw.Connection, patient: str) -> list[int]:
        try:
            return self._pids(db, patient)[1]
        except NotFound:
            return []

    def same_patient(self, patient: str) -> tuple[str, ...]:
        """Every id under which this patient's record was ever opened, those it was merged from too; none for ""."""
        with self.store.reading() as db:
            try:
                return tuple(_id(db, pid) for pid in self._pids(db, patient)[1]) if patient else ()
            except NotFound:
                return (patient,)

    def chart(self, patient: str) -> Chart:
        """The record of a patient by Patient id; that of the survivor when it was merged. Raises `NotFound`."""
        with self.store.reading() as db:
            pid, pids = self._pids(db, patient)
            cards, as_of = self._cards(db, pids), self._as_of(db)
            waiting = held_back(db, pids)
            unread, unread_allergy = _unread(db, pids)
            state, listed = charts.allergies(cards, unread_allergy)
            banner, who = charts.banner(cards, _id(db, pid), pid), charts.who(cards, pid)
            return Chart(
                banner=banner,
                allergy_state=state,
                allergies=listed,
                medications=charts.medications(cards, as_of.recorded_at_us, lambda id_: _drug(db, id_)),
                results=charts.results(cards),
                vitals=charts.vitals(cards),
                conditions=charts.conditions(cards),
                orders=charts.orders(cards),
                notes=charts.notes(cards),
                ages=_ages(db, pids),
                unread=unread - waiting,
                as_of=as_of,
                held_back=waiting,
                reports=charts.reports(cards),
                sheets=_dose_sheets(db, pids),
                events=charts.events(cards),
                same_name=same_name(db, self._read_with(db), pid, banner.unit, who.family),
                kin=kin_of(db, self._read_with(db), who, pid),
            )

    def medications(self, patient: str) -> tuple[Medication, ...]:
        """Every medication order ever heard, those that ended long ago too. Raises `NotFound`."""
        with self.store.reading() as db:
            _, pids = self._pids(db, patient)
            return charts.medications(self._cards(db, pids), None, lambda id_: _drug(db, id_), all_ended=True)

    def administrations(self, patient: str) -> tuple[tuple[str, Administration], ...]:
        """Every dose heard, newest first, as (id of its order or "", dose). Raises `NotFound`."""
        with self.store.reading() as db:
            _, pids = self._pids(db, patient)
            return tuple(charts.administrations(self._cards(db, pids)))

    def search(self, text: str, limit: int = 50) -> tuple[Banner, ...]:
        """Everybody ever known by name, MRN or other number, birth date, or bed; every word must match the beginning of
        one of theirs. Whoever is in the house stands first, and is found by any part of a word. Weight is left out."""
        with self.store.reading() as db:
            house = self._read_with(db)
            pids = list(dict.fromkeys(house.aliases.survivor(pid) for pid in known.find(db, house, text, limit)))
            return tuple(charts.banner(places.identity(db, house, pid), _id(db, pid), pid) for pid in pids[:limit])

    def locate(self, text: str) -> Whereabouts:
        """On which unit the person of this name (or name and birth date) is, of whom a visitor may be told."""
        with self.store.reading() as db:
            return locate(db, self._read_with(db), text)

    def agenda(self, kind: Expected, since_us: int, until_us: int) -> tuple[AgendaRow, ...]:
        """Who is expected, leaves, left, is booked or is in the emergency department, from `since_us` to before
        `until_us`; those of whom no day was said too."""
        with self.store.reading() as db:
            return agenda(db, self._read_with(db), kind, since_us, until_us, lambda pid: _id(db, pid))

    def patients(self, unit: str | None = None) -> tuple[Banner, ...]:
        """Banners of one unit in bed order, or of every known patient by name. Weight is left to the chart."""
        with self.store.reading() as db:
            if unit is not None:
                ids = dict.fromkeys(row.patient for row in self.census(unit) if row.patient)
                return tuple(self._banner(db, self._pids(db, id_)[0]) for id_ in ids)
            aliases = self._read_with(db).aliases
            rows: list[Any] = db.execute("SELECT pid FROM patient WHERE alive=1 ORDER BY words, pid").fetchall()
            return tuple(self._banner(db, pid) for pid in dict.fromkeys(aliases.survivor(row[0]) for row in rows))

    def _cards(self, db: apsw.Connection, pids: list[int]) -> Cards:
        cards = Cards(locations=self._read_with(db).locations)
        for pid in pids:
            for section, raw in db.execute("SELECT section, card FROM card WHERE pid=?", (pid,)):
                cards.add(pid, section, raw)
        return cards

    def _banner(self, db: apsw.Connection, pid: int) -> Banner:
        return charts.banner(places.bedside(db, self._read_with(db), pid), _id(db, pid), pid)

    def feeds(self) -> tuple[FeedRow, ...]:
        """Declared and heard feeds by name. A declared feed that was never heard is listed with None."""
        with self.store.reading() as db:
            declared, marks, since = feeds_of(self.settings()), Marks(db), _sender_since(db)
            heard = {
                row[0]: row[1:]
                for row in db.execute("SELECT feed, last_heard_us, received, duplicates, differing, refusals FROM feed")
            }
            newest = self.store.meta("recorded_us", 0)
            rows = []
            for name in sorted({*declared, *heard}):
                last, received, duplicates, differing, refusals = heard.get(name, (None, 0, 0, 0, 0))
                said = declared.get(name)
                rows.append(
                    FeedRow(
                        feed=name,
                        carries=said.carries if said else (),
                        expected_s=said.expected_s if said else 0,
                        authenticated=said is not None and said.sender is not Sender.ADDRESS,
                        last_heard_us=last,
                        received=received,
                        duplicates=duplicates,
                        differing=differing,
                        refusals=refusals,
                        distrusted=marks.distrusts(f"feed:{name}", newest),
                        held_since_us=marks.held_since(f"feed:{name}"),
                        sender=said.sender if said else Sender.ADDRESS,
                        sender_since_us=since.get(name),
                        declared=said is not None and said.declared,
                    )
                )
            return tuple(rows)

    def worklist(self, limit: int = 100, offset: int = 0, *, state: str | None = "open") -> tuple[WorklistItem, ...]:
        """What was not understood, newest first. `state`: "open", "decided" or None for both."""
        with self.store.reading() as db:
            rows = db.execute(
                "SELECT item, position, recorded_us, source, message_type, path, reason, hint, state FROM worklist "
                "WHERE ?1 IS NULL OR state = ?1 "
                "UNION ALL SELECT c.position || '/' || c.path, c.position, e.recorded_us, s.name, r.type, c.path, "
                "'the resource is not shaped like FHIR R4 and shows in no chart', '', 'open' "
                "FROM resource r JOIN claim c ON c.claim = r.last_claim JOIN entry e ON e.position = c.position "
                "JOIN source s ON s.sid = e.sid WHERE r.unreadable = 1 AND (?1 IS NULL OR ?1 = 'open') "
                "UNION ALL SELECT c.position || '/' || c.path, c.position, e.recorded_us, s.name, 'report', c.path, "
                "'a print report of the EHR is tied to no patient', 'codedark report tie', 'open' "
                "FROM resource r JOIN claim c ON c.claim = r.last_claim JOIN entry e ON e.position = c.position "
                "JOIN source s ON s.sid = e.sid WHERE r.section >= 16 AND r.section = 16 AND r.pid = 0 "
                "AND (?1 IS NULL OR ?1 = 'open') "
                "ORDER BY 2 DESC, 1 LIMIT ?2 OFFSET ?3",
                (state, limit, offset),
            )
            return tuple(WorklistItem(*row) for row in rows)

    def status(self) -> FoldStatus:
        """What the fold has done so far."""
        with self.store.reading() as db:
            counts = dict(db.execute("SELECT name, value FROM counter"))
            house = self._read_with(db)
            stays = places.all_stays(db, house)
            full, part = counts.get("full", 0), counts.get("part", 0)
            return FoldStatus(
                as_of=self._as_of(db),
                interpreted=full + part,
                part=part,
                kept=counts.get("kept", 0),
                worklist_open=db.execute(
                    "SELECT (SELECT count(*) FROM worklist WHERE state='open') "
                    "+ (SELECT count(*) FROM resource WHERE unreadable = 1)"
                    "+ (SELECT count(*) FROM resource WHERE section >= 16 AND section = 16 AND pid = 0)"
                ).get,
                patients=house.aliases.distinct(),
                inpatients=len({stay.pid for stay in stays}),
                units=len(({stay.place[0] for stay in stays} | {bed[0] for bed in places.beds_of(db, house)}) - {""}),
                facts=counts.get("facts", 0),
            )

    def site(self) -> Site:
        """The settings that the file in use was interpreted with."""
        return site_of(msgspec.json.decode(self.store.meta("pinned")))


def _sender_since(db: apsw.Connection) -> dict[str, int]:
    """Feed → when the node last said that its sender is known in another way (µs UTC)."""
    found: dict[str, int] = {}
    for key, at in db.execute("SELECT key, recorded_us FROM setting WHERE key GLOB 'feed.*'"):
        if key.endswith((".authenticated", ".certificates")):
            name = key.removeprefix("feed.").rpartition(".")[0]
            found[name] = max(at, found.get(name, 0))
    return found


def _unread(db: apsw.Connection, pids: list[int]) -> tuple[int, bool]:
    """(items of these patients that could not be read or are distrusted, whether one is about allergies)."""
    count, allergy = 0, False
    for pid in pids:
        for number, of_allergies in db.execute(
            "SELECT count(*), max(allergy) FROM worklist WHERE pid=?1 AND state='open' "
            "UNION ALL SELECT count(*), max(allergy) FROM held WHERE pid=?1 "
            "UNION ALL SELECT count(*), max(type='AllergyIntolerance') FROM resource WHERE unreadable=1 AND pid=?1",
            (pid,),
        ):
            count += number
            allergy = allergy or bool(of_allergies)
    return count, allergy


def _ages(db: apsw.Connection, pids: list[int]) -> tuple[SectionAge, ...]:
    facility = dict(db.execute("SELECT topic, recorded_us FROM heard WHERE pid=0"))
    own: dict[str, int] = {}
    for pid in pids:
        for topic, at in db.execute("SELECT topic, recorded_us FROM heard WHERE pid=?", (pid,)):
            own[topic] = max(at, own.get(topic, 0))
    return tuple(SectionAge(topic, own.get(topic), facility.get(topic)) for topic in SECTIONS)


def _dose_sheets(db: apsw.Connection, pids: list[int]) -> tuple[DoseSheet, ...]:
    """Every MAR sheet that was issued for these patients. None is known to be back before somebody enters that."""
    rows = [
        row
        for pid in pids
        for row in db.execute(
            "SELECT sheet, unit, min(recorded_us) FROM sheet WHERE patient=? AND form='mar' GROUP BY sheet, unit",
            (_id(db, pid),),
        )
    ]
    rows.sort(key=lambda row: (row[2], row[0]))
    return tuple(DoseSheet(sheet, unit, issued, SheetState.OUT) for sheet, unit, issued in rows)


_NEWS = (
    "SELECT c.section, count(*) FROM card c JOIN resource r ON r.key = c.key JOIN claim l ON l.claim = r.last_claim "
    "WHERE c.pid = ? AND l.position > ? AND l.same_as IS NULL GROUP BY c.section"
)
"""What was only told again is not new (`same_as`)."""


def _new_items(by_section: dict[int, int]) -> int:
    """A result comes with its panel's report and its visit: that is one thing to a reader, not three."""
    around = sum(by_section.get(section, 0) for section in (Section.PATIENT, Section.ENCOUNTER, Section.REPORT))
    return sum(by_section.values()) - around or min(1, around)


def _id(db: apsw.Connection, pid: int) -> str:
    found: str = db.execute("SELECT id FROM patient WHERE pid=?", (pid,)).get
    return found


def _drug(db: apsw.Connection, id_: str) -> str:
    """The name of a Medication resource that an order points to; "" when it was never heard."""
    row = db.execute(
        "SELECT c.card FROM resource r JOIN card c ON c.pid = r.pid AND c.section = r.section AND c.key = r.key "
        "WHERE r.name = ? AND r.section = 14",
        (resource_name("Medication", id_),),
    ).fetchone()
    if row is None:
        return ""
    return msgspec.msgpack.decode(row[0], type=DrugCard).name
