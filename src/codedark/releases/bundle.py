"""The bundle: one regular file. A head of fixed size that holds only signed notes, then the body they sign.

Nothing of the body is parsed, and no length in it believed, before two release keys are known to have signed its hash.
The note's text is not parsed at all: it is written anew from the bytes found, and must be the same.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from codedark.errors import NotFound, UpdateRefused
from codedark.journal import NoteSigner
from codedark.releases.keyring import Keyring, follow
from codedark.releases.manifest import FileLine, Manifest

MAGIC = b"codedark update 1\n"
BODY_AT = 16_384
"""Bytes of the head, filled up with zeros."""
SIZE_MAX = 2 << 30
MANIFEST_MAX = 1 << 20
_RULE = "====\n"
_BLOCK = 1 << 20
_BROKEN = "Do not use it: it was cut off or changed on its way. Get it again, by another way."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose signatures held. `sha256`: of its body, hex; `signers`: names; `keyring`: what it leads to."""

    path: Path
    manifest: Manifest
    sha256: str
    signers: tuple[str, ...]
    keyring: Keyring
    _files_at: int

    def extract(self, folder: Path) -> None:
        """Write every file into `folder`, checking each hash again. Raises UpdateRefused."""
        with _regular(self.path) as source:
            source.seek(self._files_at)
            for line in self.manifest.files:
                _copied(source, folder / line.name, line)


@dataclass(frozen=True, slots=True)
class Part:
    """One file to pack. `name`: as in the manifest, such as wheels/x.whl."""

    name: str
    path: Path


def open_bundle(path: Path, keyring: Keyring) -> Bundle:
    """Check the signatures, then read the manifest. Raises NotFound, UpdateRefused.

    Give it a private copy: what was checked must be what is used.
    """
    with _regular(path) as file:
        rotations, note = _head(file)
        digest, size = _body_hash(file)
        ring = follow(keyring, rotations)
        if note.partition("\n\n")[0] + "\n" != body_text(size, digest):
            raise UpdateRefused("what was signed is not what is in the bundle", hint=_BROKEN)
        signers = ring.require(note, "the bundle")
        manifest, files_at = _manifest(file, size)
        if manifest.keyring != ring.generation:
            raise UpdateRefused("the release it brings does not pin the keys that signed it", hint=_BROKEN)
    return Bundle(path, manifest, digest.hex(), signers, ring, files_at)


def keep_copy(path: Path, to: Path) -> Path:
    """Copy one regular file to a private place and name that. Raises NotFound, UpdateRefused."""
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with _regular(path) as source, os.fdopen(handle, "wb") as out:
        left = SIZE_MAX
        while left > 0 and (block := source.read(_BLOCK)):
            out.write(block)
            left -= len(block)
    return to


def body_text(size: int, digest: bytes) -> str:
    """What the release keys sign."""
    return f"codedark update 1\n{size}\n{base64.b64encode(digest).decode()}\n"


def pack_bundle(to: Path, manifest: Manifest, parts: Sequence[Part], rotations: Sequence[str] = ()) -> str:
    """Write an unsigned bundle; the SHA-256 (hex) of its body. The manifest's list of files is made here.

    The same manifest, files and rotations give the same bytes.
    """
    described = _with_files(manifest, parts)
    encoded = described.encoded()
    hashed, size = hashlib.sha256(), 0
    with to.open("w+b") as out:
        out.seek(BODY_AT)
        for block in _body(encoded, parts):
            out.write(block)
            hashed.update(block)
            size += len(block)
        out.seek(0)
        out.write(_head_bytes(rotations, body_text(size, hashed.digest()) + "\n"))
    return hashed.hexdigest()


def add_signature(path: Path, signer: NoteSigner, sha256: str = "") -> str:
    """Sign a bundle in place, over the hash of what is really in it, which is returned in hex.

    `sha256`: of the body that the signer made. Raises UpdateRefused: another body, or a second line of one key.
    """
    with _regular(path) as file:
        rotations, note = _head(file)
        digest, size = _body_hash(file)
    if sha256 and digest.hex() != sha256.lower():
        raise UpdateRefused(
            f"the body of this bundle is {digest.hex()}, not the one you made",
            hint="Do not sign. Make it again from the same commit, and find out who changed what.",
        )
    sealed = seal_note(body_text(size, digest), note, signer)
    with path.open("r+b") as out:
        out.write(_head_bytes(rotations, sealed))
        out.flush()
        os.fsync(out.fileno())
    return digest.hex()


