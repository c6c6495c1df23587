"""Print a whole unit: a permission of its own, and the sheets are in the ledger before they are on paper."""

from __future__ import annotations

from collections.abc import Callable

from codedark.access import Permission
from codedark.actions import open_pack
from codedark.errors import JournalError, NotFound, PackError
from codedark.tongue import noted
from codedark.web.answers import Answer, Document, Move, Page, Press, Visit

NO_LEDGER = noted("Its sheets could not be entered in the ledger, so none may go to paper.")
_PAPERS = frozenset({"a4", "letter"})


def ask(visit: Visit) -> Answer:
    """GET /print?unit=: what will be printed, and on which paper."""
    unit = visit.query.get("unit", "")
    visit.need(Permission.PRINT_UNIT, unit)
    return _form(visit, unit)


def pack_page(press: Press | None) -> Callable[[Visit], Answer]:
    """POST /print: draw and hand over the unit's pack."""

    def draw(visit: Visit) -> Answer:
        """Draw it, once the printing is in the read log."""
        unit = visit.form.get("unit", "")
        session = visit.need(Permission.PRINT_UNIT, unit)
        paper, printer = visit.form.get("paper", ""), visit.form.get("printer", "")
        if press is None:
            return _form(visit, unit, noted("Packs of this node are drawn by `codedark pack`."), 503)
        open_pack(visit.deeds, session, unit)
        size, desk = paper if paper in _PAPERS else visit.settings.paper, visit.settings.printing
        try:
            if printer and desk is not None:
                desk.put(visit.deeds, session, unit, size, printer)
                return Move("/printing")
            pdf = press(visit.deeds, session, unit, size)
        except PackError as error:
            return _form(visit, unit, f"{error}.", 503)
        except JournalError:
            return _form(visit, unit, NO_LEDGER, 503)
        return Document(pdf, "application/pdf", "codedark-pack.pdf")

    return draw


def _form(visit: Visit, unit: str, fault: str = "", status: int = 200) -> Page:
    row = next((row for row in visit.record.units() if row.unit == unit), None)
    if row is None:
        raise NotFound("no such unit")
    context = {"here": "units", "unit": unit, "patients": row.patients, "paper": visit.settings.paper, "fault": fault}
    context["printers"] = visit.settings.printing.names() if visit.settings.printing else ()
    return Page("print.html", context, status)
