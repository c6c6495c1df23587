"""codedark.toml: ports, paths and peers of one node; a key that is not known is refused, with its line.

What changes rules or folding (zone, code maps, thresholds) is a `config.set` entry in the journal, not here; the
`[facility]` table repeats what `codedark init` was told, so that a folder says whose it is before a key is at hand.
"""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from codedark.errors import ConfigError
from codedark.paper import Printer

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
_CARRIED = ("adt", "orders", "mar", "results", "vitals", "allergies")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file; unknown keys are refused."""


class Facility(Table, frozen=True):
    """`[facility]` Who this node belongs to, as `codedark init` was told."""

    id: str
    """Lower-case id of the facility; part of every resource id and of the chain's name. Never changes."""
    name: str
    """Name as people say it; stands on every page and sheet."""
    zone: str = "UTC"
    """IANA time zone, for showing times. Folding uses the journal's own setting."""
    code: str = "CDK"
    """Three letters that begin sheet ids and downtime numbers."""


class Feed(Table, frozen=True):
    """`[[feed]]` One declared source of messages. An undeclared peer is refused and counted."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of the feed; stands on pages and in every entry it sent."""
    port: Port
    """TCP port on which this feed is heard (MLLP). 0: any free port, for tests."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    peers: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    """Addresses (CIDR) that may send on it."""
    carries: tuple[str, ...] = ()
    """What it carries: adt, orders, mar, results, vitals, allergies. Says which sections are old when it is silent."""
    expected_s: Annotated[int, msgspec.Meta(ge=0, le=31_536_000)] = 0
    """Longest usual silence in seconds; 0: not declared. Longer silence is shown."""
    frame_limit: Annotated[int, msgspec.Meta(ge=1024, le=268_435_456)] = 33_554_432
    """Largest message in bytes. A larger one is refused (AR); its prefix, length and keyed hash are kept."""
    quota_mb_per_hour: int = 2048
    """Its share of the disk: MiB it may add an hour (an hour's worth at once). Beyond it messages and answers wait."""
    mllp_release: Literal[1, 2] = 1
    """2: answer each frame with a commit block (MLLP Release 2) as soon as it is kept. Ask the sender's people."""
    application_answer: bool = False
    """Give a message whose MSH-15 and MSH-16 both ask its second answer too: CA, then AA. Ask the sender's people."""
    tls: bool = False
    """Speak TLS with the node's own certificate. Without it, and without `clients`, the feed is not authenticated."""
    clients: str = ""
    """PEM file (relative to the folder) of the authority whose client certificates are required."""
    certificates: tuple[str, ...] = ()
    """SHA-256 fingerprints of the client certificates this feed is pinned to; empty: any that `clients` accepts."""

    def check(self, name: str, place: Callable[[str], str]) -> None:
        """Raise `ConfigError` for what no type says. `place`: ` line N` of a key of this feed."""
        if not self.name.isprintable() or ":" in self.name:
            raise ConfigError(
                f"{name}{place('name')}: {self.name!r} cannot be a feed's name",
                hint="Use letters, digits, spaces and hyphens.",
            )
        for peer in self.peers:
            try:
                ipaddress.ip_network(peer, strict=False)
            except ValueError:
                raise ConfigError(
                    f"{name}{place('peers')}: {peer!r} of feed {self.name!r} is not an address or network",
                    hint='Write it as peers = ["10.1.2.3/32"].',
                ) from None
        for topic in self.carries:
            if topic not in _CARRIED:
                raise ConfigError(
                    f"{name}{place('carries')}: feed {self.name!r} cannot carry {topic!r}",
                    hint=f"Use some of {', '.join(_CARRIED)}.",
                )
        if self.quota_mb_per_hour < 1:
            raise ConfigError(
                f"{name}{place('quota_mb_per_hour')}: feed {self.name!r} may add less than 1 MiB an hour",
                hint="2048 is usual.",
            )
        if self.clients and not self.tls:
            raise ConfigError(
                f"{name}{place('clients')}: feed {self.name!r} has clients but no tls",
                hint="Add tls = true, or remove clients.",
            )


class Web(Table, frozen=True):
    """`[web]` The ward's pages."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8443
    """HTTPS port; certificates come from the node's own authority."""


class Packs(Table, frozen=True):
    """`[packs]` What is drawn for paper, and when."""

    every_min: Annotated[int, msgspec.Meta(ge=0, le=10_080)] = 15
    """Minutes between draft packs of every unit; 0: only when asked."""
    paper: Literal["a4", "letter"] = "a4"
    """Size of the sheets."""
    plain: bool = False
    """Keep packs as plain PDF although the unit has an envelope whose key opens sealed ones. Whoever takes the machine
    has them then."""


class Reports(Table, frozen=True):
    """`[[reports]]` One folder into which the EHR prints its reports (PDF: MAR, Kardex, census)."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of this source, as of a feed; stands on every report that came from it."""
    folder: Annotated[str, msgspec.Meta(min_length=1)]
    """The folder, absolute or relative to the node's. Only read: files are left where they are."""
    every_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 10
    """Seconds between two looks. A file is taken when it was the same at two."""


class Ehr(Table, frozen=True):
    """`[[ehr]]` One FHIR R4 server of the EHR that this node may ask (docs/operate/ehr.md)."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
    """Its name here, and the label of what is imported from it: files of the same EHR under this label are the same
    patients."""
    url: Annotated[str, msgspec.Meta(min_length=8, max_length=1024)]
    """The FHIR base address. https; http on this machine alone."""
    client_id: str = ""
    """Who we are, as the EHR's people registered it (SMART Backend Services); "": the server asks nobody."""
    key_file: str = ""
    """Our private key (PEM, relative to the folder); "": `keys/ehr-NAME.pem`, which `codedark ehr key` makes."""
    scope: str = "system/*.rs"
    """The scopes asked for."""
    token_url: str = ""
    """Where tokens come from; "": as the server itself says."""
    authority: str = ""
    """PEM file (relative to the folder) of the authority that signs the server's certificate; "": the machine's."""
    hosts: tuple[str, ...] = ()
    """Other hosts ("name" or "name:port", https) at which files of an export lie. Nobody else is asked, or told our
    token."""
    group: str = "*"
    """Id of the Group that is exported; "*": all patients; "": the whole system."""
    types: tuple[str, ...] = ()
    """Resource types that are exported; none: all that the server gives."""
    post: bool = False
    """Ask for an export by POST instead of GET (the next edition of the standard knows POST alone)."""
    every_min: Annotated[int, msgspec.Meta(ge=0, le=44_640)] = 0
    """Minutes between two exports that the running node takes by itself, the first at its start; 0: only when somebody
    runs `codedark ehr export`."""
    subscription: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.-]{0,64}$")] = ""
    """Id of the Subscription that the EHR's people made for us: `ehr follow` asks for its events and proves by their
    numbers that none is missing; "": it asks for the history."""


