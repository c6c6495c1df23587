"""What keeps the house honest: worklist, feeds, and help."""

from __future__ import annotations

from codedark.access import Permission, may
from codedark.actions import decide_worklist, hold_source, release_source
from codedark.errors import NotFound
from codedark.web.answers import Answer, Move, Page, Visit
from codedark.web.state import silent

ROWS = 50


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
            "ends": visit.settings.sender_ends(),
            "status": visit.record.status(),
            "adoption": visit.record.adoption(),
            "holds": visit.record.holds(),
            "may_hold": may(visit.who(), Permission.HOLD_SOURCE),
            "stations": visit.settings.stations(),
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


def help_page(visit: Visit) -> Answer:
    """GET /help."""
    visit.who()
    return Page("help.html", {"here": "help"})
