"""Looking at the record: each look is an entry, and no look waits for its entry to be possible.

What the screen showed is kept with it: fold version and position (architecture, decision 11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from msgspec.structs import replace as replace_struct

from codedark.access import FOUNDING, Permission, Session
from codedark.actions.deeds import Deeds, holds, keep, permit, refused
from codedark.entries import ChartViewed, draft_of
from codedark.errors import ActionRefused, JournalError, NotFound
from codedark.views import (
    AgendaRow,
    AllergyState,
    Asked,
    Banner,
    BedRow,
    Chart,
    Expected,
    PrintReport,
    ReadRow,
    Whereabouts,
)

EVERYTHING = Asked()
ASK_REASON = "Say why you open it; the reason is kept and the privacy officer sees it."
"""The hint of the ActionRefused that a reason answers."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A chart to show. `logged` False: its reading could not be kept; show the *unlogged reading* banner."""

    chart: Chart
    logged: bool


@dataclass(frozen=True, slots=True)
class OpenedCensus:
    """A unit's beds. `clinical` False: names and places only; do not draw the clinical columns."""

    census: tuple[BedRow, ...]
    logged: bool
    clinical: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. Rows of units where the person has no clinical role say who and where, nothing clinical."""

    rows: tuple[Banner, ...]
    logged: bool


@dataclass(frozen=True, slots=True)
class Agenda:
    """Who is expected, leaves, left, is booked. Rows of units where the person has no clinical role say who, where and
    when, nothing else."""

    rows: tuple[AgendaRow, ...]
    logged: bool


@dataclass(frozen=True, slots=True)
class Located:
    """What the front desk may say."""

    found: Whereabouts
    logged: bool


@dataclass(frozen=True, slots=True)
class ReadLog:
    """The read log as asked for."""

    rows: tuple[ReadRow, ...]
    logged: bool


def view_chart(deeds: Deeds, session: Session, patient: str, reason: str = "") -> Opened:
    """One patient's record.

    Outside the person's units it asks for a reason (ActionRefused with hint `ASK_REASON`); an envelope opens its own
    unit only. Raises NotFound. Never raises because nothing can be written.
    """
    permit(deeds, session, Permission.SEE_CHART)
    chart = deeds.record.chart(patient)
    unit, reason = chart.banner.unit, " ".join(reason.split())
    if not holds(deeds, session, Permission.SEE_CHART, unit):
        if session.basis == "envelope" and unit:
            raise refused(deeds, session, "see_chart", "the envelope opens its own unit only")
        if not reason:
            raise ActionRefused("this patient is not on a unit of yours", hint=ASK_REASON)
    viewed = ChartViewed(
        person=session.person, session=session.session, what="chart", fold=chart.as_of.fold,
        position=chart.as_of.position, patient=patient, unit=unit, reason=reason,
    )  # fmt: skip
    return Opened(chart, _log(deeds, session, viewed))


def view_message(deeds: Deeds, session: Session, patients: Sequence[str], reason: str = "") -> bool:
    """A message of the journal is about to be shown as it came; whether the look could be kept.

    Looked at like the chart of everybody it is about (`patients`, ids): the same permission, the same read log. Outside
    the person's units, and of somebody whom the record does not know, it asks for a reason (ActionRefused with hint
    `ASK_REASON`); an envelope opens charts, never messages.
    """
    permit(deeds, session, Permission.SEE_CHART)
    if session.basis == "envelope":
        raise refused(deeds, session, "view_message", "the envelope opens its own unit's charts only")
    reason, as_of = " ".join(reason.split()), deeds.record.as_of()
    units = {patient: _unit_of(deeds, patient) for patient in patients or ("",)}
    if not reason and not all(unit and holds(deeds, session, Permission.SEE_CHART, unit) for unit in units.values()):
        raise ActionRefused("this message is about somebody who is not on a unit of yours", hint=ASK_REASON)
    logged = True
    for patient, unit in units.items():
        viewed = ChartViewed(
            person=session.person, session=session.session, what="message", fold=as_of.fold,
            position=as_of.position, patient=patient, unit=unit, reason=reason,
        )  # fmt: skip
        logged = _log(deeds, session, viewed) and logged
    return logged


def _unit_of(deeds: Deeds, patient: str) -> str:
    try:
        return deeds.record.chart(patient).banner.unit if patient else ""
    except NotFound:
        return ""


def view_census(deeds: Deeds, session: Session, unit: str) -> OpenedCensus:
    """A unit's bed list. Where the person has no clinical role for the unit, the clinical columns are taken out."""
    permit(deeds, session, Permission.SEE_CENSUS, unit if session.basis == "envelope" else None)
    clinical = holds(deeds, session, Permission.SEE_CHART, unit)
    rows = tuple(deeds.record.census(unit))
    shown = rows if clinical else tuple(_without_clinical(row) for row in rows)
    return OpenedCensus(shown, _log(deeds, session, _looked(deeds, session, "census", unit)), clinical)


def search_patients(deeds: Deeds, session: Session, text: str, limit: int = 50) -> Found:
    """Who is found by name, number or bed. The words are not kept: only that somebody searched, and when."""
    permit(deeds, session, Permission.SEARCH)
    rows = deeds.record.search(text, limit)
    shown = tuple(row if holds(deeds, session, Permission.SEE_CHART, row.unit) else _who_and_where(row) for row in rows)
    return Found(shown, _log(deeds, session, _looked(deeds, session, "search", "")))


