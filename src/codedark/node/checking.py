"""A single-file pack from an unknown hand: whether this node made it, asked without opening what is sealed in it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from codedark.errors import CodedarkError, ConfigError
from codedark.node.layout import Layout
from codedark.node.opening import open_node
from codedark.paper import comparison_code, is_labelled_by, pack_signer, read_label


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What a node says of a file. `signed`: its label is this facility's and fits its bytes; `entry`: where the
    journal knows the whole file, scripts and all, None when it does not."""

    code: str
    signed: bool
    entry: int | None

    @property
    def ours(self) -> bool:
        """Whether this node made this file as it lies there."""
        return self.signed and self.entry is not None


def checked(file: Path, folder: Path) -> CheckedFile:
    """Ask the node in `folder` about a file, without opening what is sealed in it.

    Raises ConfigError when there is no such file or no node, CannotUnseal for what is no single-file pack.
    """
    from codedark.web import read_file  # the keeper and every command live without the web's libraries

    try:
        html = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be read: {error.strerror}", hint="Name a file of packs/.") from error
    read = read_file(html)
    if not Layout(folder).made():
        raise ConfigError("there is no node to ask", hint="Name its folder: --folder.")
    digest = sha256(html).digest()
    with open_node(folder) as node:
        keys = [key.public_key for key in (pack_signer(node.config.facility.id, seed) for seed in node.keys.pack_keys)]
        entry = next((row.position for row in node.record().packs() if row.sha256 == digest), None)
        signed = any(_fits(read.label, read.index, node.config.facility.id, key) for key in keys)
    return CheckedFile(comparison_code(sha256(read.index).hexdigest()), signed, entry)


def _fits(note: str, index: bytes, facility: str, public_key: bytes) -> bool:
    try:
        return is_labelled_by(note, facility, public_key) and read_label(note).fits(index)
    except CodedarkError:
        return False
