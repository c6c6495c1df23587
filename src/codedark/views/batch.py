"""Clinical entries gathered and written together: compute first, then write, so the fold needs no savepoint for each.

An entry is taken whole or not at all: its facts are encoded before the first of them touches a resource. What is
written at the end depends on the set of claims alone, never on how entries were cut into batches.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import apsw
import msgspec

from codedark.entries import Fact, Interpretation, Op, Problem, Understood
from codedark.journal import Entry
from codedark.views.cards import Card, EncounterCard, ObservationCard, PatientCard
from codedark.views.claims import Claim, canonical
from codedark.views.codings import UNREADABLE
from codedark.views.readings import bed_of, card_of, value_of
from codedark.views.resources import LINK, Resource, Shelf, claims_of, decoded
from codedark.views.schema import Section

_pack = msgspec.msgpack.Encoder()
_ADMITTED = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "OBSENC", "SS", "I", "E", "O", "B", ""})
_ALLERGY_PATHS = ("AL1", "IAM", "AllergyIntolerance")
TOPIC_OF_TYPE = {
    "Patient": "adt",
    "Encounter": "adt",
    "AllergyIntolerance": "allergies",
    "MedicationRequest": "orders",
    "ServiceRequest": "orders",
    "MedicationAdministration": "mar",
    "Observation": "results",
    "DiagnosticReport": "results",
    "DocumentReference": "notes",
    "Composition": "notes",
}


class Staged(NamedTuple):
    """A fact ready to be taken: nothing after this can fail for what its body holds."""

    fact: Fact
    type: str
    id: str
    op: Op
    json: dict[str, Any]
    body: bytes


class Batch:
    """What one transaction will write."""

    def __init__(self, db: apsw.Connection, is_out: Callable[[Entry, str], bool]) -> None:
        self.db = db
        self.shelf = Shelf(db)
        self.is_out = is_out
        self.facts = 0
        self._patients: dict[str, int] = {}
        self._sources: dict[str, int] = {name: sid for sid, name in db.execute("SELECT sid, name FROM source")}
        self._beds: set[tuple[str, str, str]] = set(db.execute("SELECT unit, room, bed FROM bed"))
        self._next_claim = (db.execute("SELECT max(claim) FROM claim").get or 0) + 1
        self._next_pid = (db.execute("SELECT max(pid) FROM patient").get or 0) + 1
        self._clear()

    def _clear(self) -> None:
        self.facts = 0
        self._rows: dict[str, list[tuple[Any, ...]]] = {
            "entry": [],
            "claim": [],
            "patient": [],
            "held": [],
            "bed": [],
            "worklist": [],
        }
        self._heard: dict[tuple[int, str], int] = {}
        self._counts: dict[str, int] = {}
        self._feeds: dict[str, tuple[int, int]] = {}

    def hear_feed(self, feed: str, recorded: int) -> None:
        """A message of a feed was kept at this time."""
        count, last = self._feeds.get(feed, (0, 0))
        self._feeds[feed] = count + 1, max(last, recorded)

    def take(self, entry: Entry, meant: Interpretation, staged: Sequence[Staged]) -> None:
        """Take one clinical entry whose facts were staged."""
        source, recorded = entry.source, entry.recorded_at_us
        out = self.is_out(entry, meant.via)
        first = self._next_claim
        topics_of: dict[int, set[str]] = {}
        for each in staged:
            pid = self.pid(each.fact.patient) if each.fact.patient else 0
            if each.type == LINK:
                pid = self.pid(each.fact.id)
                self.pid(each.json["survivor"])
            self._claim(each, pid, entry, out)
            if pid:
                topics_of.setdefault(pid, set()).add(TOPIC_OF_TYPE.get(each.type, ""))
        if not out:
            self._hear(topics_of, meant.topics, recorded)
        self._rows["entry"].append(
            (
                entry.position,
                recorded,
                self.sid(source),
                meant.message_type,
                meant.understood.value,
                ",".join(sorted(meant.topics)),
                first,
                self._next_claim - first,
                len(topics_of) == 1,
                self.sid(meant.via) if meant.via else 0,
            )
        )
        self._problems(entry, meant, topics_of)
        self._counts[meant.understood.value] = self._counts.get(meant.understood.value, 0) + 1
        self._counts["facts"] = self._counts.get("facts", 0) + len(staged)
        self.facts += len(staged)

    def keep(self, entry: Entry, reason: str) -> None:
        """Stage an entry that could not be folded: its bytes are safe, and it stands on the worklist."""
        self.take(entry, Interpretation(problems=(Problem("entry", reason),), understood=Understood.KEPT), ())

    def pid(self, patient: str) -> int:
        """The row number of a patient, given out at first mention."""
        pid = self._patients.get(patient)
        if pid is None:
            row = self.db.execute("SELECT pid FROM patient WHERE id=?", (patient,)).fetchone()
            if row is None:
                pid, self._next_pid = self._next_pid, self._next_pid + 1
                self._rows["patient"].append((pid, patient))
            else:
                pid = row[0]
            self._patients[patient] = pid
        return pid

    def sid(self, source: str) -> int:
        """The row number of a source."""
        sid = self._sources.get(source)
        if sid is None:
            sid = self._sources[source] = len(self._sources) + 1
            self.db.execute("INSERT INTO source VALUES(?,?)", (sid, source))
        return sid

    def _claim(self, each: Staged, pid: int, entry: Entry, out: bool) -> None:
        fact, number = each.fact, self._next_claim
        self._next_claim += 1
        resource = self.shelf.find(each.type, each.id)
        same = resource.last_claim if resource.last_body == each.body else None
        self._rows["claim"].append(
            (
                number,
                resource.key,
                pid,
                entry.position,
                fact.path,
                each.op.value,
                fact.rank,
                fact.claimed_at_us,
                "\x1f".join(fact.cleared),
                same,
                None if same else each.body,
            )
        )
        if same is None:
            resource.last_claim, resource.last_body = number, each.body
        resource.dirty = True
        if out:
            self._rows["held"].append((number, pid, each.type == "AllergyIntolerance"))
            return
        claim = Claim(
            number,
            pid,
            each.op,
            fact.rank,
            each.body,
            fact.cleared,
            fact.claimed_at_us,
            entry.position,
            entry.recorded_at_us,
            entry.source,
        )
        resource.take(claim, each.json)
        if each.type == "Encounter":
            self._see_bed(fact.body)

    def _see_bed(self, body: dict[str, Any]) -> None:
        try:
            bed = bed_of(body)
        except UNREADABLE:
            return
        if bed is not None and bed[2] and bed not in self._beds:
            self._beds.add(bed)
            self._rows["bed"].append(bed)

    def _hear(self, topics_of: dict[int, set[str]], topics: frozenset[str], recorded: int) -> None:
        heard = self._heard
        for topic in topics:
            heard[0, topic] = max(recorded, heard.get((0, topic), 0))
        for pid, own in topics_of.items():
            # An entry about one patient was heard for all its topics; a file of many only for what it held of each.
            for topic in topics if len(topics_of) == 1 else own & topics:
                heard[pid, topic] = max(recorded, heard.get((pid, topic), 0))

    def _problems(self, entry: Entry, meant: Interpretation, topics_of: dict[int, set[str]]) -> None:
        only = next(iter(topics_of)) if len(topics_of) == 1 else None
        for number, problem in enumerate(meant.problems):
            pid = self.pid(problem.patient) if problem.patient else only
            allergy = (
                problem.type == "AllergyIntolerance"
                or problem.path.startswith(_ALLERGY_PATHS)
                or meant.topics == frozenset({"allergies"})
            )
            item = f"{entry.position}/{problem.path}" + (f"#{number}" if number else "")
            self._rows["worklist"].append(
                (
                    item,
                    entry.position,
                    entry.recorded_at_us,
                    entry.source,
                    meant.message_type,
                    problem.path,
                    problem.reason,
                    problem.hint,
                    pid,
                    allergy,
                )
            )

    def flush(self) -> None:
        """Write what is staged into the open transaction."""
        rows, many = self._rows, self.db.executemany
        many("INSERT INTO patient(pid, id) VALUES(?,?)", rows["patient"])
        many("INSERT INTO entry VALUES(?,?,?,?,?,?,?,?,?,?)", rows["entry"])
        many("INSERT INTO claim VALUES(?,?,?,?,?,?,?,?,?,?,?)", rows["claim"])
        many("INSERT INTO held VALUES(?,?,?)", rows["held"])
        many("INSERT OR IGNORE INTO bed VALUES(?,?,?)", rows["bed"])
        many(
            "INSERT INTO worklist(item, position, recorded_us, source, message_type, path, reason, hint, pid, allergy) "
            "VALUES(?,?,?,?,?,?,?,?,?,?)",
            rows["worklist"],
        )
        many(
            "INSERT INTO heard VALUES(?,?,?) ON CONFLICT DO UPDATE SET "
            "recorded_us = max(recorded_us, excluded.recorded_us)",
            [(pid, topic, at) for (pid, topic), at in sorted(self._heard.items())],
        )
        many(
            "INSERT INTO counter VALUES(?,?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            sorted(self._counts.items()),
        )
        many(
            "INSERT INTO feed(feed, received, last_heard_us) VALUES(?,?,?) ON CONFLICT DO UPDATE SET "
            "received = received + excluded.received, "
            "last_heard_us = max(coalesce(last_heard_us, 0), excluded.last_heard_us)",
            [(feed, count, last) for feed, (count, last) in sorted(self._feeds.items())],
        )
        Cabinet(self.db).write(self.shelf.dirty())
        self.shelf.settle()
        if len(self._patients) > 200_000:
            self._patients.clear()
        self._clear()

    def see_beds_again(self) -> None:
        """Derive the beds from the claims that are in the chart (after a distrust or its undoing)."""
        self.db.execute("DELETE FROM bed")
        self._beds.clear()
        self._rows["bed"].clear()
        bodies: list[Any] = self.db.execute(
            "SELECT c.body FROM claim c JOIN resource r ON r.key = c.resource WHERE r.type = 'Encounter' AND c.body IS "
            "NOT NULL AND EXISTS (SELECT 1 FROM claim t WHERE coalesce(t.same_as, t.claim) = c.claim "
            "AND t.resource = c.resource AND t.claim NOT IN (SELECT claim FROM held))"
        ).fetchall()
        for (body,) in bodies:
            self._see_bed(decoded(body))


class Cabinet:
    """Writes changed resources: their state, their card, and the index rows that follow from the card."""

    def __init__(self, db: apsw.Connection) -> None:
        self.db = db
        self.cards: list[tuple[int, int, int, bytes]] = []
        self.gone: list[tuple[int, int, int]] = []
        self.inserts: list[tuple[Any, ...]] = []
        self.updates: list[tuple[Any, ...]] = []
        self.people: list[tuple[Any, ...]] = []
        self.stays: list[tuple[Any, ...]] = []
        self.critical: list[tuple[int, int]] = []
        self.calm: list[tuple[int, int]] = []

    def write(self, resources: list[Resource]) -> None:
        """All of them, into the open transaction."""
        for resource in resources:
            self._prepare(resource)
        many = self.db.executemany
        many("INSERT INTO resource VALUES(?,?,?,?,?,?,?,?,?,?,?)", self.inserts)
        many(
            "UPDATE resource SET pid=?, section=?, claims=?, alive=?, unreadable=?, last_claim=?, state=? WHERE key=?",
            self.updates,
        )
        many("DELETE FROM card WHERE pid=? AND section=? AND key=?", self.gone)
        many("INSERT OR REPLACE INTO card VALUES(?,?,?,?)", sorted(self.cards))
        many("UPDATE patient SET alive=?, words=?, numbers=?, birth=? WHERE pid=?", self.people)
        many("DELETE FROM critical WHERE pid=? AND key=?", self.calm)
        many("INSERT OR IGNORE INTO critical VALUES(?,?)", self.critical)
        many("INSERT OR REPLACE INTO stay VALUES(?,?,?,?,?,?)", self.stays)

    def _prepare(self, resource: Resource) -> None:
        if resource.type == LINK:
            self._link(resource)
            section, unreadable = 0, False
        else:
            section, unreadable = self._card(resource)
        state = None if resource.merged is None else resource.merged.saved()
        tail = (resource.pid, section, resource.claims, resource.alive, unreadable, resource.last_claim, state)
        if resource.fresh:
            self.inserts.append((resource.key, resource.name, resource.type, resource.id, *tail))
        else:
            self.updates.append((*tail, resource.key))
        resource.stored = (resource.pid, section)

    def _card(self, resource: Resource) -> tuple[int, bool]:
        """Queue the card; (section or 0, whether the body could not be read)."""
        drawn, unreadable = self._draw(resource)
        section = int(drawn[0]) if drawn else 0
        old_pid, old_section = resource.stored
        if old_section and (old_pid, old_section) != (resource.pid, section):
            self.gone.append((old_pid, old_section, resource.key))
            if old_section == Section.CRITICAL:
                self.calm.append((old_pid, resource.key))
        if drawn:
            self.cards.append((resource.pid, section, resource.key, _pack.encode(drawn[1])))
            if section == Section.CRITICAL:
                self.critical.append((resource.pid, resource.key))
        card = drawn[1] if drawn else None
        if resource.type == "Patient":
            self._person(resource, card)
        elif resource.type == "Encounter":
            self._stay(resource, card)
        return section, unreadable

    def _draw(self, resource: Resource) -> tuple[tuple[Section, Card] | None, bool]:
        if not resource.alive:
            return None, False
        claimed_us, position, recorded_us, source = resource.stamp
        try:
            body = resource.body if resource.body is not None else decoded(resource.canonical())
            drawn = card_of(resource.type, resource.id, body, claimed_us)
            if drawn is None:
                return None, False
            card = drawn[1]
            card.position, card.recorded_us, card.source = position, recorded_us, source
            if resource.claims > 1 and isinstance(card, ObservationCard):
                card.earlier = self._earlier(resource, card)
        except UNREADABLE:
            return None, True
        return drawn, False

    def _earlier(self, resource: Resource, card: ObservationCard) -> tuple[str, ...]:
        """Values that lower claims gave, oldest first, without repeats."""
        values: list[str] = []
        for claim in sorted(claims_of(self.db, resource.key), key=lambda claim: claim.order):
            value = value_of(decoded(claim.body))[0]
            if value and (not values or values[-1] != value):
                values.append(value)
        return tuple(values[:-1] if values and values[-1] == card.value else values)

    def _person(self, resource: Resource, card: Card | None) -> None:
        if not isinstance(card, PatientCard):
            self.people.append((resource.alive, "", "", "", resource.pid))
            return
        words = folded(f"{card.family} {card.given} {card.name}")
        self.people.append((True, words, " ".join(card.numbers), card.birth, resource.pid))

    def _stay(self, resource: Resource, card: Card | None) -> None:
        if not isinstance(card, EncounterCard) or not _is_here(card):
            self.db.execute("DELETE FROM stay WHERE key=?", (resource.key,))
            return
        located = msgspec.json.encode(card.locations).decode() if card.locations else ""
        self.stays.append((resource.key, resource.pid, *(card.where or ("", "", "")), located))

    def _link(self, resource: Resource) -> None:
        self.db.execute("DELETE FROM link WHERE key=?", (resource.key,))
        if not resource.alive:
            return
        body = decoded(resource.canonical())
        if body["linked"]:
            absorbed, survivor = self._pid(body["absorbed"]), self._pid(body["survivor"])
            rank = resource.merged.top[0] if resource.merged and resource.merged.top else resource.first.rank  # type: ignore[union-attr]
            self.db.execute("INSERT INTO link VALUES(?,?,?,?)", (resource.key, absorbed, survivor, rank))

    def _pid(self, patient: str) -> int:
        found: int = self.db.execute("SELECT pid FROM patient WHERE id=?", (patient,)).get
        return found


def _is_here(card: EncounterCard) -> bool:
    """Whether a visit puts its patient in the house: by its status, with a place or admitted without one."""
    return card.active and (card.where is not None or bool(card.locations) or card.kind in _ADMITTED)


def folded(words: str) -> str:
    """Lower case without accents: how names are searched."""
    bare = unicodedata.normalize("NFKD", words)
    return "".join(char for char in bare if not unicodedata.combining(char)).casefold()


def stage(meant: Interpretation) -> list[Staged]:
    """The facts of an entry, encoded. Raises what their bodies provoke, before anything is taken."""
    return [_stage(fact) for fact in meant.facts]


def _stage(fact: Fact) -> Staged:
    type_, id_, op, body = fact.type, fact.id, fact.op, fact.body
    if op is Op.LINK or op is Op.UNLINK:
        survivor = str(body["into"])
        body = {"absorbed": id_, "survivor": survivor, "linked": op is Op.LINK}
        type_, id_, op = LINK, f"{id_}>{survivor}", Op.PUT
    # Whatever SQLite would refuse later (lone surrogates) is refused here, before anything is staged.
    id_.encode()
    fact.path.encode()
    return Staged(fact, type_, id_, op, body, canonical(body))
