"""Releases: the offline update bundle, who may sign one, and when it is refused. Format: docs/formats/update.md.

Pure: bytes and files in, a verdict out. Installing what was accepted is the node's business.
"""

from codedark.releases.assembly import Assembly, Wheel, assemble, read_wheel
from codedark.releases.bundle import (
    BODY_AT,
    MAGIC,
    Bundle,
    Part,
    add_signature,
    keep_copy,
    open_bundle,
    pack_bundle,
    seal_note,
)
from codedark.releases.keyring import (
    NEEDED,
    Keyring,
    ReleaseKey,
    is_encrypted,
    new_key,
    pinned,
    public_line,
    read_public,
    signer_of,
)
from codedark.releases.manifest import FileLine, Manifest, Place, refusal
from codedark.releases.version import version_of, written_version

__all__ = [
    "BODY_AT",
    "MAGIC",
    "NEEDED",
    "Assembly",
    "Bundle",
    "FileLine",
    "Keyring",
    "Manifest",
    "Part",
    "Place",
    "ReleaseKey",
    "Wheel",
    "add_signature",
    "assemble",
    "is_encrypted",
    "keep_copy",
    "new_key",
    "open_bundle",
    "pack_bundle",
    "pinned",
    "public_line",
    "read_public",
    "read_wheel",
    "refusal",
    "seal_note",
    "signer_of",
    "version_of",
    "written_version",
]
