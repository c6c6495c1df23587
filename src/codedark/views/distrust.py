"""Trust is folded, not stored: the facts of a source in a period are taken out of every view, and put back by an undo.

Nothing is deleted. A claim that is out is listed in `held`; its resource is folded again without it. A source is out
while it is distrusted for that period, and while a person holds it: then what it says waits until it is released. A
device through which a person spoke counts as a source of what was said there.
"""

from __future__ import annotations

from typing import Any

import apsw

from codedark.entries import SourceDistrusted, SourceHeld, SourceReleased
from codedark.views.batch import TOPIC_OF_TYPE, Batch
from codedark.views.resources import claims_of

_FOREVER = (1 << 63) - 1
_CHUNK = 4_000
_OUT = (
    "(EXISTS (SELECT 1 FROM distrust d JOIN source s ON s.name = d.source WHERE s.sid IN (e.sid, e.via) "
    f"AND e.recorded_us BETWEEN d.since_us AND coalesce(d.until_us, {_FOREVER})) "  # nosec B608 - constants
    "OR EXISTS (SELECT 1 FROM hold o JOIN source s ON s.name = o.source WHERE s.sid IN (e.sid, e.via) "
    "AND (e.position > o.position OR e.recorded_us >= o.back_us)))"
)


class Marks:
    """The periods of distrust and the holds in force."""

    def __init__(self, db: apsw.Connection) -> None:
        self._periods: dict[str, list[tuple[int, int]]] = {}
        for source, since, until in db.execute("SELECT source, since_us, until_us FROM distrust"):
            self._periods.setdefault(source, []).append((since, _FOREVER if until is None else until))
        self._held: dict[str, tuple[int, int, int]] = {
            source: (position, back, since)
            for source, position, back, since in db.execute("SELECT source, position, back_us, since_us FROM hold")
        }

    def is_out(self, source: str, recorded_us: int, position: int, via: str = "") -> bool:
        """Whether facts of this source, said through the device `via`, recorded then, are out of the chart."""
        return any(
            self.distrusts(each, recorded_us) or self.holds(each, recorded_us, position)
            for each in (source, via)
            if each
        )

    def distrusts(self, source: str, recorded_us: int) -> bool:
        """Whether a period of distrust covers it."""
        periods = self._periods.get(source)
        return periods is not None and any(since <= recorded_us <= until for since, until in periods)

    def holds(self, source: str, recorded_us: int, position: int) -> bool:
        """Whether a person holds it back: whatever came after the hold, and what was kept since the moment it named."""
        found = self._held.get(source)
        return found is not None and (position > found[0] or recorded_us >= found[1])

    def held_since(self, source: str) -> int | None:
        """From when on what this source says is held back; None when it is not."""
        found = self._held.get(source)
        return None if found is None else found[2]


def mark(db: apsw.Connection, payload: SourceDistrusted, position: int) -> bool:
    """Write a mark, or take one back. False when an undo names no mark that is in force."""
    if not payload.undo:
        db.execute(
            "INSERT INTO distrust VALUES(?,?,?,?,?,?)",
            (position, payload.source, payload.since_us, payload.until_us, payload.reason, payload.reviewer),
        )
        return True
    db.execute(
        "DELETE FROM distrust WHERE source=? AND since_us=? AND (until_us IS ? OR ? IS NULL)",
        (payload.source, payload.since_us, payload.until_us, payload.until_us),
    )
    return db.changes() > 0


def hold(db: apsw.Connection, said: SourceHeld, position: int, recorded_us: int) -> None:
    """Hold a source back from here on, or from a moment before; a second hold may only reach further back.

    By position, not by time: while a clock is behind, many entries share one recorded time.
    """
    since, back = (recorded_us, _FOREVER) if said.since_us is None else (said.since_us, said.since_us)
    db.execute(
        "INSERT INTO hold VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET since_us = min(since_us, excluded.since_us), "
        "back_us = min(back_us, excluded.back_us)",
        (said.source, position, since, back, said.person, said.reason),
    )


