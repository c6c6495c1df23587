"""The errand: to the node for packs, while there is a network. Whatever goes wrong, what is on the shelf stays."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import orjson

from codedark.access import device_context, write_whole
from codedark.clock import Anchor, SystemClock
from codedark.errors import ConfigError, PackError
from codedark.paper import PackLabel
from codedark.station.enrolment import Admission, Place
from codedark.station.shelf import KEPT, Shelf
from codedark.station.warnings import APART_US, Believed

_PATIENCE_S = 20.0
_LISTING_BYTES = 8 << 20
_DEEDS = 500
"""Lines that are told at one visit."""


class Listing(msgspec.Struct, frozen=True):
    """What the node answers to GET /packs. Further fields are of later versions."""

    now_us: int
    clock_trusted: bool
    every_min: int
    units: tuple[str, ...]
    facility_name: str
    zone: str
    pack_keys: tuple[str, ...]
    also: tuple[str, ...]
    packs: tuple[dict[str, str], ...]


class Lately(msgspec.Struct, frozen=True):
    """The last visit: this station's time, the node's, and what it said. `keys`: public keys of labels (base64)."""

    at_us: int
    node_us: int
    node_trusted: bool
    every_min: int = 15
    also: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    told: int = 0
    """How many lines of `deeds.jsonl` the node has."""

    def decoded_keys(self) -> tuple[bytes, ...]:
        """The keys as bytes. Raises ValueError."""
        return tuple(base64.b64decode(key) for key in self.keys)


@dataclass(frozen=True, slots=True)
class Pulled:
    """One errand. `fetched`: files that are new here; `refused`: what was offered and not taken, and why."""

    fetched: tuple[str, ...] = ()
    refused: tuple[str, ...] = field(default=())


class Wire(http.client.HTTPConnection):
    """HTTP over TLS to the node: our own certificate is shown, the facility's root alone is believed, and the name is
    the one that is in every certificate of the node, whatever its address."""

    def __init__(self, told: Admission, context: ssl.SSLContext) -> None:
        super().__init__(told.host, told.port, timeout=_PATIENCE_S)
        self._context, self._name = context, told.server_name

    def connect(self) -> None:
        """Connect and shake hands."""
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


class Errand:
    """Fetches what is new. `clock`: of this machine."""

    def __init__(self, place: Place, clock: SystemClock) -> None:
        self.place, self.clock = place, clock

    def shelf(self) -> Shelf:
        """The shelf with the keys that are known by now. Raises ConfigError while this station is not admitted."""
        told, lately = self.place.admission(), read_lately(self.place)
        keys = [*told.keys(), *(lately.decoded_keys() if lately else ())]
        return Shelf(self.place.packs, told.facility, tuple(dict.fromkeys(keys)), lately.also if lately else ())

    def run(self) -> Pulled:
        """One visit. Raises PackError when the node cannot be reached or is not the one; the shelf stays as it is."""
        told = self.place.admission()
        wire: Wire | None = None
        try:
            wire = Wire(told, device_context(self.place.facility_root, self.place.certificate, self.place.key))
            listing = self._listing(wire)
            self._remember(listing)
            pulled = self._fetch(wire, listing)
            self._tell(wire)
            if pulled.fetched:
                self._listing(wire)  # so that the node knows at once what is kept here now
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = type(error).__name__
            raise PackError(
                f"the node was not reached: {why}", hint="The packs that are here stay. Look at cable and node."
            ) from error
        finally:
            if wire is not None:
                wire.close()
        return pulled

    def believed(self) -> Believed:
        """What this station may say of the time."""
        lately = read_lately(self.place)
        differs = lately.at_us - lately.node_us if lately is not None and lately.node_trusted else None
        return Believed(self.clock.now_us(), self.clock.trusted(), differs)

    def _listing(self, wire: Wire) -> Listing:
        whole = [each.label.pack for each in self.shelf().packs() if each.label is not None and not each.problem]
        query = urlencode([("held", pack) for pack in whole])
        return msgspec.json.decode(_asked(wire, f"/packs?{query}", _LISTING_BYTES), type=Listing)

    def _remember(self, listing: Listing) -> None:
        lately = Lately(
            self.clock.now_us(), listing.now_us, listing.clock_trusted, listing.every_min, listing.also,
            listing.pack_keys, before.told if (before := read_lately(self.place)) else 0,
        )  # fmt: skip
        lately.decoded_keys()
        write_whole(self.place.lately, msgspec.json.encode(lately))
        keep_clock(self.place, self.clock)

    def _tell(self, wire: Wire) -> None:
        """What was opened and printed here, for the node's read log; a node that cannot keep it now is asked again."""
        lately = read_lately(self.place)
        lines = _lines(self.place)
        if lately is None or len(lines) <= lately.told:
            return
        part = [_deed(line) for line in lines[lately.told : lately.told + _DEEDS]]
        wire.request("POST", "/deeds", orjson.dumps({"first": lately.told, "deeds": part}))
        answer = wire.getresponse()
        said = answer.read(_DEEDS)
        if answer.status == 200:
            kept = msgspec.structs.replace(lately, told=int(orjson.loads(said)["kept"]))
            write_whole(self.place.lately, msgspec.json.encode(kept))

    def _fetch(self, wire: Wire, listing: Listing) -> Pulled:
        shelf, units = self.shelf(), self.place.admission().units
        fetched: list[str] = []
        refused: list[str] = []
        for file, note, label in _wanted(shelf, listing, units, refused):
            try:
                shelf.put(file, note, label, _asked(wire, f"/packs/{quote(file)}", label.size))
                fetched.append(file)
            except PackError as error:
                refused.append(str(error))
        return Pulled(tuple(fetched), tuple(refused))


