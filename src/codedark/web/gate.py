"""The gate before every page: whose session is this, and did this form come from one of our own pages.

Cookies are `__Host-` ones: Secure, HttpOnly, SameSite=Strict, no domain. Every POST carries a token that is a keyed
MAC of the session (or, before log-in, of a random cookie), so another site or another session cannot post for you.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from codedark.access import ClosedSessions, Cookies, Session
from codedark.clock import Chance
from codedark.views import Record

SESSION_COOKIE = "__Host-codedark"
FORM_COOKIE = "__Host-codedark-form"
COOKIE_ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Strict"
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

    def session_cookie(self, session: Session | None) -> str:
        """A Set-Cookie value: the session sealed, or its end. Never persistent: it dies with the browser."""
        if session is None:
            return f"{SESSION_COOKIE}=; Max-Age=0{COOKIE_ATTRIBUTES}"
        return f"{SESSION_COOKIE}={self.cookies.seal(session)}{COOKIE_ATTRIBUTES}"


def new_nonce(chance: Chance) -> str:
    """A fresh random value for a visitor without session."""
    return chance.bytes(16).hex()


def nonce_cookie(nonce: str) -> str:
    """Its Set-Cookie value."""
    return f"{FORM_COOKIE}={nonce}{COOKIE_ATTRIBUTES}"
