"""Deeds that take two people, each at a screen of their own: what waits, a yes or no, and what may be proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import segno

from codedark.access import NewUnitCard, Session, approves, may
from codedark.actions import TWO_PERSON_DEEDS, decide, fingerprint, propose
from codedark.errors import ActionRefused, NotFound
from codedark.tongue import noted
from codedark.views import Proposal
from codedark.web.answers import Answer, Move, Page, Visit

_ROWS = 50
_WORDS = {
    "distrust": noted("Take a source out of the charts"),
    "trust_again": noted("Take a source back into the charts"),
    "enrol_person": noted("Give an account"),
    "change_person": noted("Change an account"),
    "issue_unit_card": noted("Make a new envelope"),
    "adopt_origin": noted("Take this restored record for the facility's"),
    "rotate_key": noted("Make the next facility key, from three cards"),
    "resplit_cards": noted("Make five new cards of the same root"),
    "pin_witness": noted("Say that a second machine counts as a witness, or no more"),
}
"""What each deed is called on the page."""
NOT_SHOWN, NO_ROLES = noted("a new one, not shown"), noted("no roles")
ARGUMENTS = (
    noted("source"), noted("since"), noted("until"), noted("reason"), noted("reviewer"), noted("login"), noted("name"),
    noted("password"), noted("person"), noted("roles"), noted("active"), noted("unit"), noted("origin"), noted("key"),
    noted("endorsement"), noted("generation"), noted("recipient"),
)  # fmt: skip
"""What the arguments of a deed are called on the page, where a language has other words."""
_TIMES = frozenset({"since_us", "until_us"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """One proposal as drawn. `said`: (argument, value) in words; `seen`: its fingerprint, sent back with a yes."""

    proposal: Proposal
    words: str
    author: str
    said: tuple[tuple[str, str], ...]
    seen: str
    mine: bool


def two_people(visit: Visit) -> Answer:
    """GET /two-people: what waits for a second person, and the forms to propose."""
    session = _one_of_two(visit)
    able = {name for name, deed in TWO_PERSON_DEEDS.items() if may(session, deed.permission)}
    found = [one for one in visit.record.proposals() if one.deed in able]
    rows = [_waiting(visit, session, one) for one in found if not one.decided][:_ROWS]
    done = [_waiting(visit, session, one) for one in found if one.decided][:_ROWS]
    return Page("two_people.html", {
        "here": "two-people", "rows": rows, "done": done, "able": able,
        "units": [row.unit for row in visit.record.units() if row.unit],
        "sources": [f"feed:{feed.feed}" for feed in visit.record.feeds()], "out": visit.record.distrusted(),
    })  # fmt: skip


def propose_or_decide(visit: Visit) -> Answer:
    """POST /two-people: a proposal, or the second person's yes or no. A new envelope is shown once, in the answer."""
    session, form = _one_of_two(visit), visit.form
    if "deed" in form:
        propose(visit.deeds, session, form["deed"], _arguments(form))
        return Move("/two-people")
    approved = form.get("answer") == "yes"
    reason = form.get("reason", "").strip()
    seen = form.get("seen", "")
    decided = decide(visit.deeds, session, form.get("proposal", ""), approved, reason, seen=seen)
    if decided.card is None:
        return Move("/two-people")
    return Page("unit_card.html", {"here": "two-people", "card": decided.card, "qr": _qr(decided.card)})


def _one_of_two(visit: Visit) -> Session:
    session = visit.who()
    if session.basis != "password" or not approves(session.roles):
        raise ActionRefused("Your role is not one of two people.")
    return session


def _waiting(visit: Visit, session: Session, proposal: Proposal) -> Waiting:
    author = visit.record.person(proposal.person)
    return Waiting(
        proposal=proposal,
        words=_WORDS.get(proposal.deed, proposal.deed),
        author=author.name if author else proposal.person,
        said=tuple(_said(visit, name, value) for name, value in proposal.arguments.items() if value is not None),
        seen=fingerprint(proposal),
        mine=proposal.person == session.person,
    )


def _said(visit: Visit, name: str, value: object) -> tuple[str, str]:
    if name == "password":
        return "password", visit.pen.word(NOT_SHOWN)
    if name in _TIMES and isinstance(value, int):
        return name.removesuffix("_us"), visit.pen.moment(value)
    if name == "person":
        account = visit.record.person(str(value))
        return "person", f"{account.name} ({account.login})" if account else str(value)
    if name == "roles" and isinstance(value, Mapping):
        held = (f"{visit.pen.word(role)}: {', '.join(units)}" for role, units in sorted(value.items()))
        return "roles", "; ".join(held) or visit.pen.word(NO_ROLES)
    return name, str(value)


def _arguments(form: Mapping[str, str]) -> dict[str, object]:
    """The arguments of the forms of this page. Others are proposed from the console."""
    if form["deed"] == "issue_unit_card":
        return {"unit": form.get("unit", "")}
    if form["deed"] in ("distrust", "trust_again"):
        until = form.get("until", "").strip()
        return {
            "source": form.get("source", "").strip(),
            "since_us": _moment_us(form.get("since", "").strip()),
            "until_us": _moment_us(until) if until else None,
            "reason": form.get("reason", "").strip(),
        }
    raise NotFound("no such deed on this page")


def _moment_us(text: str) -> int:
    """µs of a moment with its offset, or of an exact number of µs that this page wrote itself."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ActionRefused("this is no moment", hint="Write it as 2026-11-24T03:12-05:00, with the offset or Z.")
    return int(moment.timestamp() * 1_000_000)


def _qr(card: NewUnitCard) -> str:
    return str(segno.make(card.secret, error="m").svg_data_uri(scale=4, border=4))
