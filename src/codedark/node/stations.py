"""Where ward stations fetch their packs: sealed files and their labels, over TLS with both ends pinned.

The process has no key but that of the server's certificate: it cannot open what it hands out. Only a declared station
gets past the handshake, and it is given the packs of its own units. What it says it holds is written down, so that an
old station is seen before it is needed. docs/formats/station.md is the protocol.
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import orjson
import structlog

from codedark.access import device_fingerprint, devices_context
from codedark.clock import Clock
from codedark.entries import ChartViewed, draft_of
from codedark.errors import CodedarkError, ConfigError, JournalError, UnknownFormat
from codedark.journal import DoorClient, Draft, Once
from codedark.node.config import Config, Station
from codedark.node.layout import Layout
from codedark.node.machine import Finding
from codedark.node.order import Order
from codedark.node.timekeeping import clock_of, take_over
from codedark.paper import LABEL, LABEL_BYTES, PackLabel, read_label

_PATIENCE_S = 20.0
_AT_ONCE = 64
_LOOK_S = 1.0
_RENEW_S = 60.0
_DEEDS_BYTES = 1 << 18
MOST_HELD = 256
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class StationState:
    """What is known of a declared station. `seen_us`: when it was last here; `made_us`: when the oldest of its units'
    newest packs was drawn, None while one of them has none; `late_us`: from what age it is old; µs UTC."""

    name: str
    units: tuple[str, ...]
    seen_us: int | None
    made_us: int | None
    late_us: int

    def old(self, now_us: int) -> bool:
        """Whether somebody should look: never here, lacks a unit, or its pack is older than two rounds."""
        return self.seen_us is None or self.made_us is None or now_us - self.made_us > self.late_us


def station_states(layout: Layout, config: Config) -> list[StationState]:
    """Every declared station. Reads one small file; what cannot be read counts as never seen."""
    told = _told(layout)
    late_us = (2 * (config.packs.every_min or 24 * 60) + 5) * MINUTE_US
    found = []
    for station in config.station:
        said = told.get(station.name, {})
        made = [said.get("held", {}).get(unit) for unit in station.units]
        known = [each for each in made if isinstance(each, int)]
        oldest = min(known) if len(known) == len(made) else None
        found.append(StationState(station.name, station.units, said.get("seen_us"), oldest, late_us))
    return found


def station_findings(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    """`doctor`'s line for each station whose pack is old."""
    for state in station_states(layout, config):
        what, says = f"station {state.name}", ""
        if state.seen_us is None:
            says = "was never here"
        elif state.made_us is None:
            says = "holds no pack of one of its units (a unit without an envelope has none for a station)"
        elif not clock.trusted():
            says = "how old its pack is is not known"
        elif state.old(clock.now_us()):
            says = f"its pack is {(clock.now_us() - state.made_us) // MINUTE_US} min old"
        if says:
            yield Finding(what, "amber", says, "Look at the station: power, cable, `codedark station status` there.")
        else:
            yield Finding(what, "green", "holds a fresh pack of each of its units")


class StationDeed(msgspec.Struct, frozen=True):
    """One line of what was done at a station. `at_us`: µs UTC by its clock."""

    at_us: int
    deed: Literal["opened", "printed", "print failed", "refused"]
    unit: str = ""
    pack: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{0,32}$")] = ""

    def draft(self, station: Station, number: int) -> Draft:
        """The row of the read log. Whoever held the card is nobody we know: the station is named."""
        said = ChartViewed(
            person=f"station:{station.name}", session="", what="pack", fold="", position=-1,
            unit=self.unit if self.unit in station.units else "",
            reason=f"{self.deed} at the ward station with the unit's card, {_iso(self.at_us)} by its clock; "
            f"pack {self.pack or 'not known'}",
        )  # fmt: skip
        once = Once(f"station deeds\x1f{station.name}", f"{self.at_us}-{number}")
        return draft_of(said, source=f"device:station {station.name}", once=once)


