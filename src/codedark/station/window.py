"""The station's page: on this machine alone, with nothing but what lies here. No script, no request to anybody else.

The key of the card is used for one opening and not kept; an opened pack is in memory, under a random address, until it
is closed or fifteen minutes have passed. Other pages in the same browser reach nothing: the address must be this
machine's, and a form must come from our own page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from codedark.clock import Chance
from codedark.errors import CannotUnseal, CodedarkError, ConfigError
from codedark.ink import marked
from codedark.paper import PackLabel, Printer, send, wall_of
from codedark.station.enrolment import Admission, Place, printer_named
from codedark.station.errand import Errand, read_lately
from codedark.station.shelf import ELSEWHERE
from codedark.station.warnings import DRAFT, warned
from codedark.tongue import ENGLISH, FRENCH, LANGUAGES, chosen, noted, tongue

OPEN_US = 15 * 60 * 1_000_000
_MOST_OPEN = 4
_BODY_BYTES = 16_384
_PATIENCE_S = 60.0
OTHER_KEY = noted("This key does not open the pack. It may be of an older envelope, or of another unit.")
NO_KEY = noted("This is no key of a unit's card: it begins with AGE-SECRET-KEY-1.")
NOT_WHOLE = noted("This pack is not what the node signed.")
_HERE = Path(__file__).parent
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
PDF_POLICY = "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"


@dataclass(slots=True)
class OpenPack:
    """A pack somebody opened. `until_us`: by the steady clock, for no wall clock is believed here."""

    label: PackLabel
    file: str
    pdf: bytes = field(repr=False)
    until_us: int
    said: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    policy: str = PAGE_POLICY
    place: str = ""


class Window(ThreadingHTTPServer):
    """The page of one station. `shut`, not `serve_forever`, when it ends: opened packs go with it."""

    daemon_threads = True

    def __init__(self, place: Place, errand: Errand, port: int, chance: Chance) -> None:
        self.place, self.errand, self.chance = place, errand, chance
        self.told: Admission = place.admission()
        self.trouble = ""
        self._open: dict[str, OpenPack] = {}
        self._lock = threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), _Visitor)
        except OSError as error:
            raise ConfigError(f"the page's port {port} cannot be used: {error.strerror}") from error

    @property
    def port(self) -> int:
        """Where the page is."""
        return int(self.server_address[1])

    def hosts(self) -> frozenset[str]:
        """How a browser on this machine may call us."""
        return frozenset((f"127.0.0.1:{self.port}", f"localhost:{self.port}"))

    def answer(self, path: str, language: str) -> Reply:
        """GET."""
        if path == "/":
            return self._shelf(language)
        if path.startswith("/static/"):
            return _asset(path.removeprefix("/static/"))
        token, _, rest = path.removeprefix("/pack/").partition("/")
        opened = self._opened(token) if path.startswith("/pack/") else None
        if opened is None:
            return Reply(303, place="/")
        if rest == "pack.pdf":
            return Reply(200, opened.pdf, "application/pdf", PDF_POLICY)
        return self._page(200, "pack.html", language, token=token, opened=opened, printers=self._printers())

    def deed(self, path: str, form: Mapping[str, str], language: str) -> Reply:
        """POST: open, print, close."""
        if path == "/open":
            return self._unlock(form, language)
        token, _, rest = path.removeprefix("/pack/").partition("/")
        opened = self._opened(token) if path.startswith("/pack/") else None
        if opened is None:
            return Reply(303, place="/")
        if rest == "close":
            with self._lock:
                self._open.pop(token, None)
            return Reply(303, place="/")
        if rest == "print":
            self._print(opened, form.get("printer", ""))
        return Reply(303, place=f"/pack/{token}")

    def shut(self) -> None:
        """End, and forget what was opened."""
        self.shutdown()
        self.server_close()
        self._open.clear()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error, and nothing of it is written anywhere."""

    def _shelf(self, language: str, status: int = 200, fault: tuple[str, ...] = (), chose: str = "") -> Reply:
        shelf, lately = self.errand.shelf(), read_lately(self.place)
        units: dict[str, list[Any]] = {unit: [] for unit in self.told.units}
        bad = []
        for kept in shelf.packs():
            if kept.problem or kept.label is None:
                bad.append(kept)
            else:
                units.setdefault(kept.label.unit, []).append(kept)
        return self._page(
            status, "shelf.html", language, units=units, bad=bad, lately=lately, fault=fault, chose=chose,
            trouble=self.trouble, copies=shelf.copies(chose) if fault else [], elsewhere=ELSEWHERE,
        )  # fmt: skip

    def _unlock(self, form: Mapping[str, str], language: str) -> Reply:
        file = form.get("file", "")
        try:
            label, pdf = self.errand.shelf().open(file, form.get("key", ""))
        except CodedarkError as error:
            note_deed(self.place, self.errand, "refused", file)
            return self._shelf(language, 403, _fault(error, self.errand.shelf().look(file).problem), file)
        note_deed(self.place, self.errand, "opened", file)
        token, steady = self.chance.bytes(16).hex(), self.errand.clock.steady_us()
        with self._lock:
            while len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[token] = OpenPack(label, file, pdf, steady + OPEN_US)
        return Reply(303, place=f"/pack/{token}")

    def _opened(self, token: str) -> OpenPack | None:
        steady = self.errand.clock.steady_us()
        with self._lock:
            for old in [name for name, each in self._open.items() if each.until_us < steady]:
                del self._open[old]
            found = self._open.get(token)
            if found is not None:
                found.until_us = steady + OPEN_US
            return found

    def _print(self, opened: OpenPack, name: str) -> None:
        try:
            print_here(self.place, self.errand, opened.file, opened.pdf, name)
            opened.said, opened.failed = name, False
        except CodedarkError as error:
            opened.said, opened.failed = str(error), True

    def _printers(self) -> tuple[Printer, ...]:
        try:
            return self.place.settings().printer
        except ConfigError:
            return ()

    def _page(self, status: int, template: str, language: str, **context: Any) -> Reply:
        believed = self.errand.believed()
        said = tongue(language).gettext
        zone = _zone(self.told.zone)
        words = {
            "told": self.told, "language": language, "languages": LANGUAGES, "believed": believed,
            "when": lambda us: wall_of(us, zone), "warned": lambda label: [said(w) for w in warned(label, believed)],
            "doubts": lambda label: [said(w) for w in warned(label, believed) if w != DRAFT],
            "age": lambda label: _age(label, believed.now_us) if believed.ages_hold(label) else "",
        }  # fmt: skip
        page = _templates(language).get_template(template).render({**words, **context})
        return Reply(status, page.encode())


