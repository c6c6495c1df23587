"""What went to the printers, what failed, and the ward stations: whoever may print a unit sees its jobs."""

from __future__ import annotations

from codedark.access import Permission, may
from codedark.errors import JournalError, NotFound, PackError
from codedark.web.answers import Answer, Move, Page, Visit


def queue(visit: Visit) -> Answer:
    """GET /printing: jobs of one's units, newest first, and the stations."""
    visit.need(Permission.PRINT_UNIT)
    return _page(visit)


def again(visit: Visit) -> Answer:
    """POST /printing: the same sheets once more, on the same printer or another."""
    session, desk = visit.need(Permission.PRINT_UNIT), visit.settings.printing
    job = next((each for each in desk.jobs() if each.id == visit.form.get("job", "")), None) if desk else None
    if desk is None or job is None:
        raise NotFound("no such print job")
    visit.need(Permission.PRINT_UNIT, job.unit)
    try:
        desk.again(visit.deeds, session, job.id, visit.form.get("printer", ""))
    except (PackError, NotFound) as error:
        return _page(visit, f"{error}.", 409)
    except JournalError:
        return _page(visit, "The copy could not be entered in the ledger, so it may not go to paper.", 503)
    return Move("/printing")


def _page(visit: Visit, fault: str = "", status: int = 200) -> Page:
    session, desk = visit.who(), visit.settings.printing
    jobs = [each for each in desk.jobs() if may(session, Permission.PRINT_UNIT, each.unit)] if desk else []
    context = {
        "here": "printing", "jobs": jobs, "printers": desk.names() if desk else (), "fault": fault,
        "stations": visit.settings.stations(),
    }  # fmt: skip
    return Page("printing.html", context, status)