class StationDeeds(msgspec.Struct, frozen=True):
    """What a station tells: its lines from `first` on."""

    first: int
    deeds: Annotated[tuple[StationDeed, ...], msgspec.Meta(max_length=500)]


def _iso(us: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(max(us // 1_000_000, 0), 253_402_300_799))
    return moment.isoformat().replace("+00:00", "Z")


class Counter:
    """The packs folder as one station may see it, and the note of who was here."""

    def __init__(self, layout: Layout, config: Config, public: tuple[bytes, ...], clock: Clock) -> None:
        self._layout, self._config, self._public, self._clock = layout, config, public, clock
        self._lock = threading.Lock()
        self._known = {
            device_fingerprint((layout.root / each.certificate).read_bytes()): each for each in config.station
        }

    def who(self, der: bytes | None) -> Station | None:
        """The station that shows this certificate."""
        return self._known.get(sha256(der).hexdigest()) if der else None

    def listing(self, station: Station, held: list[str]) -> bytes:
        """What lies ready for a station, newest first, as JSON; what it says it holds is noted."""
        packs = sorted(self._labels(station), key=lambda pair: -pair[1].made_us)
        self._note(station, packs, held)
        return orjson.dumps({
            "now_us": self._clock.now_us(), "clock_trusted": self._clock.trusted(),
            "every_min": self._config.packs.every_min, "units": station.units,
            "facility_name": self._config.facility.name, "zone": self._config.facility.zone,
            "pack_keys": [base64.b64encode(key).decode() for key in self._public],
            "also": [each.name for each in self._config.station
                     if each.name != station.name and set(each.units) & set(station.units)],
            "packs": [{"file": name, "label": note} for name, _, note in packs],
        })  # fmt: skip

    def file(self, station: Station, name: str) -> Path | None:
        """The sealed file of this name, if it is of one of the station's units."""
        return next((self._layout.packs / each for each, _, _ in self._labels(station) if each == name), None)

    def told(self, station: Station, said: bytes) -> int:
        """Rows of the read log for what was opened and printed at a station; up to which of its lines they are kept.

        Raises JournalError (nothing more was kept: it comes again, and is known by its line) and UnknownFormat."""
        try:
            deeds = msgspec.json.decode(said, type=StationDeeds)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnknownFormat("these are no deeds of a station") from error
        door = DoorClient(self._layout.door)
        try:
            door.append_all([deed.draft(station, number) for number, deed in enumerate(deeds.deeds, deeds.first)])
        finally:
            door.close()
        return deeds.first + len(deeds.deeds)

    def _labels(self, station: Station) -> Iterator[tuple[str, PackLabel, str]]:
        for path in self._layout.packs.glob(f"*.age{LABEL}"):
            try:
                note = path.read_bytes()[:LABEL_BYTES].decode("utf-8")
                label = read_label(note)
            except (OSError, UnicodeDecodeError, UnknownFormat):
                continue
            name = path.name.removesuffix(LABEL)
            if label.kind == "draft" and label.unit in station.units and (path.parent / name).is_file():
                yield name, label, note

    def _note(self, station: Station, packs: list[tuple[str, PackLabel, str]], held: list[str]) -> None:
        """Write down when it was here. It names packs by their id; what it names and we no longer have, we knew of."""
        newest: dict[str, int] = {}
        for _, label, _ in packs:
            if label.pack in held:
                newest[label.unit] = max(newest.get(label.unit, 0), label.made_us)
        with self._lock:
            told = _told(self._layout)
            before = told.get(station.name, {}).get("held", {}) if held else {}
            told[station.name] = {"seen_us": self._clock.now_us(), "held": {**before, **newest}}
            part = self._layout.stations.with_suffix(".part")
            with contextlib.suppress(OSError):
                part.write_bytes(orjson.dumps(told))
                os.replace(part, self._layout.stations)


def _told(layout: Layout) -> dict[str, Any]:
    try:
        found = orjson.loads(layout.stations.read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: said for name, said in found.items() if isinstance(said, dict)} if isinstance(found, dict) else {}


class StationServer(ThreadingHTTPServer):
    """One thread for each station that is here. Handshakes are in the thread, with an end, so nobody holds the port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, config: Config, counter: Counter, tls: ssl.SSLContext) -> None:
        self.address_family = socket.AF_INET6 if ":" in config.stations.host else socket.AF_INET
        self.counter, self.tls = counter, tls
        self._seats = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__((config.stations.host, config.stations.port), StationDesk)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread of its own, or no answer while all seats are taken."""
        if not self._seats.acquire(blocking=False):
            return self.shutdown_request(request)
        return super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands, then answer."""
        try:
            request.settimeout(_PATIENCE_S)
            wire = self.tls.wrap_socket(request, server_side=True)
        except OSError:
            self.shutdown_request(request)
        else:
            super().process_request_thread(wire, client_address)
        finally:
            self._seats.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A station that went away in the middle is no error of ours, and nothing of it is logged."""


class StationDesk(BaseHTTPRequestHandler):
    """GET /packs, GET /packs/FILE and POST /deeds, for whoever showed a declared certificate."""

    server: StationServer
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE_S
    server_version, sys_version = "codedark", ""

    def do_GET(self) -> None:
        """One question."""
        counter, place = self.server.counter, urlsplit(self.path)
        station = counter.who(self.connection.getpeercert(binary_form=True))
        if station is None:
            return self._say(403, b"")
        if place.path == "/packs":
            held = parse_qs(place.query).get("held", [])[:MOST_HELD]
            return self._say(200, counter.listing(station, held), "application/json")
        path = counter.file(station, unquote(place.path.removeprefix("/packs/")))
        try:
            return self._say(200, path.read_bytes()) if path else self._say(404, b"")
        except OSError:  # the timer removed it meanwhile
            return self._say(404, b"")

    def do_POST(self) -> None:
        """What was opened and printed there."""
        counter, size = self.server.counter, self.headers.get("Content-Length", "")
        station = counter.who(self.connection.getpeercert(binary_form=True))
        if station is None or self.path != "/deeds" or not size.isdecimal() or int(size) > _DEEDS_BYTES:
            self.close_connection = True
            return self._say(403, b"")
        try:
            kept = counter.told(station, self.rfile.read(int(size)))
        except UnknownFormat:
            return self._say(400, b"")
        except JournalError:
            return self._say(503, b"")
        return self._say(200, orjson.dumps({"kept": kept}), "application/json")

    def _say(self, status: int, body: bytes, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who was here stands in the note."""


def station_tls(layout: Layout, config: Config) -> ssl.SSLContext:
    """TLS for the declared stations alone. Raises ConfigError naming the certificate that cannot be used."""
    found = []
    for station in config.station:
        try:
            found.append((layout.root / station.certificate).read_bytes())
        except OSError as error:
            raise ConfigError(f"the certificate of station {station.name} cannot be read: {error.strerror}") from error
    return devices_context(layout.keys, found)


def hand_out(layout: Layout, order: Order, stop: threading.Event, log: structlog.typing.FilteringBoundLogger) -> None:
    """Answer stations until `stop`. Raises ConfigError."""
    config, clock = Config.load(layout.root), clock_of(layout)
    tls = station_tls(layout, config)
    try:
        server = StationServer(config, Counter(layout, config, order.pack_public, clock), tls)
    except OSError as error:
        where = f"{config.stations.host}:{config.stations.port}"
        raise ConfigError(f"stations: {where} cannot be used: {error.strerror}") from error
    threading.Thread(target=server.serve_forever, name="stations", daemon=True).start()
    log.info("stations open", port=server.server_address[1])
    waited = 0.0
    while not stop.wait(_LOOK_S):
        waited += _LOOK_S
        if waited >= _RENEW_S:
            waited = 0.0
            take_over(layout, clock)
            with contextlib.suppress(CodedarkError, OSError, ssl.SSLError):
                server.tls = station_tls(layout, config)  # the node may have renewed its certificate
    server.shutdown()
    server.server_close()
