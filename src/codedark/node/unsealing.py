"""A sealed pack opened again: with the unit's card anywhere, or with the node's own key where it lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from codedark.access import load_node_keys, unwrapped
from codedark.errors import ConfigError
from codedark.node.layout import Layout
from codedark.node.opening import open_node
from codedark.node.packing import SEALED, code_of


@dataclass(frozen=True, slots=True)
class OpenedPack:
    """A pack's PDF. `code`: to compare with what was told when it was drawn; `entry`: where the journal says it was
    made, None when nobody could be asked or the journal does not know it (`asked` says which)."""

    pdf: bytes = field(repr=False)
    code: str
    entry: int | None
    asked: bool


def unsealed(file: Path, folder: Path, secret: str | None = None) -> OpenedPack:
    """Open a sealed pack with a card's `secret`, or with the keys of the node in `folder`.

    Raises ConfigError when there is no such file, no PDF in it or no keys, CannotUnseal for another card or a change.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be read: {error.strerror}", hint="Name a file of packs/.") from error
    if file.suffix == SEALED:
        data = unwrapped([secret] if secret else load_node_keys(folder).facility_secrets, data)
    if not data.startswith(b"%PDF-"):
        raise ConfigError(f"{file.name} is no pack", hint=f"Packs end in .pdf or .pdf{SEALED}.")
    entry, asked = _entry(folder, sha256(data).digest())
    return OpenedPack(data, code_of(data), entry, asked)


def _entry(folder: Path, digest: bytes) -> tuple[int | None, bool]:
    """Where the journal of the node in `folder` knows a pack with these bytes."""
    if not Layout(folder).made():
        return None, False
    with open_node(folder) as node:
        found = (row.position for row in node.record().packs() if row.sha256 == digest)
        return next(found, None), True
