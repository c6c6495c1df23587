"""The statement that names an origin (docs/formats/journal.md, "The origin's statement")."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from codedark.errors import ConfigError, UnknownFormat

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_PREFIXES = ("codedark origin v1", "facility ", "node ", "public-key ", "created ", "nonce ", "cites ")
_ENDORSEMENT = b"codedark endorsement v1\n"


@dataclass(frozen=True, slots=True)
class OriginStatement:
    """Who writes a chain. `public_key`: 32 bytes Ed25519; `nonce`: 16 bytes; `cites`: "origin/size/root" of the chain
    it
    follows after a restore, "none" for a first one; `endorsement`: 64-byte signature by the adoption key, or empty."""

    facility: str
    node: str
    public_key: bytes
    created_us: int
    nonce: bytes
    cites: str = "none"
    endorsement: bytes = b""

    def __post_init__(self) -> None:
        for name in (self.facility, self.node):
            if not _NAME.fullmatch(name):
                raise ConfigError(
                    f"{name!r} is not a facility or node id", hint="Use lower-case letters, digits and hyphens."
                )

    @property
    def text(self) -> str:
        """The seven lines."""
        key = base64.b64encode(self.public_key).decode()
        return (
            f"codedark origin v1\nfacility {self.facility}\nnode {self.node}\npublic-key {key}\n"
            f"created {self.created_us}\nnonce {self.nonce.hex()}\ncites {self.cites}\n"
        )

    @property
    def id(self) -> bytes:
        """16 bytes that every header of this origin carries."""
        return sha256(self.text.encode()).digest()[:16]

    @property
    def name(self) -> str:
        """The name on this origin's checkpoints."""
        return f"codedark/{self.facility}/{self.id.hex()}"

    @property
    def first_previous(self) -> bytes:
        """What the first entry names as the hash before it."""
        return sha256(b"codedark journal v1\n" + self.text.encode()).digest()

    def endorsed(self, adoption_seed: bytes) -> OriginStatement:
        """The same statement with the adoption key's signature."""
        signature = Ed25519PrivateKey.from_private_bytes(adoption_seed).sign(_ENDORSEMENT + self.text.encode())
        return OriginStatement(
            self.facility, self.node, self.public_key, self.created_us, self.nonce, self.cites, signature
        )

    def is_endorsed_by(self, adoption_key: bytes) -> bool:
        """True when the endorsement is this adoption key's."""
        try:
            Ed25519PublicKey.from_public_bytes(adoption_key).verify(self.endorsement, _ENDORSEMENT + self.text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True

    @classmethod
    def parse(cls, text: str, endorsement: bytes = b"") -> OriginStatement:
        """Read a statement. Raises UnknownFormat unless it is canonical to the last byte."""
        lines = text.split("\n")
        if len(lines) != 8 or lines[7] or any(not a.startswith(b) for a, b in zip(lines, _PREFIXES, strict=False)):
            raise UnknownFormat("not an origin statement")
        facility, node, key, created, nonce, cites = (
            line[len(prefix) :] for line, prefix in zip(lines[1:7], _PREFIXES[1:], strict=True)
        )
        try:
            found = cls(
                facility, node, base64.b64decode(key, validate=True), int(created), bytes.fromhex(nonce), cites,
                endorsement,
            )  # fmt: skip
        except (ValueError, binascii.Error, ConfigError) as error:
            raise UnknownFormat("an origin statement with unreadable values") from error
        if found.text != text or len(found.public_key) != 32:
            raise UnknownFormat("an origin statement that is not canonical")
        return found
