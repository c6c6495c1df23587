"""Sessions: who is at the screen, since when, until when. A cookie is the whole session, sealed; no patient is in it.

AES-SIV (RFC 5297) needs no nonce, so two processes with one key cannot repeat one.
"""

from __future__ import annotations

import base64
import binascii
import threading
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from codedark.access.people import Role
from codedark.access.seed import derive
from codedark.clock import US_PER_S, Chance
from codedark.errors import ActionRefused

LONGEST_US = 12 * 3600 * US_PER_S
"""No session lives longer, a password's or an envelope's."""
IDLE_US = {"password": 30 * 60 * US_PER_S, "envelope": 2 * 3600 * US_PER_S}
"""Unused longer than this: closed. An envelope waits longer, because each opening spends one of ten codes."""
_BACKWARD_US = 5 * 60 * US_PER_S
FOUNDING = "founding"
"""The basis of the session in which `init` enrols the first people. It never leaves its process."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One person at one screen. `roles`: role → units; `basis`: "password" | "envelope"; `unit`: of the envelope, else
    "". Times µs UTC. `seen_us`: last use; `opened_with`: what `password_mark` says of the password it was opened with,
    so that a new password ends the sessions of the old one."""

    session: str
    person: str
    name: str
    login: str
    roles: dict[str, tuple[str, ...]]
    basis: str
    unit: str = ""
    witness: str = ""
    device: str = ""
    opened_us: int
    until_us: int
    seen_us: int
    opened_with: str = ""

    def touched(self, now_us: int) -> Session:
        """The same session, used now: seal and send this one back so that it does not idle out."""
        return msgspec.structs.replace(self, seen_us=max(self.seen_us, now_us))

    def alive(self, now_us: int) -> bool:
        """Within both limits; a clock that stepped back before its opening ends it too."""
        idle = IDLE_US.get(self.basis, IDLE_US["password"])
        return self.opened_us - _BACKWARD_US <= now_us < self.until_us and now_us - self.seen_us <= idle

    @property
    def closes_us(self) -> int:
        """When it is over if nobody uses it any more."""
        return min(self.until_us, self.seen_us + IDLE_US.get(self.basis, IDLE_US["password"]))

    def opened_by(self, phc: str) -> bool:
        """Whether the account still has the password that this session was opened with."""
        return not self.opened_with or self.opened_with == password_mark(phc)


def password_mark(phc: str) -> str:
    """Twelve hex characters that change with every new password and tell nothing of it: the hash is salted."""
    return sha256(phc.encode()).hexdigest()[:12]


def password_session(
    person: str, name: str, login: str, roles: dict[str, tuple[str, ...]], now_us: int, chance: Chance,
    device: str = "", opened_with: str = "",
) -> Session:  # fmt: skip
    """A session of an account, 12 h at most. `opened_with`: the mark of its password's hash."""
    return Session(
        session=chance.bytes(16).hex(), person=person, name=name, login=login, roles=roles, basis="password",
        device=device, opened_us=now_us, until_us=now_us + LONGEST_US, seen_us=now_us, opened_with=opened_with,
    )  # fmt: skip


def envelope_session(
    unit: str, card: str, index: int, claimed_name: str, witness: str, now_us: int, chance: Chance, device: str = ""
) -> Session:
    """A break-glass session for one unit, 12 h. Its person is the spent code: `envelope-CARD-INDEX`."""
    return Session(
        session=chance.bytes(16).hex(), person=f"envelope-{card}-{index}", name=claimed_name, login="",
        roles={Role.ENVELOPE.value: (unit,)}, basis="envelope", unit=unit, witness=witness, device=device,
        opened_us=now_us, until_us=now_us + LONGEST_US, seen_us=now_us,
    )  # fmt: skip


class Cookies:
    """Seals sessions into cookie values and opens them again. `key`: 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(derive(key, "cookie-siv", "", length=64))

    def seal(self, session: Session) -> str:
        """The cookie's value, URL-safe. A founding session is refused: it must not leave its process."""
        if session.basis not in IDLE_US:
            raise ActionRefused("this session never leaves the machine")
        sealed = self._cipher.encrypt(msgspec.msgpack.encode(session), [b"codedark session v1"])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, token: str, now_us: int) -> Session | None:
        """The session, or None: not ours, changed, over, or idle too long."""
        try:
            sealed = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
            plain = self._cipher.decrypt(sealed, [b"codedark session v1"])
            session = msgspec.msgpack.decode(plain, type=Session)
        except (InvalidTag, ValueError, binascii.Error, msgspec.MsgspecError):
            return None
        return session if session.alive(now_us) else None


class ClosedSessions:
    """Sessions that were logged out before their time: their cookies are refused. Thread-safe; each is kept until it
    had ended anyway. The views know them too, a moment later and after a restart."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}
        self._lock = threading.Lock()

    def close(self, session: Session, now_us: int) -> None:
        """Refuse this session from now on."""
        with self._lock:
            self._until = {name: until for name, until in self._until.items() if until > now_us}
            self._until[session.session] = session.until_us

    def refuse(self, name: str, now_us: int) -> None:
        """The same for a session of which only the name is known: as long as any session can live."""
        with self._lock:
            self._until[name] = now_us + LONGEST_US

    def __contains__(self, session: Session) -> bool:
        return session.session in self._until