class Stations(Table, frozen=True):
    """`[stations]` Where ward stations fetch their packs (docs/operate/stations.md). Opened when a `[[station]]` is
    declared."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8444
    """TLS port; only declared stations get past the handshake."""


class Station(Table, frozen=True):
    """`[[station]]` One machine on a ward that keeps the packs of its units: lines that `codedark station admit`
    says."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,47}$")]
    """Name of the station, as people find it."""
    units: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=16)]
    """The units whose packs it keeps, as the units page names them."""
    certificate: Annotated[str, msgspec.Meta(min_length=1)]
    """Its own certificate (PEM, relative to the folder). Remove the table, and the station is shut out."""


class Node(Table, frozen=True):
    """`[node]` This machine."""

    demo: bool = False
    """DEMO on every page and sheet, shares kept in a file, loopback only. Set by `init --demo`; never for patients."""


class Config(Table, frozen=True):
    """The whole file."""

    facility: Facility
    node: Node = Node()
    web: Web = Web()
    packs: Packs = Packs()
    feed: tuple[Feed, ...] = ()
    reports: tuple[Reports, ...] = ()
    ehr: tuple[Ehr, ...] = ()
    stations: Stations = Stations()
    station: tuple[Station, ...] = ()
    printer: tuple[Printer, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Config:
        """Read `folder`/codedark.toml.

        Raises `ConfigError` naming file, line and key, with the next step.
        """
        path = folder / "codedark.toml"
        try:
            data = path.read_bytes()
            text = data.decode("utf-8")
        except FileNotFoundError:
            raise ConfigError(
                f"{folder} is not a node's folder (no codedark.toml)",
                hint="Make one with `codedark init`, or name another with --folder.",
            ) from None
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError(f"{path} line {line}: not UTF-8 text") from None
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {type(error).__name__}") from error
        return cls.parse(text, str(path))

    @classmethod
    def parse(cls, text: str, name: str = "codedark.toml") -> Config:
        """The same from text; `name` stands in messages."""
        try:
            config = msgspec.convert(tomllib.loads(text), cls)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{name}{_place(text, str(error))}: {error}") from error
        except RecursionError:
            raise ConfigError(f"{name}{_densest(text, '[{')}: nested too deep") from None
        except ValueError as error:
            # TOMLDecodeError names a line or the end; Python's int() refuses thousands of digits and names no place.
            said = str(error)
            place = "" if "line " in said else _end(text) if "end of document" in said else _densest(text, "0123456789")
            raise ConfigError(f"{name}{place}: {said}") from error
        config._check(name, text)
        return config

    @classmethod
    def checked(cls, config: Config) -> Config:
        """The same config, as its written form reads back. Raises `ConfigError` like `load`."""
        return cls.parse(written(config))

    @property
    def facility_id_fits(self) -> bool:
        """Whether the id may name a chain: a-z, 0-9 and hyphen."""
        return re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.facility.id) is not None

    def _check(self, name: str, text: str) -> None:
        if not self.facility_id_fits:
            raise ConfigError(
                f"{name}{_line(text, 'id')}: {self.facility.id!r} is not a facility id",
                hint="Use lower-case letters, digits and hyphens.",
            )
        if not re.fullmatch("[A-Z]{3}", self.facility.code):
            raise ConfigError(
                f"{name}{_line(text, 'code')}: {self.facility.code!r} is not three capitals",
                hint="Three letters A-Z, such as WTB.",
            )
        try:
            ZoneInfo(self.facility.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"{name}{_line(text, 'zone')}: {self.facility.zone!r} is not a time zone",
                hint="Use an IANA name such as America/New_York.",
            ) from None
        for number, feed in enumerate(self.feed):
            if feed.name in [other.name for other in self.feed[:number]]:
                raise ConfigError(
                    f"{name}{_at(text, number, 'name')}: two feeds are named {feed.name!r}",
                    hint="A feed's name is its identity: rename one.",
                )
            feed.check(name, partial(_at, text, number))
        self._check_reports(name)
        names = [each.name for each in self.ehr]
        if len(set(names)) < len(names):
            raise ConfigError(f"{name}{_line(text, 'ehr')}: two [[ehr]] have one name", hint="Rename one.")
        for table, named in (("station", self.station), ("printer", self.printer)):
            if len({each.name for each in named}) < len(named):
                raise ConfigError(f"{name}{_line(text, table)}: two [[{table}]] have one name", hint="Rename one.")
        for printer in self.printer:
            printer.check(f"{name}{_line(text, 'printer')}")
        if self.node.demo:
            self._only_loopback(name, text)

    def _check_reports(self, name: str) -> None:
        taken = [feed.name for feed in self.feed]
        for each in self.reports:
            if not each.name.isprintable() or ":" in each.name or each.name in taken:
                raise ConfigError(
                    f"{name}: {each.name!r} cannot be the name of a [[reports]] source",
                    hint="Use letters, digits, spaces and hyphens, and no name of a feed or of another source.",
                )
            taken.append(each.name)

    def _only_loopback(self, name: str, text: str) -> None:
        outside = [feed.name for feed in self.feed if feed.host not in _LOOPBACK]
        outside += ["web"] if self.web.host not in _LOOPBACK else []
        outside += ["stations"] if self.stations.host not in _LOOPBACK else []
        if outside:
            raise ConfigError(
                f"{name}{_line(text, 'demo')}: a demo node listens on this machine alone, "
                f"but {', '.join(outside)} would be open to others",
                hint="Use host 127.0.0.1, or make a real node with `codedark init` without --demo.",
            )