def locate_patient(deeds: Deeds, session: Session, text: str) -> Located:
    """On which unit the person of this name is, of whom a visitor may be told. The words are not kept; who was told of
    is, one entry each, and that somebody asked when nobody was."""
    permit(deeds, session, Permission.LOCATE)
    found = deeds.record.locate(text)
    asked = _looked(deeds, session, "locator", "")
    told = [replace_struct(asked, patient=row.patient, unit=row.units[0]) for row in found.rows] or [asked]
    logged = [_log(deeds, session, viewed) for viewed in told]
    return Located(found, all(logged))


def view_agenda(deeds: Deeds, session: Session, unit: str, kind: Expected, since_us: int, until_us: int) -> Agenda:
    """Who is expected, leaves, left, is booked or is in the emergency department; of one unit, or of all (""). What a
    booking is for is taken out where the person has no clinical role for the unit."""
    permit(deeds, session, Permission.SEE_CENSUS, unit if session.basis == "envelope" else None)
    rows = [row for row in deeds.record.agenda(kind, since_us, until_us) if unit in ("", row.unit, row.who.unit)]
    shown = tuple(
        row if holds(deeds, session, Permission.SEE_CHART, row.unit or row.who.unit) else _without_reason(row)
        for row in rows
    )
    return Agenda(shown, _log(deeds, session, _looked(deeds, session, "agenda", unit)))


def view_report(deeds: Deeds, session: Session, report: str) -> tuple[PrintReport, bool]:
    """A print report that is nobody's, or about a unit; whether the look could be kept. Raises NotFound, also for one
    that is tied to a patient: that one is seen in the chart."""
    permit(deeds, session, Permission.RECORD_FACTS)
    found = deeds.record.report(report)
    if found is None or found[1]:
        raise NotFound("there is no such report, or it is in a chart")
    return found[0], _log(deeds, session, _looked(deeds, session, "report", found[0].unit))


def view_read_log(deeds: Deeds, session: Session, limit: int, asked: Asked = EVERYTHING) -> ReadLog:
    """Who opened whose record, newest first: it names patients, so looking at it is in it too."""
    permit(deeds, session, Permission.SEE_READ_LOG)
    rows = deeds.record.looks(asked, deeds.clock.now_us(), limit)
    return ReadLog(rows, _log(deeds, session, _looked(deeds, session, "reads", "")))


def export_read_log(deeds: Deeds, session: Session, asked: Asked, limit: int, reason: str) -> tuple[ReadRow, ...]:
    """The rows that are about to leave as a file, newest first; that they leave is an entry before.

    Raises AppendFailed: what cannot be kept is not handed out, because nobody at a bed waits for it.
    """
    permit(deeds, session, Permission.SEE_READ_LOG)
    rows = deeds.record.looks(replace(asked, sheets=True), deeds.clock.now_us(), limit)
    as_of = deeds.record.as_of()
    viewed = ChartViewed(
        person=session.person, session=session.session, what="export", fold=as_of.fold, position=as_of.position,
        patient=asked.patient, unit=asked.unit, reason=" ".join(reason.split()),
    )  # fmt: skip
    keep(deeds, session, viewed)
    return rows


def open_pack(deeds: Deeds, session: Session, unit: str) -> bool:
    """A whole unit is about to be handed to this person, on paper or as a file; False when that could not be kept."""
    permit(deeds, session, Permission.PRINT_UNIT, unit)
    return _log(deeds, session, _looked(deeds, session, "pack", unit))


def close_reading_gap(deeds: Deeds) -> bool:
    """Write what is owed: `reading.unlogged` for the gap, then log-ins and spent codes. True when nothing is owed now.

    Called after every look that could be kept; safe to call by a timer.
    """
    if not deeds.gap.open:
        return True
    reading, owed = deeds.gap.take()
    try:
        if reading:
            deeds.append(draft_of(reading, source="node"))
            reading = None
            deeds.gap.settled()
        while owed:
            deeds.append(owed[0])
            owed.pop(0)
        deeds.gap.paid()
    except JournalError:
        deeds.gap.give_back(reading, owed)
        return False
    return True


def _looked(deeds: Deeds, session: Session, what: str, unit: str) -> ChartViewed:
    as_of = deeds.record.as_of()
    return ChartViewed(
        person=session.person, session=session.session, what=what, fold=as_of.fold, position=as_of.position, unit=unit
    )


def _log(deeds: Deeds, session: Session, viewed: ChartViewed) -> bool:
    if session.basis == FOUNDING:
        raise ActionRefused("a founding session shows no patients")
    try:
        keep(deeds, session, viewed)
    except JournalError:
        # Reading is never blocked by its own audit (architecture, decision 12): the gap becomes an entry later.
        deeds.gap.missed(deeds.clock.now_us())
        return False
    close_reading_gap(deeds)
    return True


def _who_and_where(row: Banner) -> Banner:
    return replace(row, code_status="", isolation="", weight="", weight_when=None)


def _without_reason(row: AgendaRow) -> AgendaRow:
    return replace(row, who=_who_and_where(row.who), what="", by="", status="")


def _without_clinical(row: BedRow) -> BedRow:
    return replace(
        row,
        allergy_state=AllergyState.COULD_NOT_BE_READ,
        allergy_names=(),
        code_status="",
        isolation="",
        active_medications=0,
        critical_results=(),
    )
