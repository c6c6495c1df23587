"""Targets of what a stick brings: update bundles, lists of release keys, manifests."""
# ruff: noqa: PT017, PT018

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath

from fuzzing import SCRATCH, Target
from release_rig import HERE, bundle, keyring, manifest, rotation, signers

from codedark.errors import UpdateRefused
from codedark.releases import BODY_AT, MAGIC, Keyring, Manifest, add_signature, open_bundle, refusal
from codedark.releases.bundle import body_text


@cache
def _good() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return bundle(Path(folder), signers()[:2]).read_bytes()


def check_bundle(data: bytes) -> None:
    """A bundle is the one that two people signed, byte for byte where it counts, or it is refused in words."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path = Path(folder, "update.cdu")
        path.write_bytes(data)
        try:
            found = open_bundle(path, keyring())
        except UpdateRefused as error:
            assert str(error)
            return
    assert data[16_384:] == _good()[16_384:], "another body counts as signed"
    assert len(found.signers) >= 2


def check_manifest(data: bytes) -> None:
    """A manifest names files below the folder and nothing else, or is refused; a keyring is canonical or refused."""
    try:
        said = Manifest.decoded(data)
    except UpdateRefused:
        pass
    else:
        for line in said.files:
            assert not PurePosixPath(line.name).is_absolute() and ".." not in line.name.split("/")
            assert line.name.isprintable()
    text = data.decode("utf-8", "replace")
    try:
        ring = Keyring.read(text)
    except UpdateRefused:
        return
    assert ring.text == text


def check_signed_body(data: bytes) -> None:
    """Two keys signed nonsense: it is refused in words, and nothing is written outside the folder it is told."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path, inside = Path(folder, "update.cdu"), Path(folder, "in", "side")
        head = MAGIC + body_text(len(data), hashlib.sha256(data).digest()).encode() + b"\n"
        path.write_bytes(head.ljust(BODY_AT, b"\0") + data)
        for signer in signers()[:2]:
            add_signature(path, signer)
        try:
            found = open_bundle(path, keyring())
            assert isinstance(refusal(found.manifest, found.sha256, HERE), str)
            found.extract(inside)
        except UpdateRefused as error:
            assert str(error)
        assert {each.name for each in Path(folder).iterdir()} <= {"update.cdu", "in"}
        assert {each.name for each in Path(folder, "in").glob("*")} <= {"side"}


def _texts() -> list[bytes]:
    return [manifest().encoded(), keyring().text.encode(), rotation(keyring(2), signers()[:2]).encode()]


_WORDS = (
    b"codedark update 1\n", b"====\n", "— ".encode(), b"\n\n", b"../", b"/etc/passwd", b'"files":[{"name":"',
    b'"sha256":"',
    b'"version":"', b"99999999999999999999", b"1.0.0", b"generation ", b"\xc2\xb2", b"\x00" * 64, b"AAAA",
    b"-1", b"null",
)  # fmt: skip
_ROOM = ("codedark.releases", "codedark.journal.note")
TARGETS = (
    Target("update-bundle", check_bundle, lambda: [_good(), _good()[:16_390]], _WORDS, _ROOM),
    Target("update-manifest", check_manifest, _texts, _WORDS, _ROOM),
    Target("update-body", check_signed_body, lambda: [_good()[BODY_AT:]], _WORDS, _ROOM),
)