def release(db: apsw.Connection, said: SourceReleased) -> int | None:
    """End a hold; the place of the entry that began it, None when there is none in force."""
    row = db.execute("DELETE FROM hold WHERE source=? RETURNING position", (said.source,)).fetchone()
    return None if row is None else int(row[0])


def held_back(db: apsw.Connection, pids: list[int]) -> int:
    """How many claims about these patients wait until somebody releases their source (distrusted ones do not count)."""
    if db.execute("SELECT 1 FROM hold LIMIT 1").fetchone() is None:
        return 0
    marks, count = Marks(db), 0
    for pid in pids:
        for name, via, recorded in db.execute(
            "SELECT s.name, coalesce(v.name, ''), e.recorded_us FROM held h JOIN claim c ON c.claim = h.claim "
            "JOIN entry e ON e.position = c.position JOIN source s ON s.sid = e.sid "
            "LEFT JOIN source v ON v.sid = e.via "
            "WHERE h.pid = ?",
            (pid,),
        ):
            count += not (marks.distrusts(name, recorded) or marks.distrusts(via, recorded))
    return count


def fold_again(db: apsw.Connection, batch: Batch, source: str) -> None:
    """Bring every resource that this source ever claimed to what the marks in force say. `batch` must be flushed."""
    changed = _move_claims(db, source)
    batch.shelf.forget()
    for start in range(0, len(changed), _CHUNK):
        for key in changed[start : start + _CHUNK]:
            resource = batch.shelf.by_key(key)
            resource.refold(claims_of(db, resource.last_claim))
            resource.dirty = True
        batch.flush()
    batch.see_beds_again()
    batch.flush()
    _hear_again(db)


def _move_claims(db: apsw.Connection, source: str) -> list[int]:
    """Move claims of the source in or out of `held`; the keys of the resources this touches."""
    joined = (
        "FROM entry e JOIN source n ON n.sid IN (e.sid, e.via) JOIN claim c ON c.claim >= e.first_claim "
        "AND c.claim < e.first_claim + e.claims JOIN resource r ON r.key = c.resource "
        "LEFT JOIN held h ON h.claim = c.claim WHERE n.name = ?"
    )
    out: list[Any] = db.execute(
        f"SELECT c.claim, c.pid, r.type = 'AllergyIntolerance', r.key {joined} AND h.claim IS NULL AND {_OUT}",
        (source,),
    ).fetchall()
    back: list[Any] = db.execute(
        f"SELECT c.claim, r.key {joined} AND h.claim IS NOT NULL AND NOT {_OUT}", (source,)
    ).fetchall()
    db.executemany("INSERT INTO held VALUES(?,?,?)", [row[:3] for row in out])
    db.executemany("DELETE FROM held WHERE claim=?", [(row[0],) for row in back])
    return sorted({row[-1] for row in out} | {row[-1] for row in back})


def _hear_again(db: apsw.Connection) -> None:
    """Derive when each section was last heard from the entries that are trusted."""
    db.execute("DELETE FROM heard")
    heard: dict[tuple[int, str], int] = {}

    def hear(pid: int, topics: list[str], at: int) -> None:
        for topic in topics:
            heard[pid, topic] = max(at, heard.get((pid, topic), 0))

    for topics, at in db.execute(
        f"SELECT e.topics, max(e.recorded_us) FROM entry e WHERE NOT {_OUT} GROUP BY e.topics"  # nosec B608 - constants
    ):
        hear(0, topics.split(",") if topics else [], at)
    for pid, one_patient, topics, type_, at in db.execute(
        "SELECT c.pid, e.one_patient, e.topics, r.type, max(e.recorded_us) FROM claim c "
        "JOIN entry e ON e.position = c.position JOIN resource r ON r.key = c.resource "
        f"WHERE c.pid > 0 AND NOT {_OUT} GROUP BY c.pid, e.one_patient, e.topics, r.type"  # nosec B608 - constants
    ):
        said = topics.split(",") if topics else []
        hear(pid, said if one_patient else [topic for topic in said if topic == TOPIC_OF_TYPE.get(type_)], at)
    db.executemany("INSERT INTO heard VALUES(?,?,?)", [(pid, topic, at) for (pid, topic), at in heard.items()])
