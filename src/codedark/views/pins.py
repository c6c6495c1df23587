"""Which witnesses count, folded: a `witness.NAME` setting is believed only when two people decided exactly it.

A cosignature proves that somebody holds a key; a pin says whose key it is. Without one, whoever may write into the
inbox could show any name as a witness there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import apsw
import msgspec

WITNESS = "witness."
"""The setting's name is this and the witness's name; its value the public key in base64, "" = pinned no more."""
WITNESS_HOURS = "record.witness_hours"
"""The setting for the age in hours from which the newest cosignature is too old."""
_DEFAULT_HOURS = 24


def pin_of(key: str) -> bytes | None:
    """The 32 bytes of a public key in base64; None for anything else."""
    try:
        found = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        return None
    return found if len(found) == 32 else None


def pinned(settings: Mapping[str, Any]) -> dict[str, bytes]:
    """Witness → public key of every pin in force."""
    found = {
        key.removeprefix(WITNESS): pin_of(str(value)) for key, value in settings.items() if key.startswith(WITNESS)
    }
    return {name: key for name, key in found.items() if key is not None}


def witness_hours(settings: Mapping[str, Any]) -> int:
    """The age in hours from which a cosignature is too old: the setting, else a day."""
    value = settings.get(WITNESS_HOURS, _DEFAULT_HOURS)
    return value if isinstance(value, int) and value > 0 else _DEFAULT_HOURS


def pin_complaint(db: apsw.Connection, key: str, value: Any) -> str:
    """Why a `witness.NAME` setting is not believed; "" when two people decided exactly it."""
    if value != "" and pin_of(str(value)) is None:
        return "is no public key"
    wanted = {"name": key.removeprefix(WITNESS), "key": value}
    for (arguments,) in db.execute("SELECT arguments FROM proposal WHERE deed='pin_witness' AND approved=1"):
        said = msgspec.json.decode(arguments)
        if {"name": said.get("name"), "key": said.get("key", "")} == wanted:
            return ""
    return "pins what no two people decided"
