"""Putting a bundle together from wheels that are there already. Builds nothing, fetches nothing.

Each foreign wheel must be pinned by hash in the lock, so a bundle brings only what was reviewed with the lock.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from codedark.errors import NotFound, UpdateRefused
from codedark.releases.bundle import Part, pack_bundle
from codedark.releases.keyring import Keyring
from codedark.releases.manifest import FORMAT, Manifest

_KEYRING = "codedark/releases/keyring.txt"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on disk. `name` as in its metadata; `sha256` in hex."""

    path: Path
    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """Its line of requirements.txt."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}\n"


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a bundle is made of. `ours`: the wheel of codedark; `wheels`: folder with all others; `lock`, `sbom`: files;
    `previous`: versions it may replace; `made`: date; `rotations`: signed keyrings, oldest first."""

    ours: Path
    wheels: Path
    lock: Path
    sbom: Path
    previous: tuple[str, ...]
    made: str
    rotations: tuple[str, ...] = ()


def assemble(parts: Assembly, about: dict[str, Any], work: Path, to: Path) -> str:
    """Write an unsigned bundle; the hash of its body. The same parts give the same bytes.

    `about`: what the codedark of this wheel says of itself; `work`: an empty folder. Raises UpdateRefused, NotFound.
    """
    ours = read_wheel(parts.ours)
    others = [read_wheel(path) for path in sorted(parts.wheels.glob("*.whl")) if path.name != parts.ours.name]
    _pinned(others, parts.lock)
    with zipfile.ZipFile(parts.ours) as wheel:
        keyring = wheel.read(_KEYRING).decode()
    if (ours.name, ours.version, keyring) != ("codedark", about["version"], about["keyring"]):
        raise UpdateRefused(
            f"the wheel is {ours.name} {ours.version}, this command is codedark {about['version']}",
            hint="Build with the codedark of the same checkout, after its release keys were pinned.",
        )
    requirements = work / "requirements.txt"
    requirements.write_text("".join(wheel.requirement for wheel in sorted([ours, *others], key=lambda w: w.name)))
    manifest = Manifest(
        format=FORMAT, version=ours.version, previous=parts.previous, mapping=about["mapping"],
        schema=about["schema"], journal_formats=tuple(about["journal_formats"]), python=about["python"],
        platform=about["platform"], keyring=Keyring.read(keyring).generation, made=parts.made, files=(),
    )  # fmt: skip
    files = [Part("requirements.txt", requirements), Part("sbom.cdx.json", parts.sbom)]
    files += [Part(f"wheels/{wheel.path.name}", wheel.path) for wheel in [ours, *others]]
    return pack_bundle(to, manifest, files, parts.rotations)


def read_wheel(path: Path) -> Wheel:
    """Name, version and hash of a wheel. Raises NotFound, UpdateRefused."""
    try:
        with zipfile.ZipFile(path) as wheel:
            name = next(each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
            metadata = BytesHeaderParser().parsebytes(wheel.read(name))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise NotFound(f"there is no wheel {path}") from error
    except (zipfile.BadZipFile, StopIteration) as error:
        raise UpdateRefused(f"{path.name} is no wheel") from error
    return Wheel(path, str(metadata["Name"]).lower().replace("_", "-"), str(metadata["Version"]), digest)


def _pinned(wheels: Sequence[Wheel], lock: Path) -> None:
    try:
        hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock.read_text("utf-8")))
    except OSError as error:
        raise NotFound(f"the lock {lock} cannot be read: {type(error).__name__}") from error
    if strangers := [wheel.path.name for wheel in wheels if wheel.sha256 not in hashes]:
        raise UpdateRefused(f"not pinned by hash in {lock.name}: {', '.join(strangers)}")
