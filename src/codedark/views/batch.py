"""Clinical entries gathered and written together: compute first, then write, so the fold needs no savepoint for each.

An entry is taken whole or not at all: its facts are encoded before the first of them touches a resource. What is
written at the end depends on the set of claims alone, never on how entries were cut into batches.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import apsw

from codedark.entries import Interpretation, Problem, Understood
from codedark.journal import Entry
from codedark.views.cabinet import Cabinet
from codedark.views.claims import Claim
from codedark.views.codings import UNREADABLE
from codedark.views.readings import bed_of
from codedark.views.resources import LINK, Shelf, decoded
from codedark.views.staging import Staged

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
        self._waiting: list[tuple[Entry, Interpretation, Sequence[Staged]]] = []

    def hear_feed(self, feed: str, recorded: int) -> None:
        """A message of a feed was kept at this time."""
        count, last = self._feeds.get(feed, (0, 0))
        self._feeds[feed] = count + 1, max(last, recorded)

    def take(self, entry: Entry, meant: Interpretation, staged: Sequence[Staged]) -> None:
        """Take one clinical entry whose facts were staged. It waits for the others of the batch, so that all that they
        touch is looked up at once."""
        self._waiting.append((entry, meant, staged))
        self.facts += len(staged)

    def _take_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        self.shelf.fetch((each.type, each.id) for _, _, staged in waiting for each in staged)
        self._know({each.patient: None for _, _, staged in waiting for each in staged if each.patient})
        for entry, meant, staged in waiting:
            self._take(entry, meant, staged)

    def _know(self, patients: Iterable[str]) -> None:
        unknown = [(patient,) for patient in patients if patient not in self._patients]
        self._patients.update(self.db.executemany("SELECT id, pid FROM patient WHERE id=?", sorted(unknown)))
        for (patient,) in unknown:
            if patient not in self._patients:
                self._new_patient(patient)

    def _new_patient(self, patient: str) -> int:
        pid, self._next_pid = self._next_pid, self._next_pid + 1
        self._rows["patient"].append((pid, patient))
        self._patients[patient] = pid
        return pid

    def _take(self, entry: Entry, meant: Interpretation, staged: Sequence[Staged]) -> None:
        source, recorded = entry.source, entry.recorded_at_us
        out = self.is_out(entry, meant.via)
        first = self._next_claim
        topics_of: dict[int, set[str]] = {}
        for each in staged:
            pid = self.pid(each.patient) if each.patient else 0
            if each.type == LINK:
                pid = self.pid(each.absorbed)
                self.pid(each.survivor)
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

    def keep(self, entry: Entry, reason: str) -> None:
        """Stage an entry that could not be folded: its bytes are safe, and it stands on the worklist."""
        self.take(entry, Interpretation(problems=(Problem("entry", reason),), understood=Understood.KEPT), ())

    def pid(self, patient: str) -> int:
        """The row number of a patient, given out at first mention."""
        pid = self._patients.get(patient)
        if pid is None:
            self._know([patient])
            pid = self._patients[patient]
        return pid

    def sid(self, source: str) -> int:
        """The row number of a source."""
        sid = self._sources.get(source)
        if sid is None:
            sid = self._sources[source] = len(self._sources) + 1
            self.db.execute("INSERT INTO source VALUES(?,?)", (sid, source))
        return sid

    def _claim(self, each: Staged, pid: int, entry: Entry, out: bool) -> None:
        number = self._next_claim
        self._next_claim += 1
        resource = self.shelf.find(each.type, each.id)
        same = resource.told if resource.last_body == each.body else None
        self._rows["claim"].append(
            (
                number,
                resource.key,
                pid,
                entry.position,
                each.path,
                each.op.value,
                each.rank,
                each.claimed_us,
                "\x1f".join(each.cleared),
                resource.last_claim,
                same,
                each.line,
                None if same else each.body,
            )
        )
        if same is None:
            resource.told, resource.last_body = number, each.body
        resource.last_claim, resource.dirty = number, True
        if out:
            self._rows["held"].append((number, pid, each.type == "AllergyIntolerance"))
            return
        claim = Claim(
            number,
            pid,
            each.op,
            each.rank,
            each.body,
            each.cleared,
            each.claimed_us,
            entry.position,
            entry.recorded_at_us,
            entry.source,
            each.line,
        )
        resource.take(claim, each.json, each.card)
        if each.bed is not None:
            self._see_bed(each.bed)

    def _see_bed(self, bed: tuple[str, str, str]) -> None:
        if bed[2] and bed not in self._beds:
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
        """Fold what waits and write it into the open transaction."""
        self._take_waiting()
        rows, many = self._rows, self.db.executemany
        many("INSERT INTO patient(pid, id) VALUES(?,?)", rows["patient"])
        many("INSERT INTO entry VALUES(?,?,?,?,?,?,?,?,?,?)", rows["entry"])
        many("INSERT INTO claim VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", rows["claim"])
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
        Cabinet(self.db, self.pid).write(self.shelf.dirty())
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
            with contextlib.suppress(*UNREADABLE):
                self._see_bed(bed_of(decoded(body)) or ("", "", ""))
