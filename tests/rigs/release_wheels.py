"""Real wheels without a network: ours built from a copy of the source, the others packed again from what is installed.

Packing again gives other bytes than the index has, so a lock is written for them; a release uses requirements.lock.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
EPOCH = "1790000000"


LEFT_OUT = frozenset({"onnxruntime", "pillow", "rapidocr"})
"""Reading scans takes half a gigabyte of wheels and is not what these tests are about: our wheel asks for none here."""


def needed(lines: Iterable[str] | None = None, seen: set[str] | None = None) -> set[str]:
    """Everything that codedark needs, directly and indirectly, by what is declared and installed."""
    seen = set() if seen is None else seen
    for each in map(Requirement, declared() if lines is None else lines):
        plain = re.sub(r"[-_.]+", "-", each.name).lower()
        if plain not in seen and (each.marker is None or each.marker.evaluate({"extra": ""})):
            seen.add(plain)
            needed(metadata.distribution(plain).requires or [], seen)
    return seen


def declared() -> list[str]:
    """What pyproject.toml says that codedark needs, less what is left out."""
    listed: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return [line for line in listed if Requirement(line).name not in LEFT_OUT]


def packed_again(to: Path) -> Path:
    """Wheels of everything that codedark needs, and a lock that pins them; the lock."""
    to.mkdir()
    lines = []
    for name in sorted(needed()):
        found = metadata.distribution(name)
        tags = [tag.split("-") for tag in re.findall(r"^Tag: (\S+)", str(found.read_text("WHEEL")), re.M)]
        joined = "-".join(".".join(dict.fromkeys(parts)) for parts in zip(*tags, strict=True))
        stem = re.sub(r"[-_.]+", "_", found.metadata["Name"])
        path = to / f"{stem}-{found.version}-{joined}.whl"
        _pack(found, path)
        lines.append(f"{name}=={found.version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n")
    lock = to.parent / "test.lock"
    lock.write_text("".join(lines))
    return lock


def _pack(found: metadata.Distribution, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for file in found.files or []:
            inside = ".." not in file.parts and "__pycache__" not in file.parts
            if inside and file.name not in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
                wheel.write(str(file.locate()), str(file))
        names = [*wheel.namelist()]
        record = next(str(file) for file in found.files or [] if file.name == "RECORD")
        wheel.writestr(record, "".join(f"{name},,\n" for name in [*names, record]))


def source(to: Path, version: str, keyring: str, *, also: str = "") -> Path:
    """A copy of our source with another version and these release keys. `also`: code added to the interpretation."""
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", to / "src", ignore=skipped)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, to)
    _change(to / "pyproject.toml", r'(?m)^version = ".*"$', f'version = "{version}"')
    _change(to / "src/codedark/__init__.py", r'__version__ = ".*"', f'__version__ = "{version}"')
    for name in LEFT_OUT:
        _change(to / "pyproject.toml", rf'(?m)^  "{name}[^"]*",\n', "", missing=True)
    (to / "src/codedark/releases/keyring.txt").write_text(keyring)
    if also:
        with (to / "src/codedark/entries/interpretation.py").open("a") as file:
            file.write(also)
        _change(to / "src/codedark/entries/interpretation.py", r'MAPPING_VERSION = ".*"', 'MAPPING_VERSION = "later"')
    return to


def built(place: Path, to: Path) -> Path:
    """Our wheel, built from such a copy with what is installed here."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(to)], cwd=place, check=True,
        capture_output=True, env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH},
    )  # fmt: skip
    return next(to.glob("codedark-*.whl"))


def _change(path: Path, pattern: str, to: str, *, missing: bool = False) -> None:
    text, count = re.subn(pattern, to, path.read_text("utf-8"), count=1)
    assert count == 1 or missing, f"{path.name} has no {pattern}"
    path.write_text(text, "utf-8")
