"""The front desk's page: a name in, a unit out, for those who may be told of. The name goes in a POST body."""

from __future__ import annotations

from codedark.access import Permission
from codedark.actions import locate_patient
from codedark.views import Whereabouts
from codedark.web.answers import Answer, Page, Visit


def locator(visit: Visit) -> Answer:
    """GET /locator: the form; POST /locator: what may be said."""
    session = visit.need(Permission.LOCATE)
    text = visit.form.get("name", "").strip()
    if not text:
        return Page("locator.html", {"here": "locator", "asked": False, "found": Whereabouts()})
    located = locate_patient(visit.deeds, session, text)
    return Page("locator.html", {
        "here": "locator", "asked": True, "found": located.found, "unlogged": not located.logged,
    })  # fmt: skip
