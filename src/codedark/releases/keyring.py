"""Who may sign a release: three Ed25519 keys, any two of them; and how three others take their place.

The keyring is pinned in the installed package (`keyring.txt`). It is replaced only by a later generation that two of
the present keys signed. Signatures are C2SP signed notes (c2sp.org/signed-note): other tools can make and check them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from codedark.clock import Chance
from codedark.errors import ConfigError, UpdateRefused
from codedark.journal import NoteSigner, is_signed_by

NEEDED = 2
"""Signatures of different keys that a release or a new keyring needs."""
KEYS = 3
_TITLE = "codedark release keys 1"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
_UNKNOWN = 1 << 30
_HINT = "Do not use it. Get the bundle again, and ask the maintainers by another way than it came."


@dataclass(frozen=True, slots=True)
class ReleaseKey:
    """One release key. `name`: of its holder, a-z 0-9 . -; `public`: 32 bytes."""

    name: str
    public: bytes

    @property
    def line(self) -> str:
        """Name and key as they stand in a keyring."""
        return f"{self.name} {base64.b64encode(self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one generation, counted from 1. Generation 0 has none: such a build takes no bundle at all."""

    generation: int
    keys: tuple[ReleaseKey, ...]

    @property
    def text(self) -> str:
        """What is pinned and, for a rotation, signed."""
        return "\n".join([_TITLE, f"generation {self.generation}", *(key.line for key in self.keys)]) + "\n"

    @classmethod
    def read(cls, text: str) -> Keyring:
        """A keyring from its exact text. Raises UpdateRefused: also for two names of one key, or one name twice."""
        lines = text.removesuffix("\n").split("\n")
        found = re.fullmatch(r"generation (0|[1-9]\d{0,5})", lines[1]) if len(lines) > 1 else None
        if lines[0] != _TITLE or found is None:
            raise UpdateRefused("this is not a list of release keys", hint=_HINT)
        ring = cls(int(found[1]), tuple(read_public(line) for line in lines[2:]))
        ring.check()
        if ring.text != text:
            raise UpdateRefused("a list of release keys is not written as it must be", hint=_HINT)
        return ring

    def check(self) -> None:
        """Raise UpdateRefused unless there are three different keys of three names (none in generation 0)."""
        wanted = KEYS if self.generation else 0
        if len(self.keys) != wanted:
            raise UpdateRefused(f"a list of release keys has {KEYS} keys, this one has {len(self.keys)}", hint=_HINT)
        if len({key.name for key in self.keys}) < wanted or len({key.public for key in self.keys}) < wanted:
            raise UpdateRefused("a release key is listed twice: two signatures would be one person's", hint=_HINT)

    def signers(self, note: str) -> tuple[str, ...]:
        """The names of this keyring's keys that signed the note; each once, however often its line stands there."""
        return tuple(key.name for key in self.keys if is_signed_by(note, key.name, key.public))

    def require(self, note: str, what: str) -> tuple[str, ...]:
        """The signers, at least two. Raises UpdateRefused."""
        if not self.keys:
            raise UpdateRefused(
                "this build pins no release keys, so it takes no update bundle",
                hint="Install a build whose release keys are pinned (docs/operate/update.md).",
            )
        names = self.signers(note)
        if len(names) < NEEDED:
            said = f" ({', '.join(names)})" if names else ""
            raise UpdateRefused(f"{what} has {len(names)} of {NEEDED} needed signatures{said}", hint=_HINT)
        return names

    def rotated(self, note: str) -> Keyring:
        """The next generation, from a note of which two of this generation's keys signed every byte."""
        self.require(note, "the new list of release keys")
        later = Keyring.read(note.partition("\n\n")[0] + "\n")
        if later.generation != self.generation + 1:
            raise UpdateRefused(
                f"release keys of generation {later.generation} cannot follow generation {self.generation}", hint=_HINT
            )
        return later


def follow(ring: Keyring, rotations: Sequence[str]) -> Keyring:
    """The keyring after these rotations. Those that it has behind it already are passed over unread."""
    for note in rotations:
        if _generation_said(note) > ring.generation:
            ring = ring.rotated(note)
    return ring


def _generation_said(note: str) -> int:
    """What a note claims to be, before anything is known about it: only to pass over what could change nothing."""
    found = re.match(rf"{_TITLE}\ngeneration ([1-9]\d{{0,5}})\n", note)
    return int(found[1]) if found else _UNKNOWN


def pinned() -> Keyring:
    """The keyring of this installed package."""
    return Keyring.read(files("codedark.releases").joinpath("keyring.txt").read_text("utf-8"))


def read_public(line: str) -> ReleaseKey:
    """`name base64`. Raises UpdateRefused."""
    name, _, encoded = line.strip("\n").partition(" ")
    try:
        public = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        public = b""
    if _NAME.fullmatch(name) is None or len(public) != 32:
        raise UpdateRefused("a line is not a release key: a name, a space, 32 bytes in base64")
    return ReleaseKey(name, public)


def public_line(name: str, seed: bytes) -> str:
    """The public half of a key, to be sent to whoever makes the list."""
    return read_public(ReleaseKey(name, NoteSigner(name, seed).public_key).line).line + "\n"


def new_key(name: str, passphrase: bytes, chance: Chance) -> tuple[bytes, str]:
    """(private file, public line) of a new key: PKCS#8 PEM, encrypted when there is a passphrase, its name above it."""
    seed = chance.bytes(32)
    guard = pem.BestAvailableEncryption(passphrase) if passphrase else pem.NoEncryption()
    key = Ed25519PrivateKey.from_private_bytes(seed)
    body = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, guard)
    return f"codedark release key {name}\n".encode() + body, public_line(name, seed)


def is_encrypted(data: bytes) -> bool:
    """Whether a private key file asks for a passphrase."""
    return b"BEGIN ENCRYPTED PRIVATE KEY" in data


def signer_of(data: bytes, passphrase: bytes) -> NoteSigner:
    """The signer of a private key file. Raises ConfigError; no message holds a part of the key."""
    title, _, body = data.partition(b"\n")
    name = title.removeprefix(b"codedark release key ").decode("ascii", "replace")
    try:
        key = pem.load_pem_private_key(body, (passphrase or None) if is_encrypted(data) else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            "the release key does not open", hint="Check the file and its passphrase; it is asked for."
        ) from error
    if not title.startswith(b"codedark release key ") or not isinstance(key, Ed25519PrivateKey):
        raise ConfigError("the file is no release key", hint="Make one with `codedark release key`.")
    return NoteSigner(name, key.private_bytes_raw())
