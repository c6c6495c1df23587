"""What is installed is pinned by hash, and no lock names a host."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

HOST = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host|^-i\s|\bfile:", re.M)


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


def _pins(lock: str) -> dict[str, str]:
    """Package → its whole block."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M)
    return {re.split(r"[=\[ ]", block, maxsplit=1)[0].lower(): block for block in blocks if "==" in block}


def test_no_lock_names_a_host(root: Path, lock: str) -> None:
    assert HOST.search(lock) is None
    for name in root.rglob("package-lock.json"):
        if "node_modules" not in name.parts:
            assert '"resolved"' not in name.read_text(encoding="utf-8")


def test_every_pin_has_a_hash(lock: str) -> None:
    assert [name for name, block in _pins(lock).items() if "--hash=sha256:" not in block] == []


def test_the_encrypting_sqlite_is_pinned_and_the_plain_one_is_not(lock: str) -> None:
    """Both install the module `apsw`; the plain one takes a key silently and leaves plaintext (decision 7)."""
    pins = _pins(lock)
    assert "apsw-sqlite3mc" in pins
    assert "apsw" not in pins


def test_every_declared_dependency_is_pinned(root: Path, lock: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        declared += extra
    names = {re.split(r"[>=<;\[ ]", each, maxsplit=1)[0].lower().replace("_", "-") for each in declared}
    assert names - set(_pins(lock)) == set()


def test_every_dependency_is_explained(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (root / "docs/why/dependencies.md").read_text(encoding="utf-8").lower()
    names = [re.split(r"[>=<;\[ ]", each, maxsplit=1)[0].lower() for each in project["dependencies"]]
    assert [name for name in names if f"`{name}`" not in page] == []
