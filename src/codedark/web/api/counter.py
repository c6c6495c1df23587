"""The counter: who asks, whether they may, and which answer they get. Runs in a thread, never raises.

Whatever goes wrong is an OperationOutcome. A failure of our own says and logs a random number, the class of the error
and the line of code, never its message.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from email.utils import formatdate
from zoneinfo import ZoneInfo

import structlog

from codedark.access import Permission, may
from codedark.actions import Deeds, enter_interface, interface_open, log_in, log_out, read_by_program
from codedark.clock import Chance, Clock
from codedark.errors import ActionRefused, JournalError, NotFound
from codedark.fhir import encode, is_id, is_type
from codedark.views import Record
from codedark.web.api import audit, capability, everything, summary
from codedark.web.api.asking import Asked, Call, Reply
from codedark.web.api.cursors import Cursors
from codedark.web.api.dressing import Dresser, instant, version
from codedark.web.api.outcome import Declined, lost, refusal
from codedark.web.api.parameters import TYPES
from codedark.web.api.searching import dressed, owner_of, search
from codedark.web.gate import SESSION_COOKIE, Gate

TOKEN_S = 1800
"""A token is a session that nobody touches: it ends when an unused one does."""
_log = structlog.get_logger("codedark.web")
_JSON = frozenset({"json", "application/json", "application/fhir+json", "text/json", "application/fhir json"})
_BEARER = (("WWW-Authenticate", 'Bearer realm="codedark"'),)


@dataclass(frozen=True, slots=True)
class Counter:
    """Everything that an answer needs, handed in once. `zone`: of the facility, by the record."""

    record_factory: Callable[[], Record]
    deeds_factory: Callable[[], Deeds]
    gate: Gate
    cursors: Cursors
    facility: str
    zone: Callable[[Record], ZoneInfo]
    clock: Clock
    chance: Chance
    place: Callable[[Exception], str]

    def serve(self, asked: Asked) -> Reply:
        """One request from its token to its bytes."""
        try:
            moment = nullcontext() if asked.path == ("token",) else self.record_factory().at_one_moment()
            with moment:
                return self._answered(asked)
        except Declined as error:
            return Reply(error.status, refusal(error), error.headers)
        except NotFound:
            return Reply(404, refusal(lost()))
        except ActionRefused as error:
            return Reply(403, refusal(Declined(403, "forbidden", f"Refused: {error}.")))
        except JournalError:
            words = "What is read here is kept first, and nothing can be kept now. Read it on the ward's pages."
            return Reply(503, refusal(Declined(503, "transient", words)), (("Retry-After", "30"),))
        except Exception as error:
            return self.broken(error)

    def broken(self, error: Exception) -> Reply:
        """A failure of our own: its number, in the answer and in the log."""
        number = self.chance.bytes(4).hex()
        _log.error("interface broke", number=number, error=type(error).__name__, place=self.place(error))
        return Reply(500, refusal(Declined(500, "exception", f"This could not be answered. Number {number}.")))

    def _answered(self, asked: Asked) -> Reply:
        deeds = self.deeds_factory()
        if not interface_open(deeds):
            raise Declined(404, "not-supported", "The FHIR interface is off at this node.")
        if asked.path == ("token",):
            return self._token(asked, deeds)
        _acceptable(asked)
        if asked.path == ("metadata",) and asked.method == "GET":
            return Reply(200, capability.statement(asked.base, self.facility, instant(self.clock.now_us())))
        call = self._call(asked, deeds)
        if asked.path[:1] == ("AuditEvent",):
            return audit.answer(call)
        enter_interface(deeds, call.session)
        return self._routed(call)

    def _call(self, asked: Asked, deeds: Deeds) -> Call:
        record, now_us = self.record_factory(), self.clock.now_us()
        session = self.gate.session({SESSION_COOKIE: asked.token}, record, now_us)
        if session is None:
            raise Declined(401, "login", "Log in: a bearer token from /fhir/token, or a person's session.", _BEARER)
        if asked.by_cookie and asked.headers.get("sec-fetch-site", "") not in ("", "same-origin", "none"):
            raise Declined(403, "forbidden", "This request comes from another site.")
        trusted = record.as_of().ages_hold(now_us, self.clock.trusted())
        dresser = Dresser(now_us, trusted)
        return Call(asked, session, record, deeds, record.holdings(), dresser, self.zone(record))

    def _routed(self, call: Call) -> Reply:
        path, method = call.asked.path, call.asked.method
        type_ = path[0] if path else ""
        if not is_type(type_):
            raise lost()
        if method == "POST":
            if path[1:] != ("_search",):
                raise Declined(405, "not-supported", "This interface only reads.", (("Allow", "GET, HEAD"),))
            path = path[:1]
        if len(path) == 1:
            if type_ not in TYPES:
                raise Declined(404, "not-supported", "This type is not searched here.")
            return search(call, type_, self.cursors)
        if not is_id(path[1]):
            raise lost()
        if len(path) == 2:
            return _read(call, type_, path[1])
        if len(path) == 3 and type_ == "Patient" and path[2] == "$everything":
            return everything.answer(call, path[1])
        if len(path) == 3 and type_ == "Patient" and path[2] == "$summary":
            return summary.answer(call, path[1], self.facility)
        if len(path) == 4 and path[2] == "_history":
            return _read(call, type_, path[1], path[3])
        raise lost()

    def _token(self, asked: Asked, deeds: Deeds) -> Reply:
        """RFC 6749, section 4.4: client credentials. The account is the program's own."""
        if asked.method != "POST":
            raise Declined(405, "not-supported", "A token is asked for by POST.", (("Allow", "POST"),))
        form = dict(asked.pairs)
        if form.get("grant_type") != "client_credentials":
            return _oauth(400, {"error": "unsupported_grant_type"})
        login, secret = _credentials(asked, form)
        try:
            session = log_in(deeds, login, secret, asked.device)
        except ActionRefused:
            return _oauth(401, {"error": "invalid_client"}, (("WWW-Authenticate", "Basic"),))
        if not (may(session, Permission.USE_API) or may(session, Permission.SEE_READ_LOG)):
            log_out(deeds, session, "no program's account")
            return _oauth(400, {"error": "unauthorized_client"})
        token = self.gate.cookies.seal(session)
        return _oauth(200, {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_S})  # nosec B105


