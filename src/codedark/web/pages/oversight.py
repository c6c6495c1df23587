"""What keeps the house honest: worklist, feeds, read log, and help."""

from __future__ import annotations

from collections.abc import Iterable

from codedark.access import Permission, may
from codedark.actions import alarms, decide_worklist, hold_source, release_source, view_read_log
from codedark.errors import NotFound
from codedark.views import Banner, ReadRow
from codedark.web.answers import Answer, Move, Page, Visit
from codedark.web.state import silent

ROWS = 50
WATCHED = 5_000
"""So many of the newest reads are looked through for alarms."""


def worklist(visit: Visit) -> Answer:
    """GET /worklist: what was not understood, newest first."""
    visit.need(Permission.SEE_WORKLIST)
    page = visit.page_number()
    items = visit.record.worklist(ROWS + 1, (page - 1) * ROWS)
    return Page("worklist.html", {"here": "worklist", "items": items[:ROWS], "page": page, "more": len(items) > ROWS})


def decide(visit: Visit) -> Answer:
    """POST /worklist: a person looked at one item."""
    session = visit.need(Permission.DECIDE_WORKLIST)
    decide_worklist(visit.deeds, session, visit.form.get("item", ""), "looked at")
    return Move(f"/worklist?page={visit.page_number()}")


def feeds(visit: Visit) -> Answer:
    """GET /feeds: what is heard, what is silent, what the record holds."""
    visit.need(Permission.SEE_STATUS)
    rows = visit.record.feeds()
    quiet = {feed.feed for feed in silent(rows, visit.pen.now_us) if visit.pen.trusted or feed.last_heard_us is None}
    return Page(
        "feeds.html",
        {
            "here": "feeds",
            "feeds": rows,
            "silent": quiet,
            "status": visit.record.status(),
            "adoption": visit.record.adoption(),
            "holds": visit.record.holds(),
            "may_hold": may(visit.who(), Permission.HOLD_SOURCE),
        },
    )


def hold_or_release(visit: Visit) -> Answer:
    """POST /feeds: hold a feed or device back, or release it."""
    session, form = visit.need(Permission.HOLD_SOURCE), visit.form
    deed = {"hold": hold_source, "release": release_source}.get(form.get("deed", ""))
    if deed is None:
        raise NotFound("no such deed on this page")
    deed(visit.deeds, session, form.get("source", "").strip(), form.get("reason", ""))
    return Move("/feeds")


def reads(visit: Visit) -> Answer:
    """GET /reads: who opened whose record, for the privacy officer."""
    session, page = visit.need(Permission.SEE_READ_LOG), visit.page_number()
    log = view_read_log(visit.deeds, session, max(WATCHED, page * ROWS + 1))
    rows = log.rows[(page - 1) * ROWS : page * ROWS]
    unusual = alarms(log.rows[:WATCHED])
    return Page("reads.html", {
        "here": "reads", "rows": rows, "page": page, "more": len(log.rows) > page * ROWS, "alarms": unusual,
        "people": _people(visit, [*(row.person for row in rows), *(alarm.person for alarm in unusual)]),
        "patients": _patients(visit, rows), "watched": min(WATCHED, len(log.rows)), "unlogged": not log.logged,
    })  # fmt: skip


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


def help_page(visit: Visit) -> Answer:
    """GET /help."""
    visit.who()
    return Page("help.html", {"here": "help"})
