"""What a page function is given and what it gives back. No HTTP library in here: pages are plain functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from codedark.access import Permission, Session, may
from codedark.actions import Deeds, refused
from codedark.errors import ActionRefused
from codedark.tongue import ENGLISH, FRENCH
from codedark.views import Record
from codedark.web.pen import Pen


def no_prints(report: str) -> Sequence[bytes]:
    """No print report is drawn here."""
    return ()


class Station(Protocol):
    """What the node knows of a ward station. `seen_us`: when it was last here; `made_us`: when the oldest of its units'
    newest packs was drawn, None while one has none."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def units(self) -> Sequence[str]:
        """The units whose packs it keeps."""
        ...

    @property
    def seen_us(self) -> int | None:
        """µs UTC; None: never."""
        ...

    @property
    def made_us(self) -> int | None:
        """µs UTC."""
        ...

    def old(self, now_us: int) -> bool:
        """Whether somebody should look."""
        ...


class Job(Protocol):
    """One way of a pack to a printer."""

    @property
    def id(self) -> str:
        """Says nothing about anybody."""
        ...

    @property
    def unit(self) -> str:
        """Whose pack."""
        ...

    @property
    def state(self) -> str:
        """ "waiting", "sending", "sent" or "failed"."""
        ...


class PrintDesk(Protocol):
    """The declared printers, wired by the node."""

    def names(self) -> Sequence[str]:
        """Their names."""
        ...

    def jobs(self) -> Sequence[Job]:
        """What was sent, newest first."""
        ...

    def put(self, deeds: Deeds, session: Session, unit: str, paper: str, printer: str) -> None:
        """Issue a unit's pack onto a printer: its sheets are in the journal before this returns."""
        ...

    def again(self, deeds: Deeds, session: Session, job: str, printer: str) -> None:
        """The same sheets once more: the copy is in the journal before this returns."""
        ...


def no_ends() -> Mapping[str, int]:
    """Nobody has shown a certificate."""
    return {}


def no_stations() -> Sequence[Station]:
    """No station is declared here."""
    return ()


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the node tells the web once. `form_key`: ≥ 16 secret bytes for form tokens; `old_after_s`: the age from
    which the line of state is amber (red at twice that) unless the folded setting `record.old_after_s` says another;
    `paper`: "a4" | "letter"; `sheet_key`, `key_id`: for the codes on printed sheets; `prints`: the pages (PNG) of a
    print report by its id, as drawn in the cage, none while they are not ready."""

    form_key: bytes = field(repr=False)
    sheet_key: bytes = field(repr=False, default=b"")
    key_id: str = "1"
    facility: str = "facility"
    zone: str = "UTC"
    demo: bool = False
    old_after_s: int = 900
    paper: str = "a4"
    prints: Callable[[str], Sequence[bytes]] = field(repr=False, default=no_prints)
    languages: tuple[str, ...] = (ENGLISH, FRENCH)
    """Offered on this node; the first is spoken when a browser asks for none of them."""
    printing: PrintDesk | None = field(repr=False, default=None)
    """The declared printers; None: packs are handed to the browser alone."""
    stations: Callable[[], Sequence[Station]] = field(repr=False, default=no_stations)
    """The declared ward stations, and what they hold."""
    sender_ends: Callable[[], Mapping[str, int]] = field(repr=False, default=no_ends)
    """Feed → end of the certificate that its sender showed last, µs UTC."""


class Press(Protocol):
    """What draws and records a pack: `codedark.paper` with the journal's checkpoint, wired by the node."""

    def __call__(self, deeds: Deeds, session: Session, unit: str, paper: str) -> bytes:
        """The PDF of the unit's issued pack. Its sheets are in the journal before this returns."""
        ...


@dataclass(slots=True)
class Visit:
    """One request. `session` is None only on the entrance pages; `device`: the address it came from."""

    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    device: str
    record: Record
    deeds: Deeds
    pen: Pen
    settings: WebSettings
    session: Session | None = None
    language: str = ENGLISH

    @property
    def zone(self) -> ZoneInfo:
        """The facility's zone."""
        return self.pen.zone

    def who(self) -> Session:
        """The session; the routes see to it that there is one."""
        if self.session is None:
            raise ActionRefused("nobody is logged in", hint="Log in.")
        return self.session

    def need(self, permission: Permission, unit: str | None = None) -> Session:
        """The session, if it may; else the attempt is an entry and ActionRefused says the permission's sentence."""
        session = self.who()
        if not may(session, permission, unit):
            sentence = f"Your role does not let you {permission.value}."
            raise refused(self.deeds, session, permission.name.lower(), sentence)
        return session

    def page_number(self) -> int:
        """`?page=`, from 1; nonsense is page 1."""
        text = self.query.get("page", "") or self.form.get("page", "")
        return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


@dataclass(frozen=True, slots=True)
class Page:
    """Draw this template with this context. `watch`: {"patient": id} or {"unit": name}: whose news the page
    counts while it is read."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    watch: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """Go to another page (303). `entered`: a session that begins; `left`: the session ends; `language`: to speak from
    now on at this browser."""

    path: str
    entered: Session | None = None
    left: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes to hand over, such as a drawn pack. `name`: a file name without anything about a patient; `idle`: a page
    asked for them by itself, so nobody is at the screen and the session ages on."""

    body: bytes
    media_type: str
    name: str
    idle: bool = False


REFUSED_AT, NEWS_AT = "/refused", "/news"
REFUSALS = {"refused.html": 403, "stale.html": 403, "lost.html": 404}
"""The pages that say that nothing was done, with their status."""
Answer = Page | Move | Document
