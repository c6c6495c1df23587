"""Every page there is: where it stands, who may open it, whether it shows patients. No route without all three.

The guard is asked before the page's function, which asks again for the unit; the roles behind it are those of
docs/reference/roles.md. What shows patients names how the read log calls it, and a test opens each such page as each
role and looks for its row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from codedark.access import Permission, Session, approves, may
from codedark.web.answers import NEWS_AT, REFUSED_AT, Answer, Press
from codedark.web.pages import (
    account,
    agenda,
    chart,
    entrance,
    locator,
    oversight,
    printers,
    printing,
    reads,
    reports,
    reviews,
    search,
    two_people,
    ward,
)


class Lane(StrEnum):
    """Which threads a request may use."""

    READING = "reading"
    STRANGERS = "strangers"
    PASSWORDS = "passwords"
    ENVELOPES = "envelopes"
    PROGRAMS = "programs"


class Whoever(StrEnum):
    """Guards that are no permission. The value is the sentence shown when it is refused."""

    OPEN = "open this page"
    """Reachable without a session."""
    LOGGED_IN = "open this page without a session"
    ONE_OF_TWO = "be one of two people"
    """Holds a permission of `APPROVING`, and came in by a password."""


Guard = Permission | Whoever
NOBODY = ""
"""This page shows no patient."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """One route. `guard`: who may open it; `shows`: how the read log calls it, `NOBODY` when it shows no patient;
    `asks`: its form only asks for something to see, so it is answered by an address with a sealed slip."""

    method: str
    path: str
    guard: Guard
    shows: str
    page: Callable[..., Answer]
    lane: Lane = Lane.READING
    asks: bool = False

    @property
    def open(self) -> bool:
        """Reachable without a session."""
        return self.guard is Whoever.OPEN

    def admits(self, session: Session) -> bool:
        """Whether this session may open it at all; the page asks again for the unit."""
        if isinstance(self.guard, Permission):
            return may(session, self.guard)
        return self.guard is not Whoever.ONE_OF_TWO or (session.basis == "password" and approves(session.roles))


def doorways(press: Press | None) -> tuple[Doorway, ...]:
    """Every page there is: docs/reference/pages.md lists the same, and a test compares."""
    p, w = Permission, Whoever
    return (
        Doorway("GET", "/", w.LOGGED_IN, NOBODY, ward.home),
        Doorway("GET", "/login", w.OPEN, NOBODY, entrance.login_form),
        Doorway("POST", "/login", w.OPEN, NOBODY, entrance.login, Lane.PASSWORDS),
        Doorway("GET", "/envelope", w.OPEN, NOBODY, entrance.envelope_form, Lane.ENVELOPES),
        Doorway("POST", "/envelope", w.OPEN, NOBODY, entrance.envelope, Lane.ENVELOPES),
        Doorway("POST", "/language", w.OPEN, NOBODY, entrance.language),
        Doorway("POST", "/lock", w.OPEN, NOBODY, entrance.lock),
        Doorway("GET", NEWS_AT, w.LOGGED_IN, NOBODY, ward.news),
        Doorway("GET", REFUSED_AT, w.LOGGED_IN, NOBODY, entrance.said_no),
        Doorway("GET", "/password", w.LOGGED_IN, NOBODY, account.password_form),
        Doorway("POST", "/password", w.LOGGED_IN, NOBODY, account.password, Lane.PASSWORDS),
        Doorway("GET", "/units", p.SEE_STATUS, NOBODY, ward.units),
        Doorway("GET", "/beds", p.SEE_CENSUS, "census", ward.beds),
        Doorway("GET", "/agenda", p.SEE_CENSUS, "agenda", agenda.agenda),
        Doorway("GET", "/chart/{patient}", p.SEE_CHART, "chart", chart.chart),
        Doorway("POST", "/chart/{patient}", p.SEE_CHART, "chart", chart.chart, asks=True),
        Doorway("GET", "/chart/{patient}/report/{report}", p.SEE_CHART, "chart", reports.in_chart),
        Doorway("POST", "/chart/{patient}/report/{report}", p.SEE_CHART, "chart", reports.in_chart, asks=True),
        Doorway("GET", "/reports", p.RECORD_FACTS, NOBODY, reports.loose),
        Doorway("GET", "/reports/{report}", p.RECORD_FACTS, "report", reports.one),
        Doorway("POST", "/reports/{report}", p.RECORD_FACTS, NOBODY, reports.tie),
        Doorway("GET", "/search", p.SEARCH, NOBODY, search.search),
        Doorway("POST", "/search", p.SEARCH, "search", search.search, asks=True),
        Doorway("GET", "/locator", p.LOCATE, NOBODY, locator.locator),
        Doorway("POST", "/locator", p.LOCATE, "locator", locator.locator, asks=True),
        Doorway("GET", "/worklist", p.SEE_WORKLIST, NOBODY, oversight.worklist),
        Doorway("POST", "/worklist", p.DECIDE_WORKLIST, NOBODY, oversight.decide),
        Doorway("GET", "/feeds", p.SEE_STATUS, NOBODY, oversight.feeds),
        Doorway("POST", "/feeds", p.HOLD_SOURCE, NOBODY, oversight.hold_or_release),
        Doorway("GET", "/reads", p.SEE_READ_LOG, "reads", reads.reads),
        Doorway("POST", "/reads", p.SEE_READ_LOG, "reads", reads.reads, asks=True),
        Doorway("GET", "/reads/export", p.SEE_READ_LOG, "reads", reads.reads),
        Doorway("POST", "/reads/export", p.SEE_READ_LOG, "export", reads.export, asks=True),
        Doorway("GET", "/two-people", w.ONE_OF_TWO, NOBODY, two_people.two_people),
        Doorway("POST", "/two-people", w.ONE_OF_TWO, NOBODY, two_people.propose_or_decide),
        Doorway("GET", "/reviews", p.DISTRUST, NOBODY, reviews.reviews),
        Doorway("POST", "/reviews", p.DISTRUST, NOBODY, reviews.keep_or_undo),
        Doorway("GET", "/print", p.PRINT_UNIT, NOBODY, printing.ask),
        Doorway("POST", "/print", p.PRINT_UNIT, "pack", printing.pack_page(press)),
        Doorway("GET", "/printing", p.PRINT_UNIT, NOBODY, printers.queue),
        Doorway("POST", "/printing", p.PRINT_UNIT, NOBODY, printers.again),
        Doorway("GET", "/help", w.LOGGED_IN, NOBODY, oversight.help_page),
    )
