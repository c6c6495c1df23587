"""Coming in and going out: password, unit envelope, lock."""

from __future__ import annotations

import re

from codedark.actions import log_in, log_out, open_envelope
from codedark.errors import ActionRefused, NotFound
from codedark.web.answers import REFUSALS, Answer, Move, Page, Visit

_OWN_PATH = re.compile(r"^/(?:units|beds\?unit=[A-Za-z0-9%._~-]{1,200}|chart/[0-9a-f-]{36}|worklist|feeds|reads|help)$")


def own_path(path: str) -> str:
    """`path` when it is one of our own pages, else the units page: a log-in never leads out of the house."""
    return path if _OWN_PATH.match(path) else "/units"


def login_form(visit: Visit) -> Answer:
    """GET /login."""
    return Page("login.html", {"next": own_path(visit.query.get("next", "")), "expired": "next" in visit.query,
                               "refused": "", "hint": ""})  # fmt: skip


def login(visit: Visit) -> Answer:
    """POST /login. One sentence for every wrong log-in: whether the account exists is not said."""
    form, back = visit.form, own_path(visit.form.get("next", ""))
    try:
        session = log_in(visit.deeds, form.get("login", "").strip(), form.get("password", ""), visit.device)
    except ActionRefused as error:
        return Page("login.html", {"next": back, "expired": False, "refused": str(error), "hint": error.hint}, 403)
    _end_the_one_before(visit)
    return Move(back, entered=session)


def envelope_form(visit: Visit) -> Answer:
    """GET /envelope."""
    return Page("envelope.html", {"refused": "", "hint": "", "unit": "", "claimed": "", "witness": ""})


def envelope(visit: Visit) -> Answer:
    """POST /envelope. What was typed stays in the form, except the code."""
    typed = {name: visit.form.get(name, "").strip() for name in ("unit", "claimed", "witness")}
    try:
        session = open_envelope(
            visit.deeds, typed["unit"], visit.form.get("code", ""), typed["claimed"], typed["witness"], visit.device
        )
    except ActionRefused as error:
        return Page("envelope.html", {**typed, "refused": str(error), "hint": error.hint}, 403)
    _end_the_one_before(visit)
    return Move("/units", entered=session)


def _end_the_one_before(visit: Visit) -> None:
    """One screen, one session: who logs in over somebody's open session ends it."""
    if visit.session is not None:
        log_out(visit.deeds, visit.session, "another log-in")


def language(visit: Visit) -> Answer:
    """POST /language: this browser speaks another language from now on, on the page where it was."""
    wish = visit.form.get("language", "")
    if wish not in visit.settings.languages:
        raise NotFound("no such language")
    back = own_path(visit.form.get("next", ""))
    return Move(back if visit.session is not None else "/login", language=wish)


def said_no(visit: Visit) -> Answer:
    """GET /refused: what was refused to a form, from the sealed slip in the address."""
    visit.who()
    page = visit.form.get("page", "")
    if page not in REFUSALS:
        raise NotFound("nothing was refused")
    context = {name: visit.form.get(name, "") for name in ("reason", "hint")}
    return Page(page, context, REFUSALS[page])


def lock(visit: Visit) -> Answer:
    """POST /lock: the session ends now; whoever logs in next goes on where this screen was."""
    if visit.session is not None:
        log_out(visit.deeds, visit.session, "lock")
    back = own_path(visit.form.get("next", ""))
    return Move("/login" if back == "/units" else f"/login?next={_quoted(back)}", left=True)


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3F").replace("=", "%3D")
