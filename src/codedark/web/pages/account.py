"""One's own account: a new password, with the old one. It ends every screen that was opened with the old one."""

from __future__ import annotations

from codedark.access import AttemptLane
from codedark.actions import change_person
from codedark.clock import US_PER_S
from codedark.errors import ActionRefused
from codedark.tongue import noted
from codedark.web.answers import Answer, Move, Page, Visit

_WAIT = noted("Too many wrong attempts from this device: wait %(seconds)s s")


def password_form(visit: Visit) -> Answer:
    """GET /password."""
    if visit.who().basis != "password":
        raise ActionRefused("An opened envelope has no password.")
    return Page("password.html", {"refused": "", "hint": ""})


def password(visit: Visit) -> Answer:
    """POST /password. Guessing the old one at a screen that was left open is slowed like a log-in."""
    session, form = visit.who(), visit.form
    throttle, steady_us = visit.deeds.throttle, visit.deeds.clock.steady_us()
    wait_us = throttle.wait_us(AttemptLane.PASSWORD, visit.device, steady_us)
    if wait_us:
        return _again(_WAIT % {"seconds": -(-wait_us // US_PER_S)}, "")
    if form.get("new", "") != form.get("again", ""):
        return _again(noted("The two new passwords are not the same"), noted("Type the new one twice."))
    try:
        change_person(
            visit.deeds, session, session.person, password=form.get("new", ""), old_password=form.get("old", "")
        )
    except ActionRefused as error:
        throttle.wrong(AttemptLane.PASSWORD, visit.device, steady_us)
        return _again(str(error), error.hint)
    return Move("/login", left=True)


def _again(refused: str, hint: str) -> Page:
    return Page("password.html", {"refused": refused, "hint": hint}, 403)
