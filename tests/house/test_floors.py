"""The floors of the house (ARCHITECTURE.md) and the rooms' doors."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _rooms(root: Path) -> set[str]:
    return {place.name for place in (root / "src" / "codedark").iterdir() if (place / "__init__.py").is_file()}


def _inner_imports(path: Path, root: Path) -> list[str]:
    """Imports in `path` of an inner module of a room it does not belong to."""
    own = path.relative_to(root / "src").parts[:2]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "codedark" and len(parts) > 2 and tuple(parts[:2]) != own and parts[1] in _rooms(root):
                found.append(f"{path.relative_to(root)}:{node.lineno} imports {name}")
    return found


def test_a_room_imports_only_lower_floors(root: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_an_upward_import_breaks_the_floors(root: Path, tmp_path: Path) -> None:
    """The negative control: the same contracts over a house in which the journal reads HL7."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    with (tmp_path / "src/codedark/journal/__init__.py").open("a") as room:
        room.write("\nimport codedark.hl7\n")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "codedark.journal" in done.stdout


def test_other_rooms_are_entered_by_the_door(root: Path) -> None:
    found = [line for path in (root / "src").rglob("*.py") for line in _inner_imports(path, root)]
    assert found == []


@pytest.mark.parametrize("name", sorted(_rooms(Path(__file__).resolve().parents[2])))
def test_a_room_says_exactly_what_is_public(name: str) -> None:
    """`__all__` is what is there: no name missing, none twice, none unsaid. Its order is ruff's to check (RUF022)."""
    room = importlib.import_module(f"codedark.{name}")
    plain = {each: value for each, value in vars(room).items() if not each.startswith("_")}
    there = {each for each, value in plain.items() if not isinstance(value, ModuleType)}
    assert len(room.__all__) == len(set(room.__all__))
    assert set(room.__all__) ^ there == set()