def _place(text: str, message: str) -> str:
    """` line N` of the key that a validation message is about, else of its table."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    path = re.search(r"at `\$\.?([^`]*)`", message)
    steps = [step for step in re.split(r"[.\[\]]+", path.group(1)) if step] if path else []
    table = next((step for step in steps if not step.isdigit()), "")
    number = int(steps[1]) if len(steps) > 1 and steps[1].isdigit() else 0
    key = unknown.group(1) if unknown else next((s for s in steps[::-1] if s != table and not s.isdigit()), None)
    lines = _lines_of(text, table, number) if table else list(enumerate(text.splitlines(), 1))
    return _found(lines, key) or _found(lines[:1], table or None) or (_line(text, key) if key is not None else "")


def _at(text: str, feed: int, key: str) -> str:
    """` line N` of a key of the feed with that number, else of its header."""
    lines = _lines_of(text, "feed", feed)
    return _found(lines, key) or (f" line {lines[0][0]}" if lines else "")


def _lines_of(text: str, table: str, number: int) -> list[tuple[int, str]]:
    """The numbered lines of one table, its header first; `number` counts tables of one name from 0."""
    header = re.compile(rf"\s*\[+\s*{re.escape(table)}\s*\]")
    found: list[tuple[int, str]] = []
    for line, words in enumerate(text.splitlines(), 1):
        if header.match(words):
            number -= 1
            found = [(line, words)]
        elif found and words.lstrip().startswith("["):
            if number < 0:
                return found
            found = []
        elif found:
            found.append((line, words))
    return found if number < 0 else []


def _line(text: str, key: str) -> str:
    return _found(list(enumerate(text.splitlines(), 1)), key)


def _found(lines: list[tuple[int, str]], key: str | None) -> str:
    if key is None:
        return ""
    pattern = re.compile(rf"""^\s*(\[+\s*)?["']?{re.escape(key)}["']?\s*(=|\]|\.)""")
    plain = (number for number, words in lines if pattern.match(words))
    written_otherwise = (number for number, words in lines if key in words or "\\" in words if _says(words, key))
    return next((f" line {number}" for number in (*plain, *written_otherwise)), "")


def _says(line: str, key: str) -> bool:
    """Whether a line by itself sets `key`, however that is spelled ("\\u0061")."""
    try:
        return key in tomllib.loads(line)
    except (ValueError, RecursionError):
        return False


def _densest(text: str, characters: str) -> str:
    """` line N` of the line with the most of these characters."""
    counts = [sum(map(line.count, characters)) for line in text.splitlines()] or [0]
    return f" line {counts.index(max(counts)) + 1}"


def _end(text: str) -> str:
    return f" line {max(len(text.splitlines()), 1)}"


def written(config: Config) -> str:
    """The file's text for a new node, with every key and a word on each table."""
    out = [
        "# Ports, paths and peers of this node. Every key: docs/reference/config.md. Rules are entries in the journal."
    ]
    for name in ("facility", "node", "web", "packs", "stations"):
        out += ["", f"[{name}]", *_lines(getattr(config, name))]
    for feed in config.feed:
        out += ["", "[[feed]]", *_lines(feed)]
    for source in config.reports:
        out += ["", "[[reports]]", *_lines(source)]
    for server in config.ehr:
        out += ["", "[[ehr]]", *_lines(server)]
    for station in config.station:
        out += ["", "[[station]]", *_lines(station)]
    for printer in config.printer:
        out += ["", "[[printer]]", *_lines(printer)]
    return "\n".join(out) + "\n"


def station_lines(station: Station) -> list[str]:
    """A station's table as it is written into the file."""
    return ["[[station]]", *_lines(station)]


def _lines(table: msgspec.Struct) -> list[str]:
    return [f"{field} = {_toml(getattr(table, field))}" for field in table.__struct_fields__]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A TOML basic string is a JSON one, but for U+007F, which TOML wants escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
