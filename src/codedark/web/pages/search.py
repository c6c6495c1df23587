"""Search. The words go in a POST body, never into an address, a log or a history list."""

from __future__ import annotations

from codedark.access import Permission, may
from codedark.actions import search_patients
from codedark.web.answers import Answer, Page, Visit

LIMIT = 50


def search(visit: Visit) -> Answer:
    """GET /search: the empty page; POST /search: who was found."""
    session = visit.need(Permission.SEARCH)
    text = visit.form.get("text", "").strip()
    if not text:
        return Page("search.html", {"here": "search", "rows": (), "full": False})
    found = search_patients(visit.deeds, session, text, LIMIT + 1)
    return Page("search.html", {
        "here": "search", "text": text, "rows": found.rows[:LIMIT], "full": len(found.rows) > LIMIT,
        "chart": may(session, Permission.SEE_CHART), "unlogged": not found.logged,
    })  # fmt: skip
