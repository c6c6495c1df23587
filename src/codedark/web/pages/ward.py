"""Units and beds."""

from __future__ import annotations

from codedark.access import Permission, may
from codedark.actions import view_census
from codedark.errors import NotFound
from codedark.web.answers import Answer, Document, Move, Page, Visit
from codedark.web.drawing import beds_path


def home(visit: Visit) -> Answer:
    """GET /: the units page."""
    visit.who()
    return Move("/units")


def units(visit: Visit) -> Answer:
    """GET /units: the reader's own units first."""
    session = visit.need(Permission.SEE_STATUS)
    rows = visit.record.units()
    mine = [row for row in rows if may(session, Permission.SEE_CENSUS, row.unit)]
    others = [row for row in rows if row not in mine] if may(session, Permission.SEE_CENSUS) else []
    return Page("units.html", {
        "here": "units", "mine": mine, "others": others, "total": sum(row.patients for row in rows),
        "clinical": may(session, Permission.SEE_CHART), "no_census": not mine and not others and bool(rows),
    })  # fmt: skip


def beds(visit: Visit) -> Answer:
    """GET /beds?unit=: the bed list. A clerk gets places and names, no clinical column."""
    unit = visit.query.get("unit", "")
    session = visit.need(Permission.SEE_CENSUS)
    opened = view_census(visit.deeds, session, unit)
    rows = opened.census
    return Page("beds.html", {
        "here": "units", "unit": unit, "rows": rows, "patients": sum(1 for row in rows if row.patient),
        "clashes": any(row.clash for row in rows), "print_path": "/print" + beds_path(unit).removeprefix("/beds"),
        "coverage": visit.record.coverage(unit) if opened.clinical else None,
        "clinical": opened.clinical, "unlogged": not opened.logged,
        "may_print": may(session, Permission.PRINT_UNIT, unit),
    }, watch={"unit": unit})  # fmt: skip


def news(visit: Visit) -> Answer:
    """GET /news: how much was heard since a page was drawn, a number and nothing else. The slip says for which page."""
    visit.who()
    at, patient, unit = (visit.form.get(name, "") for name in ("at", "patient", "unit"))
    if not at:
        raise NotFound("no page asks")
    count = visit.record.news(int(at), patient=patient, unit=unit)
    return Document(b'{"heard": %d}' % count, "application/json", "news.json", idle=True)
