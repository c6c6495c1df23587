"""The gate before every page: whose session is this, and did this form come from one of our own pages.

Cookies are `__Host-` ones: Secure, HttpOnly, SameSite=Strict, no domain. Every POST carries a token that is a keyed
MAC of the session (or, before log-in, of a random cookie), so another site or another session cannot post for you.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from codedark.access import ClosedSessions, Cookies, Session, derive
from codedark.clock import Chance
from codedark.views import Record

SESSION_COOKIE = "__Host-codedark"
FORM_COOKIE = "__Host-codedark-form"
LANGUAGE_COOKIE = "__Host-codedark-language"
COOKIE_ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Strict"
SLIP_LONGEST = 2048
_OWN_SITE = frozenset({"", "same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Gate:
    """`cookies`: seals sessions; `form_key`: for form tokens; `closed`: of the deeds, sessions that were logged out."""

    cookies: Cookies
    form_key: bytes
    closed: ClosedSessions

    def session(self, jar: Mapping[str, str], record: Record, now_us: int) -> Session | None:
        """The session of this request with the roles its person has *now*; None when there is none or it is over.

        An account that was closed or lost a role loses it at its next click, not at its next log-in; a new password
        ends every session that was opened with the old one.
        """
        token = jar.get(SESSION_COOKIE)
        session = self.cookies.open(token, now_us) if token else None
        if session is None or session in self.closed:
            return None
        folded = record.session(session.session)
        if folded is not None and folded.closed:
            return None  # closed before this process began
        if session.basis != "password":
            return session.touched(now_us)
        account = record.account(session.login)
        if account is None or not account.active or account.person != session.person:
            return None
        if not session.opened_by(account.password):
            return None
        return msgspec.structs.replace(session.touched(now_us), roles=dict(account.roles))

    def form_token(self, session: Session | None, nonce: str) -> str:
        """The token a form of this visitor must carry, 32 hex characters."""
        bound = f"session\x00{session.session}" if session else f"visitor\x00{nonce}"
        return hmac.new(self.form_key, bound.encode(), sha256).hexdigest()[:32]

    def own_form(
        self, headers: Mapping[str, str], form: Mapping[str, str], session: Session | None, nonce: str
    ) -> bool:
        """Whether this POST comes from one of our pages, for this very visitor."""
        if headers.get("sec-fetch-site", "") not in _OWN_SITE:
            return False
        if session is None and not nonce:
            return False
        return hmac.compare_digest(form.get("token", "").encode(), self.form_token(session, nonce).encode())

    def slip(self, session: Session, path: str, form: Mapping[str, str]) -> str:
        """A form that only asks, sealed for this session and page, to stand in an address; "" when it is too long.

        A browser keeps what was posted, and the words of a search with it, in the files from which it would restore
        its tabs. What it is sent on to is an address without a word in it.
        """
        asked = {name: value for name, value in form.items() if name != "token"}
        sealed = self._slips().encrypt(msgspec.msgpack.encode(asked), _bound(session, path))
        text = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        return text if len(text) <= SLIP_LONGEST else ""

    def asked(self, session: Session, path: str, slip: str) -> dict[str, str]:
        """The form of a slip; empty when it is of another session, another page, or no slip."""
        try:
            sealed = base64.b64decode(slip.encode() + b"=" * (-len(slip) % 4), altchars=b"-_", validate=True)
            return msgspec.msgpack.decode(self._slips().decrypt(sealed, _bound(session, path)), type=dict[str, str])
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            return {}

    def _slips(self) -> AESSIV:
        return AESSIV(derive(self.form_key, "form-slips", "", length=64))

    def session_cookie(self, session: Session | None) -> str:
        """A Set-Cookie value: the session sealed, or its end. Never persistent: it dies with the browser."""
        if session is None:
            return f"{SESSION_COOKIE}=; Max-Age=0{COOKIE_ATTRIBUTES}"
        return f"{SESSION_COOKIE}={self.cookies.seal(session)}{COOKIE_ATTRIBUTES}"


def _bound(session: Session, path: str) -> list[bytes]:
    return [b"codedark slip v1", session.session.encode(), path.encode()]


def new_nonce(chance: Chance) -> str:
    """A fresh random value for a visitor without session."""
    return chance.bytes(16).hex()


def nonce_cookie(nonce: str) -> str:
    """Its Set-Cookie value."""
    return f"{FORM_COOKIE}={nonce}{COOKIE_ATTRIBUTES}"


def language_cookie(language: str) -> str:
    """The Set-Cookie value by which this browser keeps its language: a wish, no secret, gone with the browser."""
    return f"{LANGUAGE_COOKIE}={language}{COOKIE_ATTRIBUTES}"