def print_here(place: Place, errand: Errand, file: str, pdf: bytes, name: str) -> None:
    """Print an opened pack on one of this station's printers; what was done is noted. Raises PackError, ConfigError."""
    printer = printer_named(place.settings().printer, name)
    try:
        send(printer, pdf, file.removesuffix(".pdf.age"), place.root)
    except CodedarkError:
        note_deed(place, errand, "print failed", file)
        raise
    note_deed(place, errand, "printed", file)


def note_deed(place: Place, errand: Errand, deed: str, file: str) -> None:
    """One line of what was done here, for the node's read log later. A full disk keeps nobody from a pack."""
    label = errand.shelf().look(file).label
    said = {"at_us": errand.clock.now_us(), "deed": deed, "file": file[:120]}
    said |= {"unit": label.unit, "pack": label.pack} if label else {}
    line = orjson.dumps(said) + b"\n"
    try:
        with place.deeds.open("ab") as log:
            log.write(line)
        place.deeds.chmod(0o600)
    except OSError:
        return


def _fault(error: CodedarkError, problem: str) -> tuple[str, ...]:
    """Why nothing is shown, in words of the catalogue: what the command line says, a nurse reads in her language."""
    if problem:
        return (NOT_WHOLE, problem)
    known = ((CannotUnseal, OTHER_KEY), (ConfigError, NO_KEY))
    return (next((words for kind, words in known if isinstance(error, kind)), NOT_WHOLE),)


