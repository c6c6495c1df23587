"""A station's folder: its own credential, and what the node told it once when it was admitted.

station.toml     its printers and the port of its page; people write it
admission.json   from the node: where to fetch, for which units, whom to believe
keys/            device.pem, device.key (0600), root.pem of the facility
packs/           sealed packs with their labels
lately.json      the last visit at the node · clock.json what was believed of the time · deeds.jsonl what was opened
"""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from codedark.access import new_device, write_whole
from codedark.clock import Chance
from codedark.errors import ConfigError
from codedark.paper import Printer

VERSION = "codedark station admission v1"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,47}")
_CERTIFICATE, _KEY, _ROOT = "device.pem", "device.key", "root.pem"
_JOIN = "Take the admission file that `codedark station admit` wrote at the node."


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What the node tells a station when it is admitted. `root`: the facility's root certificate (PEM); `pack_keys`:
    public keys (Ed25519, base64) that sign labels, by generation."""

    version: str = VERSION
    station: str
    facility: str
    facility_name: str
    zone: str
    host: str
    port: int
    units: tuple[str, ...]
    root: str
    pack_keys: tuple[str, ...]

    @property
    def server_name(self) -> str:
        """The name in the node's certificate that is always there, whatever its address."""
        return f"downtime.{self.facility}"

    def keys(self) -> tuple[bytes, ...]:
        """The public keys as bytes."""
        return tuple(base64.b64decode(key) for key in self.pack_keys)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """station.toml."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8877
    """Port of the station's page, on this machine alone."""
    every_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 60
    """Seconds between two visits at the node."""
    printer: tuple[Printer, ...] = ()
    """The printers of this station."""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one station."""

    root: Path

    @property
    def packs(self) -> Path:
        """Sealed packs and their labels."""
        return self.root / "packs"

    @property
    def certificate(self) -> Path:
        """Its own certificate: what is carried to the node."""
        return self.root / "keys" / _CERTIFICATE

    @property
    def key(self) -> Path:
        """The key of that certificate; it never leaves."""
        return self.root / "keys" / _KEY

    @property
    def facility_root(self) -> Path:
        """The facility's root certificate: the only one that a node may show."""
        return self.root / "keys" / _ROOT

    @property
    def lately(self) -> Path:
        """What the node said at the last visit."""
        return self.root / "lately.json"

    @property
    def clock(self) -> Path:
        """What was believed of the time."""
        return self.root / "clock.json"

    @property
    def deeds(self) -> Path:
        """What was opened and printed here, one line each."""
        return self.root / "deeds.jsonl"

    def admission(self) -> Admission:
        """What the node told. Raises ConfigError while this station is not admitted."""
        try:
            return msgspec.json.decode((self.root / "admission.json").read_bytes(), type=Admission)
        except FileNotFoundError:
            raise ConfigError("this station was not admitted yet", hint=_JOIN) from None
        except (OSError, ValueError) as error:
            raise ConfigError("admission.json cannot be read", hint=_JOIN) from error

    def settings(self) -> Settings:
        """station.toml, or what is usual. Raises ConfigError."""
        path = self.root / "station.toml"
        try:
            found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError) as error:
            raise ConfigError(f"station.toml: {error}", hint="docs/operate/stations.md has an example.") from error
        for printer in found.printer:
            printer.check("station.toml")
        if len({each.name for each in found.printer}) < len(found.printer):
            raise ConfigError("station.toml: two [[printer]] have one name", hint="Rename one.")
        return found


def new_station(folder: Path, name: str, now_us: int, chance: Chance) -> Place:
    """Make a station's folder with a credential of its own. Raises ConfigError when there is one already."""
    if not NAME.fullmatch(name):
        raise ConfigError("this cannot be a station's name", hint="Letters, digits, spaces and hyphens, at most 48.")
    place = Place(folder)
    if place.key.exists():
        raise ConfigError("there is a station in this folder already", hint="Keys are never overwritten.")
    for each in (folder, folder / "keys", place.packs):
        each.mkdir(parents=True, exist_ok=True)
        each.chmod(0o700)
    certificate, key = new_device(name, now_us, chance)
    write_whole(place.key, key)
    write_whole(place.certificate, certificate)
    return place


def join(folder: Path, admission: bytes) -> Admission:
    """Take the node's admission. Raises ConfigError: no station here, or no admission."""
    place = Place(folder)
    if not place.key.exists():
        raise ConfigError("there is no station in this folder", hint="Make one with `codedark station init`.")
    try:
        told = msgspec.json.decode(admission, type=Admission)
        told.keys()
    except ValueError as error:
        raise ConfigError("this is no admission of a station", hint=_JOIN) from error
    if told.version != VERSION:
        raise ConfigError("this admission is of another version of codedark", hint=_JOIN)
    write_whole(place.facility_root, told.root.encode("ascii"))
    write_whole(folder / "admission.json", admission)
    return told


def printer_named(printers: Sequence[Printer], name: str) -> Printer:
    """The printer of this name. Raises ConfigError."""
    found = next((each for each in printers if each.name == name), None)
    if found is None:
        raise ConfigError("no printer of this station has that name", hint="They stand in station.toml.")
    return found
