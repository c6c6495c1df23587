"""A ward station admitted at the node: its certificate is kept, and what it must know is written."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from codedark.access import device_fingerprint
from codedark.actions import set_config
from codedark.errors import ConfigError
from codedark.node.config import Station
from codedark.node.console import Credentials, deeds_of, session_of
from codedark.node.opening import OpenNode
from codedark.paper import pack_signer

ADMISSION = "codedark station admission v1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,47}")


@dataclass(frozen=True, slots=True)
class Admitted:
    """What was written: `station`: the lines for codedark.toml; `admission`: the file for the station; `fingerprint`:
    of its certificate (SHA-256, hex)."""

    station: Station
    admission: bytes
    fingerprint: str


def admit_station(
    node: OpenNode, name: str, certificate: bytes, units: Sequence[str], host: str, author: Credentials | None
) -> Admitted:
    """Keep a station's certificate, enter who admitted it, and say what it must be told. `host`: where the station
    will find this node. The table in codedark.toml is what opens the door: it is written by hand, like a feed's.

    Raises ConfigError (a name, certificate or unit that cannot be), ActionRefused, AppendFailed.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError("this cannot be a station's name", hint="Letters, digits, spaces and hyphens, at most 48.")
    if not units:
        raise ConfigError("name the station's units", hint="--unit '4 West', once for each.")
    fingerprint = device_fingerprint(certificate)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
    deeds = deeds_of(node)
    session = session_of(deeds, author)
    said = {"name": name, "units": list(units), "certificate": fingerprint}
    set_config(deeds, session, f"station.{slug}", said)
    place = node.layout.root / "stations"
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"{slug}.pem"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(certificate)
    station = Station(name, tuple(units), f"stations/{path.name}")
    return Admitted(station, _admission(node, station, host), fingerprint)


def _admission(node: OpenNode, station: Station, host: str) -> bytes:
    config = node.config
    keys = [pack_signer(config.facility.id, seed).public_key for seed in node.keys.pack_keys]
    return orjson.dumps({
        "version": ADMISSION, "station": station.name, "facility": config.facility.id,
        "facility_name": config.facility.name, "zone": config.facility.zone, "host": host,
        "port": config.stations.port, "units": station.units, "root": _root(node.layout.keys / "root.pem"),
        "pack_keys": [base64.b64encode(key).decode() for key in keys],
    }, option=orjson.OPT_INDENT_2)  # fmt: skip


def _root(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise ConfigError(f"the facility's root certificate cannot be read: {error.strerror}") from error
