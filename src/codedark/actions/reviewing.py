"""What a distrusted person did, looked at by the second person who was named with the distrust.

Each deed is kept in force, or undone by its own opposite: what took two people takes two again (the reviewer proposes,
another approves), what took one is done at once. Nothing is undone by itself, and nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from codedark.access import Permission, Session, approves
from codedark.actions.deeds import Deeds, keep, permit, refused
from codedark.actions.holding import hold_source, release_source
from codedark.actions.roster import known, write_change
from codedark.actions.rules import set_config
from codedark.actions.two_people import propose
from codedark.entries import DeedReviewed, WorklistDecided
from codedark.errors import ActionRefused, NotFound
from codedark.views import REOPENED, WITNESS, LastingDeed

Undo = Callable[[Deeds, Session, LastingDeed], str]


def review_deed(deeds: Deeds, session: Session, position: int, *, undo: bool, note: str = "") -> str:
    """Keep a deed of a distrusted person in force, or undo it; what was done, in words.

    Only the person named with the distrust may. Raises ActionRefused (somebody else; a deed that only people can make
    good), NotFound.
    """
    permit(deeds, session, Permission.DISTRUST)
    deed = next((each for each in deeds.record.lasting_deeds() if each.position == position), None)
    if deed is None:
        raise NotFound("no such deed of somebody who is distrusted")
    if session.basis != "password" or session.person != deed.reviewer:
        raise refused(deeds, session, "review_deed", "another person was named to look at this deed")
    how = _undone(deeds, session, deed) if undo else "kept in force"
    keep(deeds, session, DeedReviewed(position=position, person=session.person, undone=undo, how=how, note=note))
    return how


def _undone(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    if deed.in_force is False:
        return "no longer in force"
    one = _UNDO.get(deed.kind)
    if one is None:
        raise ActionRefused("this cannot be undone from here", hint=_BY_HAND.get(deed.kind, "Ask an administrator."))
    return one(deeds, session, deed)


def _close_account(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    return _set_account(deeds, session, str(deed.about["person"]), {"active": False})


def _account_before(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    changed: dict[str, Any] = {
        name: deed.before[name] for name in ("roles", "active") if name in deed.about and name in deed.before
    }
    if not changed:
        raise ActionRefused(
            "a password was changed; the one before is not known", hint="Set a new one: `codedark person password`."
        )
    return _set_account(deeds, session, str(deed.about["person"]), changed)


def _set_account(deeds: Deeds, session: Session, person: str, change: Mapping[str, Any]) -> str:
    if "roles" in change or approves(known(deeds, person).roles):
        return _proposed(deeds, session, "change_person", {"person": person, **change})
    permit(deeds, session, Permission.CHANGE_PERSON)
    write_change(deeds, session, person, None, None, bool(change["active"]))
    return "account opened again" if change["active"] else "account closed"


def _new_envelope(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    return _proposed(deeds, session, "issue_unit_card", {"unit": deed.about["unit"]})


def _setting_before(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    key = str(deed.about["key"])
    if key.startswith(WITNESS):
        arguments = {"name": key.removeprefix(WITNESS), "key": str(deed.before.get("value", "")), "reason": "reviewed"}
        return _proposed(deeds, session, "pin_witness", arguments)
    set_config(deeds, session, key, deed.before.get("value"))
    return "the value before is set again"


def _trust_before(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    names = ("source", "since_us", "until_us")
    arguments = {name: deed.about[name] for name in names if deed.about.get(name) is not None}
    opposite = "distrust" if deed.about.get("undo") else "trust_again"
    return _proposed(deeds, session, opposite, {**arguments, "reason": "a distrusted person's deed is undone"})


def _released(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    release_source(deeds, session, str(deed.about["source"]), "a distrusted person's hold is undone")
    return "released"


def _held_again(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    since = deed.before.get("since_us")
    since_us = since if isinstance(since, int) else None
    hold_source(deeds, session, str(deed.about["source"]), "a distrusted person's release is undone", since_us=since_us)
    return "held again"


def _open_item(deeds: Deeds, session: Session, deed: LastingDeed) -> str:
    permit(deeds, session, Permission.DECIDE_WORKLIST)
    keep(deeds, session, WorklistDecided(item=str(deed.about["item"]), person=session.person, decision=REOPENED))
    return "on the worklist again"


def _proposed(deeds: Deeds, session: Session, deed: str, arguments: Mapping[str, Any]) -> str:
    return f"proposed, a second person decides: {deed} {propose(deeds, session, deed, arguments)}"


_UNDO: dict[str, Undo] = {
    "person.enrolled": _close_account,
    "person.changed": _account_before,
    "unit.card.issued": _new_envelope,
    "config.set": _setting_before,
    "source.distrusted": _trust_before,
    "source.held": _released,
    "source.released": _held_again,
    "worklist.decided": _open_item,
}
_BY_HAND = {
    "origin.adopted": "Two people decide anew which record is the facility's: restore it into a new origin.",
    "deed.proposed": "What it led to is listed as a deed of whoever approved it; undo that, or propose the opposite.",
    "deed.decided": "What it led to is listed by itself: undo that.",
}