class _Visitor(BaseHTTPRequestHandler):
    server: Window
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S
    server_version, sys_version = "codedark", ""

    def do_GET(self) -> None:
        """A page, a file of a page, or an opened pack."""
        if self._ours():
            place = urlsplit(self.path)
            self._say(self.server.answer(unquote(place.path), self._language(place.query)), self._wish(place.query))

    def do_POST(self) -> None:
        """A form of our own page."""
        if not self._ours():
            return None
        origin = self.headers.get("Origin", "")
        size = self.headers.get("Content-Length", "")
        if origin.removeprefix("http://") not in self.server.hosts() or not size.isdigit() or int(size) > _BODY_BYTES:
            self.close_connection = True
            return self._say(Reply(403, b"This form is from no page of ours.\n", "text/plain; charset=utf-8"))
        body = parse_qs(self.rfile.read(int(size)).decode("utf-8", "replace"), keep_blank_values=True)
        form = {name: values[0] for name, values in body.items()}
        return self._say(self.server.deed(unquote(urlsplit(self.path).path), form, self._language("")))

    def _ours(self) -> bool:
        """Whether the browser calls us by this machine's name: a page elsewhere that points its name here does not."""
        if self.headers.get("Host", "") in self.server.hosts():
            return True
        self._say(Reply(403, b"This page is for this machine alone.\n", "text/plain; charset=utf-8"))
        return False

    def _wish(self, query: str) -> str:
        wish = parse_qs(query).get("lang", [""])[0]
        return wish if wish in LANGUAGES else ""

    def _language(self, query: str) -> str:
        jar = self.headers.get("Cookie", "")
        kept = next((code for code in LANGUAGES if f"station-language={code}" in jar), "")
        return chosen(self._wish(query) or kept, self.headers.get("Accept-Language", ""), (ENGLISH, FRENCH))

    def _say(self, reply: Reply, language: str = "") -> None:
        self.send_response(reply.status)
        for name, value in (
            ("Content-Type", reply.kind), ("Content-Length", str(len(reply.body))), ("Cache-Control", "no-store"),
            ("Content-Security-Policy", reply.policy), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ):  # fmt: skip
            self.send_header(name, value)
        if reply.place:
            self.send_header("Location", reply.place)
        if language:
            self.send_header("Set-Cookie", f"station-language={language}; Path=/; HttpOnly; SameSite=Strict")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: an address may hold the token of an opened pack."""


def _asset(name: str) -> Reply:
    kinds = {
        "style.css": "text/css; charset=utf-8",
        "mark.svg": "image/svg+xml",
        "station.css": "text/css; charset=utf-8",
    }
    if name not in kinds:
        return Reply(404, b"", "text/plain")
    folder = _HERE / "static" if name == "station.css" else resources.files("codedark") / "web" / "static"
    return Reply(200, (folder / name).read_bytes(), kinds[name])


def _age(label: PackLabel, now_us: int) -> str:
    minutes = max(0, now_us - label.made_us) // 60_000_000
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@cache
def _templates(language: str) -> Environment:
    env = Environment(
        extensions=["jinja2.ext.i18n"], loader=FileSystemLoader(_HERE / "templates"), autoescape=True,
        finalize=_visible, undefined=StrictUndefined, auto_reload=False, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    env.policies["ext.i18n.trimmed"] = True
    say: Callable[..., Any] = env.install_gettext_translations  # type: ignore[attr-defined]
    say(tongue(language), newstyle=True)
    return env


def _visible(value: Any) -> Any:
    """Characters that hide are shown, as on every page."""
    return marked(value, lambda code: f"‹U+{code:04X}›") if type(value) is str else value
