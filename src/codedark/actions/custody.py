"""What is recorded about the cards: that new ones were handed out, and that a drill was held."""

from __future__ import annotations

from codedark.access import Permission, Session
from codedark.actions.deeds import Deeds, keep, permit
from codedark.entries import CardsSplit, DrillDone
from codedark.errors import ActionRefused
from codedark.journal import Receipt


def cards_split(deeds: Deeds, session: Session, proposal: str, set_id: int) -> Receipt:
    """Five new cards were shown, as two people decided. `set_id`: number of the new set."""
    permit(deeds, session, Permission.CHANGE_KEYS)
    return keep(deeds, session, CardsSplit(set=set_id, proposal=proposal, person=session.person))


def may_drill(deeds: Deeds, session: Session) -> None:
    """Raise ActionRefused unless this person may hold a drill, before any card is read."""
    permit(deeds, session, Permission.DRILL_ESCROW)
    if session.basis != "password":
        raise ActionRefused("a drill is held by a person with an account")


def drill_done(deeds: Deeds, session: Session, set_id: int, epochs: int, entries: int, failed: int) -> Receipt:
    """A drill was held, and how it ended."""
    may_drill(deeds, session)
    return keep(deeds, session, DrillDone(
        set=set_id, epochs=epochs, entries=entries, failed=failed, person=session.person,
    ))  # fmt: skip
