"""Release keys, keyrings and small bundles, made from seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codedark.clock import SeededChance
from codedark.journal import NoteSigner
from codedark.releases import Keyring, Manifest, Part, Place, add_signature, pack_bundle, read_public, seal_note
from codedark.releases import public_line as line_of

NAMES = ("alice", "bob", "carol")
HERE = Place("1.0.0", "1.0.0", "", "CDJ1", "3.11", "linux-x86_64")
"""A node that runs 1.0.0, installed by hand."""


def signers(generation: int = 1, names: tuple[str, ...] = NAMES) -> list[NoteSigner]:
    """The holders of one generation's keys."""
    return [NoteSigner(name, SeededChance(f"release {generation} {name}").bytes(32)) for name in names]


def keyring(generation: int = 1, names: tuple[str, ...] = NAMES) -> Keyring:
    """Their public keys."""
    lines = [line_of(name, SeededChance(f"release {generation} {name}").bytes(32)) for name in names]
    return Keyring(generation, tuple(read_public(line) for line in lines))


def manifest(version: str = "1.1.0", **other: Any) -> Manifest:
    """A manifest that HERE takes."""
    fields: dict[str, Any] = {
        "format": 1, "version": version, "previous": ("1.0.0",), "mapping": "m", "schema": 2,
        "journal_formats": ("CDJ1",), "python": "3.11", "platform": "linux-x86_64", "keyring": 1,
        "made": "2026-11-24", "files": (),
    }  # fmt: skip
    return Manifest(**(fields | other))


def bundle(
    folder: Path, by: list[NoteSigner], *, described: Manifest | None = None, text: str = "wheel",
    rotations: tuple[str, ...] = (), name: str = "update.cdu",
) -> Path:  # fmt: skip
    """A bundle of one small file, signed by `by`."""
    source, path = folder / "requirements.txt", folder / name
    source.write_text(text)
    pack_bundle(path, described or manifest(), [Part("requirements.txt", source)], rotations)
    for signer in by:
        add_signature(path, signer)
    return path


def rotation(to: Keyring, by: list[NoteSigner]) -> str:
    """A keyring signed by these holders."""
    note = to.text + "\n"
    for signer in by:
        note = seal_note(to.text, note, signer)
    return note
