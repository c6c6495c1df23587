"""What distrusted people did that stays in force: the person named with the distrust keeps or undoes each deed."""

from __future__ import annotations

from dataclasses import dataclass

from codedark.access import Permission
from codedark.actions import review_deed
from codedark.errors import NotFound
from codedark.tongue import noted
from codedark.views import LastingDeed
from codedark.web.answers import Answer, Move, Page, Visit
from codedark.web.wording import entry_name

_WORDS = {
    "person.enrolled": noted("gave an account"),
    "person.changed": noted("changed an account"),
    "unit.card.issued": noted("made an envelope"),
    "config.set": noted("changed a setting"),
    "deed.proposed": noted("proposed a deed of two people"),
    "deed.decided": noted("decided a deed of two people"),
    "source.distrusted": noted("took a source out, or back in"),
    "source.held": noted("held a source back"),
    "source.released": noted("released a source"),
    "worklist.decided": noted("decided an item of the worklist"),
    "origin.adopted": noted("adopted this record"),
}
"""What each lasting deed is called on the page."""


@dataclass(frozen=True, slots=True)
class Row:
    """One deed as drawn. `said`: (name, value); `mine`: the reader is the one named to look at it."""

    deed: LastingDeed
    entry: str
    words: str
    by: str
    said: tuple[tuple[str, str], ...]
    reviewer: str
    mine: bool


def reviews(visit: Visit) -> Answer:
    """GET /reviews: those nobody has looked at first, then the others."""
    session = visit.need(Permission.DISTRUST)
    names = {account.person: account.name for account in visit.record.accounts()}
    rows = [
        Row(
            deed=deed,
            entry=entry_name(deed.position),
            words=_WORDS.get(deed.kind, deed.kind),
            by=names.get(deed.person, deed.person),
            said=tuple((name, str(value)) for name, value in deed.about.items() if value not in (None, "", False)),
            reviewer=names.get(deed.reviewer, deed.reviewer),
            mine=deed.reviewer == session.person,
        )
        for deed in visit.record.lasting_deeds()
    ]
    waiting, done = [[row for row in rows if bool(row.deed.reviewed_by) is seen] for seen in (False, True)]
    return Page("reviews.html", {"here": "two-people", "waiting": waiting, "done": done})


def keep_or_undo(visit: Visit) -> Answer:
    """POST /reviews: the reviewer's word about one deed."""
    session, form = visit.need(Permission.DISTRUST), visit.form
    entry, answer = form.get("entry", ""), form.get("answer", "")
    if not (entry.isascii() and entry.isdigit() and len(entry) < 19) or answer not in ("keep", "undo"):
        raise NotFound("no such deed on this page")
    review_deed(visit.deeds, session, int(entry), undo=answer == "undo", note=form.get("note", "").strip())
    return Move("/reviews")