def _wanted(
    shelf: Shelf, listing: Listing, units: Sequence[str], refused: list[str]
) -> list[tuple[str, str, PackLabel]]:
    """The newest eight of each unit that are not here whole, oldest first, so that the newest is never what is
    dropped."""
    offered: list[tuple[str, str, PackLabel]] = []
    for each in listing.packs:
        try:
            file, note = each.get("file", ""), each.get("label", "")
            offered.append((file, note, shelf.checked(file, note, (*units, *listing.units))))
        except PackError as error:
            refused.append(str(error))
    here = {each.file for each in shelf.packs() if not each.problem}
    wanted = []
    for unit in dict.fromkeys(label.unit for _, _, label in offered):
        newest = sorted((each for each in offered if each[2].unit == unit), key=lambda each: -each[2].made_us)[:KEPT]
        wanted += [each for each in reversed(newest) if each[0] not in here]
    return wanted


def _asked(wire: Wire, path: str, most: int) -> bytes:
    """The body of one answer, at most so many bytes. Raises PackError, OSError, HTTPException."""
    wire.request("GET", path)
    answer = wire.getresponse()
    data = answer.read(most + 1)
    if len(data) > most:
        wire.close()
        raise PackError("the node sends more than it said")
    if answer.status == 403:
        raise PackError("the node does not know this station", hint="Admit it: `codedark station admit` at the node.")
    if answer.status != 200:
        raise PackError("the node has this pack no more")
    return data


def _lines(place: Place) -> list[bytes]:
    try:
        return place.deeds.read_bytes().splitlines()
    except OSError:
        return []


def _deed(line: bytes) -> dict[str, Any]:
    """One line; one that was cut off by a full disk is told as what it is, a deed of which nothing is known."""
    try:
        found = orjson.loads(line)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"at_us": 0, "deed": "opened"}


def read_lately(place: Place) -> Lately | None:
    """The last visit; None when there was none, or it cannot be read."""
    try:
        return msgspec.json.decode(place.lately.read_bytes(), type=Lately)
    except (OSError, ValueError):
        return None


def station_clock(place: Place) -> SystemClock:
    """This machine's clock, held against what was believed at the last run."""
    try:
        said: dict[str, Any] = orjson.loads(place.clock.read_bytes())
        anchor = Anchor(bytes.fromhex(said["boot"]), said["wall_us"], said["steady_us"], said["seen_us"], said["sure"])
    except (OSError, ValueError, KeyError, TypeError):
        return SystemClock()
    return SystemClock(anchor)


def keep_clock(place: Place, clock: SystemClock) -> None:
    """Write what is believed now. When the node trusts its clock and ours agrees, the doubt of before is over."""
    lately = read_lately(place)
    agrees = lately is not None and lately.node_trusted and abs(lately.at_us - lately.node_us) <= APART_US
    if agrees and not clock.trusted():
        clock.hold_against(clock.righted())
    anchor = clock.anchor()
    said = {
        "boot": anchor.boot.hex(), "wall_us": anchor.wall_us, "steady_us": anchor.steady_us,
        "seen_us": anchor.seen_us, "sure": anchor.sure,
    }  # fmt: skip
    try:
        write_whole(place.clock, orjson.dumps(said))
    except OSError as error:
        raise ConfigError("the station's folder cannot be written") from error