def seal_note(text: str, note: str, signer: NoteSigner) -> str:
    """`note`, whose text must be `text`, with one more signature line. Raises UpdateRefused."""
    found, _, lines = note.partition("\n\n")
    if found + "\n" != text:
        raise UpdateRefused("its head does not belong to its body", hint=_BROKEN)
    if any(line.startswith(f"— {signer.name} ") for line in lines.splitlines()):
        raise UpdateRefused(f"{signer.name} has signed it already", hint="Another holder of a key signs next.")
    return f"{text}\n{lines}{signer.signature_line(text)}"


def _head_bytes(rotations: Sequence[str], note: str) -> bytes:
    head = MAGIC + _RULE.join([*rotations, note]).encode()
    if len(head) > BODY_AT:
        raise UpdateRefused(
            "the head is full", hint="Release a version on the way, so that fewer rotations are needed."
        )
    return head.ljust(BODY_AT, b"\0")


def _head(file: BinaryIO) -> tuple[list[str], str]:
    file.seek(0)
    head = file.read(BODY_AT)
    if len(head) < BODY_AT or not head.startswith(MAGIC):
        raise UpdateRefused("this is not an update bundle", hint="A bundle ends in .cdu and is one whole file.")
    try:
        text = head[len(MAGIC) :].rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError as error:
        raise UpdateRefused("the head of the bundle is damaged", hint=_BROKEN) from error
    *rotations, note = text.split(_RULE)
    return rotations, note


def _body_hash(file: BinaryIO) -> tuple[bytes, int]:
    file.seek(BODY_AT)
    hashed, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        hashed.update(block)
        size += len(block)
    return hashed.digest(), size


def _manifest(file: BinaryIO, size: int) -> tuple[Manifest, int]:
    file.seek(BODY_AT)
    length = int.from_bytes(file.read(4), "big")
    if not 0 < length <= min(MANIFEST_MAX, size - 4):
        raise UpdateRefused("the manifest has no possible length", hint=_BROKEN)
    manifest = Manifest.decoded(file.read(length))
    if 4 + length + sum(line.size for line in manifest.files) != size:
        raise UpdateRefused("the bundle holds more or less than its manifest says", hint=_BROKEN)
    return manifest, BODY_AT + 4 + length


def _body(manifest: bytes, parts: Sequence[Part]) -> Iterator[bytes]:
    yield len(manifest).to_bytes(4, "big") + manifest
    for part in parts:
        with part.path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block


def _with_files(manifest: Manifest, parts: Sequence[Part]) -> Manifest:
    lines = []
    for part in parts:
        with part.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(FileLine(part.name, part.path.stat().st_size, digest))
    fields = {name: getattr(manifest, name) for name in manifest.__struct_fields__}
    described = Manifest(**(fields | {"files": tuple(lines)}))
    described.check()
    return described


def _copied(source: BinaryIO, to: Path, line: FileLine) -> None:
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashed, left = hashlib.sha256(), line.size
    with to.open("xb") as out:
        while left and (block := source.read(min(_BLOCK, left))):
            hashed.update(block)
            out.write(block)
            left -= len(block)
    if left or hashed.hexdigest() != line.sha256:
        raise UpdateRefused(f"{line.name} in the bundle is not what its manifest says", hint=_BROKEN)


def _regular(path: Path) -> BinaryIO:
    """Open one regular file: never a link, a device or a pipe that somebody put on a stick (security decision 5)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        raise UpdateRefused(f"{path} is not a file that can be read ({error.strerror})") from error
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or state.st_size > SIZE_MAX:
        os.close(handle)
        raise UpdateRefused(f"{path} is not one regular file of at most 2 GiB")
    return os.fdopen(handle, "rb")
