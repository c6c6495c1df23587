"""The read log as the privacy officer asks for it: what was opened, what was printed, and every broken glass."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import apsw

from codedark.views.rows import OVERRIDE_STARTED, OVERRIDE_STOPPED, PRINTED, Asked, ReadRow, SessionRow

_ENVELOPE = "envelope"
_NOWHERE = -1
"""The position of a row that is no entry of its own: an envelope whose hours are over."""


def looks(
    db: apsw.Connection, asked: Asked, now_us: int, limit: int, ids: Sequence[str], sessions: Iterable[SessionRow]
) -> tuple[ReadRow, ...]:
    """At most `limit` rows, newest first. `ids`: every id of the patient asked for, none for all patients."""
    streams = [_opened(db, asked, ids)]
    if asked.what == PRINTED or (not asked.what and (asked.patient or asked.sheets) and not asked.glass):
        streams.append(_printed(db, asked, ids))
    if not asked.patient:
        streams.append(iter(_overrides(asked, sessions, now_us)))
    merged = heapq.merge(*streams, key=lambda row: (row.recorded_at_us, row.position), reverse=True)
    return tuple(islice(merged, limit))


def _opened(db: apsw.Connection, asked: Asked, ids: Sequence[str]) -> Iterator[ReadRow]:
    where, held = _where(asked, ids)
    if asked.what:
        where, held = [*where, "what = ?"], [*held, asked.what]
    if asked.reason:
        where, held = [*where, "instr(lower(reason), lower(?))"], [*held, asked.reason]
    if asked.glass:
        where = [*where, "reason <> '' AND what IN ('chart', 'message')"]
    rows = db.execute(
        "SELECT position, recorded_us, person, session, what, patient, unit, reason, fold, shown FROM read_log "
        f"WHERE {' AND '.join(where)} ORDER BY position DESC",  # nosec B608 - our own words
        held,
    )
    return (ReadRow(*row) for row in rows)


def _printed(db: apsw.Connection, asked: Asked, ids: Sequence[str]) -> Iterator[ReadRow]:
    if asked.reason:
        return iter(())
    where, held = _where(asked, ids)
    rows = db.execute(
        "SELECT DISTINCT position, recorded_us, person, patient, unit FROM sheet "
        f"WHERE {' AND '.join(where)} ORDER BY position DESC, patient",  # nosec B608 - our own words
        held,
    )
    return (
        ReadRow(position, at, person, "", PRINTED, patient, unit, "", "", position)
        for position, at, person, patient, unit in rows
    )


def _where(asked: Asked, ids: Sequence[str]) -> tuple[list[str], list[Any]]:
    """The conditions that every table of looks can answer."""
    where, held = ["1"], list[Any]()
    for column, value in (("person", asked.person), ("unit", asked.unit)):
        if value:
            where, held = [*where, f"{column} = ?"], [*held, value]
    if asked.patient:
        where, held = [*where, f"patient IN ({', '.join('?' * len(ids))})"], [*held, *ids]
    for sign, moment in ((">=", asked.since_us), ("<=", asked.until_us)):
        if moment is not None:
            where, held = [*where, f"recorded_us {sign} ?"], [*held, moment]
    return where, held


def _overrides(asked: Asked, sessions: Iterable[SessionRow], now_us: int) -> list[ReadRow]:
    found = [row for one in sessions if one.basis == _ENVELOPE for row in _both(one, now_us) if _meets(asked, row)]
    return sorted(found, key=lambda row: (row.recorded_at_us, row.position), reverse=True)


def _both(one: SessionRow, now_us: int) -> Iterator[ReadRow]:
    """An envelope's two rows; one while it is open."""
    moments = {OVERRIDE_STARTED: one.opened_us, OVERRIDE_STOPPED: one.override_ended_us(now_us)}
    for what, at in moments.items():
        if at is not None:
            yield ReadRow(_NOWHERE, at, one.person, one.session, what, "", one.unit, "", "", _NOWHERE)


def _meets(asked: Asked, row: ReadRow) -> bool:
    return (
        not asked.reason
        and asked.what in ("", row.what)
        and asked.person in ("", row.person)
        and asked.unit in ("", row.unit)
        and (asked.since_us is None or row.recorded_at_us >= asked.since_us)
        and (asked.until_us is None or row.recorded_at_us <= asked.until_us)
    )
