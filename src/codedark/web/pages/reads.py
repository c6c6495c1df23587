"""The read log: who opened whose record, asked by person, patient, unit, time, reason; and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from codedark.access import Permission
from codedark.actions import Auditor, alarms, audit_events, export_read_log, ndjson, view_read_log
from codedark.errors import ActionRefused, JournalError, NotFound
from codedark.tongue import noted
from codedark.views import OVERRIDE_STARTED, OVERRIDE_STOPPED, PRINTED, Asked, Banner, ReadRow
from codedark.web.answers import Answer, Document, Page, Visit

ROWS = 50
WATCHED = 5_000
"""So many of the newest reads are looked through for alarms."""
EXPORTED = 20_000
"""So many rows at most leave by the page; `codedark reads export` knows no bound."""
NOT_NOW = noted("An export is a row of the log. Try again when the disk has room.")
KINDS = {
    "chart": noted("chart opened"), "census": noted("bed list opened"), "search": noted("search"),
    "agenda": noted("list of expected, leaving or booked patients opened"),
    "locator": noted("patient located at the front desk"),
    "pack": noted("whole unit printed"), PRINTED: noted("sheets printed"), "report": noted("print report opened"),
    "message": noted("message opened"), "reads": noted("read log looked at"), "export": noted("read log exported"),
    "fhir": noted("read by a program"), "fhir search": noted("searched by a program"),
    "unlogged": noted("opened while nothing could be kept"),
    OVERRIDE_STARTED: noted("envelope opened: break-glass begins"),
    OVERRIDE_STOPPED: noted("envelope over: break-glass ends"),
}  # fmt: skip
_FIELDS = ("who", "mrn", "unit", "since", "until", "what", "reason", "glass")
_DATES = ("%Y-%m-%d", "%d-%b-%Y")
_NOBODY = "?"
"""An id that nobody has: what was asked for matches no row, and that is what is shown."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What was asked, as typed and as understood. `faults`: what was not understood, in words."""

    typed: Mapping[str, str]
    asked: Asked
    faults: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether everything is shown."""
        return not any(self.typed.values())


def reads(visit: Visit) -> Answer:
    """GET /reads and, with a filter, POST: who opened whose record, for the privacy officer."""
    session, page, wanted = visit.need(Permission.SEE_READ_LOG), visit.page_number(), understood(visit)
    log = view_read_log(visit.deeds, session, page * ROWS + 1, wanted.asked)
    rows = log.rows[(page - 1) * ROWS : page * ROWS]
    watched = visit.record.read_log(WATCHED)
    unusual = alarms(watched)
    slip = visit.query.get("slip", "")
    return Page("reads.html", {
        "here": "reads", "rows": rows, "page": page, "more": len(log.rows) > page * ROWS, "alarms": unusual,
        "people": _people(visit, [*(row.person for row in rows), *(alarm.person for alarm in unusual)]),
        "patients": _patients(visit, rows), "watched": len(watched), "unlogged": not log.logged,
        "wanted": wanted, "kinds": KINDS, "units": sorted({row.unit for row in visit.record.units() if row.unit}),
        "base": f"/reads?slip={slip}&page=" if slip else "/reads?page=", "most": EXPORTED,
    })  # fmt: skip


def export(visit: Visit) -> Answer:
    """POST /reads/export: the rows of the filter as FHIR AuditEvents, one a line, oldest first."""
    session, wanted = visit.need(Permission.SEE_READ_LOG), understood(visit)
    if wanted.faults:
        return reads(visit)
    try:
        rows = export_read_log(visit.deeds, session, wanted.asked, EXPORTED, "")
    except JournalError as error:
        raise ActionRefused(noted("nothing can be written now, so nothing leaves"), hint=NOT_NOW) from error
    body = b"".join(ndjson(audit_events(reversed(rows), Auditor.of(visit.record))))
    return Document(body, "application/fhir+ndjson", "read-log.ndjson")


def understood(visit: Visit) -> Filter:
    """The filter of a form. A person is a log-in or a name, a patient an MRN, a day is of the facility's zone."""
    typed = {name: visit.form.get(name, "").strip() for name in _FIELDS}
    faults: list[str] = []
    person, patient = "", ""
    if typed["who"]:
        person = _person(visit, typed["who"])
    if typed["mrn"]:
        found = [banner.patient for banner in visit.record.search(typed["mrn"]) if banner.mrn == typed["mrn"]]
        patient = found[0] if len(found) == 1 else _NOBODY
    if _NOBODY in (person, patient):
        faults.append(noted("Nobody, or more than one, has this log-in, name or MRN."))
    begin, end = (_day(typed[name], visit.zone) for name in ("since", "until"))
    if (typed["since"] and begin is None) or (typed["until"] and end is None):
        faults.append(noted("A day is written as 2026-11-24."))
    asked = Asked(
        person, patient, typed["unit"], typed["what"], _us(begin), _us(end + timedelta(days=1), -1) if end else None,
        typed["reason"], bool(typed["glass"]),
    )  # fmt: skip
    return Filter(typed, asked, tuple(faults))


def _person(visit: Visit, text: str) -> str:
    accounts = visit.record.accounts()
    exact = [one.person for one in accounts if text in (one.login, one.person)]
    claimed = {one.person: one.claimed_name for one in visit.record.sessions() if one.claimed_name}
    names = {one.person: one.name for one in accounts} | claimed
    named = [person for person, name in names.items() if text.casefold() in name.casefold()]
    return exact[0] if exact else named[0] if len(named) == 1 else _NOBODY


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def _us(moment: datetime | None, less: int = 0) -> int | None:
    return None if moment is None else int(moment.timestamp()) * 1_000_000 + less


def _people(visit: Visit, people: Iterable[str]) -> dict[str, str]:
    """Names by person id. A reader with an envelope is named by the session it opened."""
    claimed = {row.person: row.claimed_name for row in visit.record.sessions() if row.claimed_name}
    names: dict[str, str] = {}
    for person in set(people):
        account = visit.record.person(person)
        names[person] = account.name if account else claimed.get(person, person)
    return names


def _patients(visit: Visit, rows: Iterable[ReadRow]) -> dict[str, Banner | None]:
    found: dict[str, Banner | None] = {}
    for patient in {row.patient for row in rows if row.patient}:
        try:
            found[patient] = visit.record.chart(patient).banner
        except NotFound:
            found[patient] = None
    return found
