"""Releases: the offline update bundle, who may sign one, and when it is refused. Format: docs/formats/update.md.

Pure: bytes and files in, a verdict out. Installing what was accepted is the node's business.
"""

from codedark.releases.bundle import BODY_AT, Bundle, Part, add_signature, open_bundle, pack_bundle, seal_note
from codedark.releases.keyring import NEEDED, Keyring, ReleaseKey, new_key, pinned, public_line, read_public, signer_of
from codedark.releases.manifest import FileLine, Manifest, Place, refusal
from codedark.releases.version import version_of, written_version

__all__ = [
    "BODY_AT",
    "NEEDED",
    "Bundle",
    "FileLine",
    "Keyring",
    "Manifest",
    "Part",
    "Place",
    "ReleaseKey",
    "add_signature",
    "new_key",
    "open_bundle",
    "pack_bundle",
    "pinned",
    "public_line",
    "read_public",
    "refusal",
    "seal_note",
    "signer_of",
    "version_of",
    "written_version",
]