def _oauth(status: int, told: dict[str, object], headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return Reply(status, encode(told), (("Pragma", "no-cache"), *headers), "application/json")


def _credentials(asked: Asked, form: dict[str, str]) -> tuple[str, str]:
    """Of `Authorization: Basic`, else of the form."""
    scheme, _, said = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        login, _, secret = base64.b64decode(said, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return login, secret


def _acceptable(asked: Asked) -> None:
    """Raise `Declined` when the client wants another form than JSON."""
    wanted = next((value.lower() for name, value in asked.pairs if name == "_format"), "")
    if wanted:
        if wanted.split(";")[0].strip() not in _JSON:
            raise Declined(406, "not-supported", "This interface speaks JSON only.")
        return
    taken = [part.split(";")[0].strip().lower() for part in asked.headers.get("accept", "*/*").split(",")]
    if not any(each in _JSON or each in ("*/*", "application/*", "") for each in taken):
        raise Declined(406, "not-supported", "This interface speaks JSON only.")


def _read(call: Call, type_: str, id_: str, wanted: str = "") -> Reply:
    """read and vread (R4 4.0.1, http.html#read): only the version as it stands is there."""
    held = call.holdings.one(type_, id_)
    whose = owner_of(call, held)
    if whose is not None:
        read_by_program(call.deeds, call.session, [whose])
    now = version(held)
    if wanted not in ("", now):
        raise Declined(404, "not-found", "Only the version as it stands now is held here.")
    tag = f'W/"{now}"'
    moved = (("ETag", tag), ("Last-Modified", _http_date(held.recorded_us)))
    if tag in [each.strip() for each in call.asked.headers.get("if-none-match", "").split(",")]:
        return Reply(304, b"", moved)
    return Reply(200, dressed(call, held), moved)


def _http_date(us: int) -> str:
    return formatdate(us / 1_000_000, usegmt=True)
