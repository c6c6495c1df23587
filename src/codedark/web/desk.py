"""The desk: takes one request to its page function and turns the answer into bytes. Runs in a thread, never raises.

Whatever goes wrong becomes a designed page. A failure of our own shows and logs a random number, the class of the
error and the line of code: never its message, which could quote a patient.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from codedark.access import AttemptLane, Session
from codedark.actions import Deeds, refused
from codedark.clock import Chance, Clock
from codedark.errors import ActionRefused, CodedarkError, NotFound
from codedark.tongue import LANGUAGES, chosen
from codedark.views import Record
from codedark.web.answers import NEWS_AT, REFUSALS, REFUSED_AT, Answer, Document, Move, Page, Visit, WebSettings
from codedark.web.doorways import Doorway
from codedark.web.drawing import Drawer, Frame, offers
from codedark.web.gate import FORM_COOKIE, LANGUAGE_COOKIE, Gate, language_cookie, new_nonce, nonce_cookie
from codedark.web.pen import Pen
from codedark.web.state import StateLine, state_line

_HTML = "text/html; charset=utf-8"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
"""Own files only; nothing in a page may turn text into script or markup: Trusted Types with no policy at all."""
DOCUMENT_POLICY = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For a PDF of our own: a browser's viewer counts as an object, which `default-src 'none'` would forbid."""
SLIP = "slip"
"""In an address: a form that only asks, sealed (`Gate.slip`)."""
OLD_AFTER = "record.old_after_s"
"""The folded setting (`config.set`) for the age in seconds at which the line of state turns amber."""
_AFTER_S = 5
_OWN_PLACE = re.compile(r"^/(?:[a-z]|$)")
"""What a page may link back to: `//elsewhere` would lead out of the house."""
_log = structlog.get_logger("codedark.web")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request without its library. `jar`: cookies; `arguments`: from the path."""

    method: str
    path: str
    query: Mapping[str, str]
    query_text: str
    form: Mapping[str, str]
    arguments: Mapping[str, str]
    headers: Mapping[str, str]
    jar: Mapping[str, str]
    device: str

    @property
    def nonce(self) -> str:
        """The visitor's form nonce, "" when there is none."""
        text = self.jar.get(FORM_COOKIE, "")
        return text if len(text) == 32 and text.isalnum() else ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A response without its library. `policy`: its Content-Security-Policy."""

    status: int
    body: bytes
    media_type: str = _HTML
    headers: tuple[tuple[str, str], ...] = ()
    policy: str = PAGE_POLICY


@dataclass(slots=True)
class Turn:
    """What one request gathers on its way."""

    incoming: Incoming
    visit: Visit
    nonce: str
    cookies: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a request needs, handed in once."""

    record_factory: Callable[[], Record]
    deeds_factory: Callable[[], Deeds]
    gate: Gate
    settings: WebSettings
    clock: Clock
    chance: Chance
    drawer: Drawer

    def serve(self, incoming: Incoming, way: Doorway) -> Outgoing:
        """One request from its gate to its bytes."""
        try:
            # Line of state and content of one page are of one state. A form may wait, for a hash or a printer.
            one = nullcontext() if incoming.method == "POST" else self.record_factory().at_one_moment()
            with one:
                turn = self._begin(incoming)
                return self._finish(turn, self._answer(turn, way))
        except Exception as error:
            return self._broken(error, incoming)

    def lost(self, incoming: Incoming) -> Outgoing:
        """The page for an address that leads nowhere."""
        try:
            return self._finish(self._begin(incoming), Page("lost.html", status=404))
        except Exception as error:
            return self._broken(error, incoming)

    def slowed(self, lane: AttemptLane, seconds: int) -> Outgoing:
        """What a device is told that got it wrong too often: made without the record, so that it can be made once."""
        facts = {"seconds": seconds, "password": lane is AttemptLane.PASSWORD, "demo": self.settings.demo}
        body = self.drawer.slowed(self.settings.languages, facility=self.settings.facility, **facts)
        return Outgoing(429, body, headers=(("Retry-After", str(seconds)),))

    def crowded(self) -> Outgoing:
        """What is said when too many wait already: also made without the record."""
        facts = {"seconds": 0, "password": False, "demo": self.settings.demo}  # nosec B105 - whether it was one
        body = self.drawer.slowed(self.settings.languages, facility=self.settings.facility, **facts)
        return Outgoing(503, body, headers=(("Retry-After", "2"),))

    def _begin(self, incoming: Incoming) -> Turn:
        record, now_us = self.record_factory(), self.clock.now_us()
        language = self._language(incoming)
        pen = Pen(now_us, self.zone(record), record.as_of().ages_hold(now_us, self.clock.trusted()), language)
        session = self.gate.session(incoming.jar, record, now_us)
        form, slip = incoming.form, incoming.query.get(SLIP, "")
        if slip and session is not None and incoming.method != "POST":
            form = self.gate.asked(session, incoming.path, slip)
        visit = Visit(
            path=incoming.path, query=incoming.query, form=form, device=incoming.device, record=record,
            deeds=self.deeds_factory(), pen=pen, settings=self.settings, session=session,
            language=language,
        )  # fmt: skip
        nonce = incoming.nonce or new_nonce(self.chance)
        turn = Turn(incoming, visit, nonce)
        if session is None and not incoming.nonce:
            turn.cookies.append(("Set-Cookie", nonce_cookie(nonce)))
        return turn

    def _language(self, incoming: Incoming) -> str:
        wish, accepted = incoming.jar.get(LANGUAGE_COOKIE, ""), incoming.headers.get("accept-language", "")
        return chosen(wish, accepted, self.settings.languages)

    def _answer(self, turn: Turn, way: Doorway) -> Answer:
        incoming, session = turn.incoming, turn.visit.session
        if incoming.method == "POST":
            if session is None and not way.open:
                return Move("/login")
            if not self.gate.own_form(incoming.headers, incoming.form, session, incoming.nonce):
                _log.warning("form refused", host=incoming.device, reason="from no page of ours, or of another session")
                return Page("stale.html", status=403)
        elif session is None and not way.open:
            return Move("/login" if incoming.path == "/" else f"/login?next={quote(_address(incoming), safe='')}")
        try:
            if session is not None and not way.admits(session):
                sentence = f"Your role does not let you {way.guard.value}."
                raise refused(turn.visit.deeds, session, way.guard.name.lower(), sentence)
            if way.asks and session is not None and (slip := self._slip(incoming, session)):
                return Move(f"{incoming.path}?{SLIP}={slip}")
            return way.page(turn.visit, **incoming.arguments)
        except NotFound:
            return Page("lost.html", status=404)
        except ActionRefused as error:
            return Page("refused.html", {"reason": str(error), "hint": error.hint}, 403)

    def _slip(self, incoming: Incoming, session: Session) -> str:
        return self.gate.slip(session, incoming.path, incoming.form) if incoming.method == "POST" else ""

    def _finish(self, turn: Turn, answer: Answer) -> Outgoing:
        answer = self._elsewhere(turn, answer)
        if isinstance(answer, Move):
            return self._moved(turn, answer)
        if turn.visit.session is not None and not (isinstance(answer, Document) and answer.idle):
            turn.cookies.append(("Set-Cookie", self.gate.session_cookie(turn.visit.session)))
            turn.cookies.append(("Refresh", _leaving(turn.visit.session, turn.visit.pen.now_us)))
        if isinstance(answer, Document):
            disposition = f'inline; filename="{answer.name}"'
            headers = (*turn.cookies, ("Content-Disposition", disposition))
            return Outgoing(200, answer.body, answer.media_type, headers, DOCUMENT_POLICY)
        body = self.drawer.page(answer.template, answer.context, self._frame(turn, answer.watch), turn.visit.pen)
        return Outgoing(answer.status, body, headers=tuple(turn.cookies))

    def _elsewhere(self, turn: Turn, answer: Answer) -> Answer:
        """What was refused to a form is said at another address: a browser keeps what was posted for the page that it
        shows, and an MRN with it."""
        session = turn.visit.session
        if session is None or turn.incoming.method != "POST":
            return answer
        if not isinstance(answer, Page) or answer.template not in REFUSALS:
            return answer
        said = {"page": answer.template} | {name: str(answer.context.get(name, "")) for name in ("reason", "hint")}
        slip = self.gate.slip(session, REFUSED_AT, said)
        return Move(f"{REFUSED_AT}?{SLIP}={slip}") if slip else answer

    def _moved(self, turn: Turn, move: Move) -> Outgoing:
        if move.entered is not None or move.left:
            turn.cookies.append(("Set-Cookie", self.gate.session_cookie(move.entered)))
        if move.language:
            turn.cookies.append(("Set-Cookie", language_cookie(move.language)))
        return Outgoing(303, b"", headers=(("Location", move.path), *turn.cookies))

    def _frame(self, turn: Turn, watch: Mapping[str, str]) -> Frame:
        session, pen, incoming = turn.visit.session, turn.visit.pen, turn.incoming
        return Frame(
            facility=self.settings.facility,
            demo=self.settings.demo,
            state=self._state(turn.visit.record, pen),
            session=session,
            token=self.gate.form_token(session, turn.nonce),
            path=_address(incoming),
            until=_until(session, pen),
            can=offers(session),
            language=turn.visit.language,
            news=self._news(turn, watch),
            languages=tuple(code for code in self.settings.languages if code in LANGUAGES),
        )

    def _news(self, turn: Turn, watch: Mapping[str, str]) -> str:
        """Where this page asks how much came since it was drawn: sealed, so it can ask for itself alone."""
        session = turn.visit.session
        if session is None or not watch:
            return ""
        asked = {"at": str(turn.visit.record.as_of().position), **watch}
        slip = self.gate.slip(session, NEWS_AT, asked)
        return f"{NEWS_AT}?{SLIP}={slip}" if slip else ""

    def _state(self, record: Record, pen: Pen) -> StateLine:
        threshold = record.settings().get(OLD_AFTER, self.settings.old_after_s)
        return state_line(
            record.as_of(),
            record.feeds(),
            now_us=pen.now_us,
            zone=pen.zone,
            threshold_s=threshold if isinstance(threshold, int) and threshold > 0 else self.settings.old_after_s,
            clock_trusted=pen.trusted and self.clock.trusted(),
            language=pen.language,
        )

    def zone(self, record: Record) -> ZoneInfo:
        """The facility's zone as folded, else as configured."""
        name: Any = record.settings().get("facility.zone", self.settings.zone)
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            return ZoneInfo("UTC")

    def _broken(self, error: Exception, incoming: Incoming) -> Outgoing:
        number = self.chance.bytes(4).hex()
        _log.error("page broke", number=number, error=type(error).__name__, place=place_of(error))
        if isinstance(error, CodedarkError):
            _log.error("hint", number=number, hint=error.hint)
        language = self._language(incoming)
        return Outgoing(500, self.drawer.broken(number, self.settings.facility, language))


def _address(incoming: Incoming) -> str:
    path = quote(incoming.path, safe="/")
    if not _OWN_PLACE.match(path):
        return "/units"
    return f"{path}?{incoming.query_text}" if incoming.query_text else path


def _leaving(session: Session, now_us: int) -> str:
    """A screen that nobody uses shows no patient once its session is over: the browser leaves by itself, no script."""
    return f"{max(0, session.closes_us - now_us) // 1_000_000 + _AFTER_S}; url=/login"


def _until(session: Session | None, pen: Pen) -> str:
    return pen.short(session.until_us) if session and session.basis == "envelope" else ""


def place_of(error: Exception) -> str:
    """File and line at which our code failed: all of a failure that may be logged."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
