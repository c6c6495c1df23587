"""Entries that are not clinical: people, envelopes, proposals, sessions, reads, packs, sheets, feeds, marks.

Each function folds one payload into its rows. `config.set` and `source.distrusted` change how other entries are
folded and are handled by the fold itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw
import msgspec

from codedark.entries import (
    CardsSplit,
    ChartViewed,
    DeedDecided,
    DeedProposed,
    DrillDone,
    FeedHeard,
    GuardFlagged,
    KeyRotated,
    PackMade,
    PersonChanged,
    PersonEnrolled,
    ReadingUnlogged,
    Refused,
    SessionClosed,
    SessionOpened,
    SheetsPrinted,
    UnitCardIssued,
    UnitCodeUsed,
    WorklistDecided,
)
from codedark.journal import Entry

REOPENED = "reopened"
"""The decision that puts an item back among those nobody has decided."""
_json = msgspec.json.Encoder(order="sorted")


def worklist_row(
    db: apsw.Connection, entry: Entry, path: str, reason: str, hint: str = "", *, source: str | None = None
) -> None:
    """Put an entry on the worklist."""
    db.execute(
        "INSERT OR IGNORE INTO worklist(item, position, recorded_us, source, message_type, path, reason, hint) "
        "VALUES(?,?,?,?,?,?,?,?)",
        (
            f"{entry.position}/{path}",
            entry.position,
            entry.recorded_at_us,
            source or entry.source,
            entry.kind,
            path,
            reason,
            hint,
        ),
    )


def _enrolled(db: apsw.Connection, entry: Entry, said: PersonEnrolled) -> None:
    db.execute(
        "INSERT OR REPLACE INTO account VALUES(?,?,?,?,?,1)",
        (said.person, said.login, said.name, said.password, _text(said.roles)),
    )


def _changed(db: apsw.Connection, entry: Entry, said: PersonChanged) -> None:
    db.execute(
        "UPDATE account SET password=coalesce(?, password), roles=coalesce(?, roles), active=coalesce(?, active) "
        "WHERE person=?",
        (said.password, None if said.roles is None else _text(said.roles), said.active, said.person),
    )
    if not db.changes():
        worklist_row(db, entry, "person", "changes a person who was never enrolled")


def _session_opened(db: apsw.Connection, entry: Entry, said: SessionOpened) -> None:
    db.execute(
        "INSERT OR REPLACE INTO session VALUES(?,?,?,?,?,?,?,NULL,?,?)",
        (
            said.session,
            said.person,
            said.basis,
            said.unit,
            said.claimed_name,
            entry.recorded_at_us,
            said.until_us,
            said.device,
            said.witness,
        ),
    )


def _session_closed(db: apsw.Connection, entry: Entry, said: SessionClosed) -> None:
    db.execute("UPDATE session SET closed_us=? WHERE session=?", (entry.recorded_at_us, said.session))


def _card_issued(db: apsw.Connection, entry: Entry, said: UnitCardIssued) -> None:
    db.execute(
        "INSERT OR REPLACE INTO unit_card VALUES(?,?,?,?,?,?)",
        (said.unit, said.card, said.recipient, _text(said.codes), entry.recorded_at_us, said.reason),
    )


def _code_used(db: apsw.Connection, entry: Entry, said: UnitCodeUsed) -> None:
    db.execute("INSERT OR IGNORE INTO code_used VALUES(?,?)", (said.card, said.index))


def _proposed(db: apsw.Connection, entry: Entry, said: DeedProposed) -> None:
    db.execute(
        "INSERT OR IGNORE INTO proposal(proposal, deed, arguments, person, position, recorded_us) VALUES(?,?,?,?,?,?)",
        (said.proposal, said.deed, _text(said.arguments), said.person, entry.position, entry.recorded_at_us),
    )


def _decided(db: apsw.Connection, entry: Entry, said: DeedDecided) -> None:
    # The first decision stands, and never the proposer's own: the fold does not trust the door to have refused it.
    db.execute(
        "UPDATE proposal SET decided=1, approved=?, by=? WHERE proposal=? AND decided=0 AND person<>?",
        (said.approved, said.person, said.proposal, said.person),
    )
    if not db.changes():
        worklist_row(db, entry, "proposal", "decides nothing: unknown, decided before, or by its own author")


def _viewed(db: apsw.Connection, entry: Entry, said: ChartViewed) -> None:
    db.execute(
        "INSERT INTO read_log VALUES(?,?,?,?,?,?,?,?,?,?)",
        (
            entry.position,
            entry.recorded_at_us,
            said.person,
            said.session,
            said.what,
            said.patient,
            said.unit,
            said.reason,
            said.fold,
            said.position,
        ),
    )


def _unlogged(db: apsw.Connection, entry: Entry, said: ReadingUnlogged) -> None:
    db.execute(
        "INSERT INTO read_log VALUES(?,?,'','','unlogged','','',?,'',-1)",
        (entry.position, entry.recorded_at_us, f"{said.count} records opened while nothing could be kept"),
    )


def _pack(db: apsw.Connection, entry: Entry, said: PackMade) -> None:
    db.execute(
        "INSERT INTO pack VALUES(?,?,?,?,?,?,?)",
        (entry.position, entry.recorded_at_us, said.unit, said.pack, said.kind, said.pages, said.sha256),
    )


def _sheets(db: apsw.Connection, entry: Entry, said: SheetsPrinted) -> None:
    db.executemany(
        "INSERT INTO sheet VALUES(?,?,?,?,?,?,?,?,?,?,?)",
        [
            (
                str(sheet),
                said.copy,
                said.unit,
                said.pack,
                str(patient),
                str(form),
                int(page),
                int(pages),
                said.person,
                entry.position,
                entry.recorded_at_us,
            )
            for sheet, patient, form, page, pages in said.sheets
        ],
    )


def _heard(db: apsw.Connection, entry: Entry, said: FeedHeard) -> None:
    spoke = said.received + said.duplicates + said.differing > 0
    db.execute(
        "INSERT INTO feed(feed, last_heard_us, duplicates, differing, connects, refusals) VALUES(?,?,?,?,?,?) "
        "ON CONFLICT DO UPDATE SET last_heard_us = CASE WHEN excluded.last_heard_us IS NULL THEN last_heard_us "
        "ELSE max(coalesce(last_heard_us, 0), excluded.last_heard_us) END, "
        "duplicates = duplicates + excluded.duplicates, differing = differing + excluded.differing, "
        "connects = connects + excluded.connects, refusals = refusals + excluded.refusals",
        (
            said.feed,
            said.until_us if spoke else None,
            said.duplicates,
            said.differing,
            said.connects,
            said.refusals,
        ),
    )


def _flagged(db: apsw.Connection, entry: Entry, said: GuardFlagged) -> None:
    db.execute(
        "INSERT OR REPLACE INTO flagged VALUES(?,?,?,?)", (said.position, entry.position, said.reason, said.score)
    )
    worklist_row(db, entry, f"flagged/{said.position}", f"the guard marked entry {said.position}: {said.reason}")


def _refused(db: apsw.Connection, entry: Entry, said: Refused) -> None:
    kept = "all kept" if len(said.prefix) == said.length else "the start is kept"
    worklist_row(db, entry, "frame", f"refused: {said.reason} ({said.length} bytes; {kept})")


def _worklist_decided(db: apsw.Connection, entry: Entry, said: WorklistDecided) -> None:
    db.execute(
        "UPDATE worklist SET state=?, decided_by=?, decision=?, note=? WHERE item=?",
        ("open" if said.decision == REOPENED else "decided", said.person, said.decision, said.note, said.item),
    )


def _text(value: Any) -> str:
    return _json.encode(value).decode()


def _rotated(db: apsw.Connection, entry: Entry, said: KeyRotated) -> None:
    wanted = {"generation": said.generation, "recipient": said.recipient}
    if not _decided_as(db, said.proposal, "rotate_key", wanted):
        worklist_row(db, entry, "keys", "says that a key was rotated, which no two people decided")
        return
    _custody(db, entry, "rotated", said.generation, recipient=said.recipient)


def _split(db: apsw.Connection, entry: Entry, said: CardsSplit) -> None:
    if not _decided_as(db, said.proposal, "resplit_cards", {}):
        worklist_row(db, entry, "keys", "says that new cards were made, which no two people decided")
        return
    _custody(db, entry, "split", said.set)


def _drilled(db: apsw.Connection, entry: Entry, said: DrillDone) -> None:
    _custody(db, entry, "drilled", said.set, failed=said.failed, tried=said.entries + said.epochs)


def _custody(
    db: apsw.Connection, entry: Entry, deed: str, number: int, *, recipient: str = "", failed: int = 0, tried: int = 0
) -> None:
    db.execute(
        "INSERT OR REPLACE INTO custody VALUES(?,?,?,?,?,?,?)",
        (entry.position, entry.recorded_at_us, deed, number, recipient, failed, tried),
    )


def _decided_as(db: apsw.Connection, proposal: str, deed: str, wanted: dict[str, Any]) -> bool:
    """Whether two people decided this deed with these arguments."""
    row = db.execute(
        "SELECT arguments FROM proposal WHERE proposal=? AND deed=? AND approved=1", (proposal, deed)
    ).fetchone()
    return row is not None and wanted.items() <= msgspec.json.decode(row[0]).items()


LEDGER: dict[str, Callable[[apsw.Connection, Entry, Any], None]] = {
    "person.enrolled": _enrolled,
    "person.changed": _changed,
    "session.opened": _session_opened,
    "session.closed": _session_closed,
    "unit.card.issued": _card_issued,
    "unit.code.used": _code_used,
    "key.rotated": _rotated,
    "cards.split": _split,
    "drill.done": _drilled,
    "deed.proposed": _proposed,
    "deed.decided": _decided,
    "chart.viewed": _viewed,
    "reading.unlogged": _unlogged,
    "pack.made": _pack,
    "sheets.printed": _sheets,
    "feed.heard": _heard,
    "guard.flagged": _flagged,
    "hl7.refused": _refused,
    "worklist.decided": _worklist_decided,
}
