"""Plug-ins by entry point: a broken one breaks only itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from node_rig import COMMAND, ENVIRONMENT, Done

WORKING = """import typer


def greet() -> None:
    'Say hello.'
    typer.echo('hello')


def fall() -> None:
    'Fail as nobody foresaw.'
    raise ValueError('MARLOWE^Ada')
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A folder on the path with a distribution of two plug-ins: one works, one cannot be imported."""
    (tmp_path / "greeting.py").write_text(WORKING)
    (tmp_path / "wrecked.py").write_text("import nothing_of_this_name\n")
    info = tmp_path / "greeting-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[codedark.commands]\ngreet = greeting:greet\nwreck = wrecked:wreck\n"
        "fall = greeting:fall\nstatus = greeting:greet\n"
    )
    return tmp_path


def _run(plugins: Path, *arguments: str) -> Done:
    environment = ENVIRONMENT | {"PYTHONPATH": str(plugins) + os.pathsep + os.environ.get("PYTHONPATH", "")}
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment, timeout=60)
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_plug_in_is_a_command(plugins: Path) -> None:
    assert _run(plugins, "greet").out == "hello\n"


def test_a_broken_plug_in_says_so_and_ends_with_a_code(plugins: Path) -> None:
    done = _run(plugins, "wreck", "--anything")
    assert done.code == 10
    assert "'wreck' (wrecked:wreck) cannot be loaded: ModuleNotFoundError" in done.err


def test_a_broken_plug_in_does_not_break_the_others(plugins: Path) -> None:
    done = _run(plugins, "--help")
    assert done.code == 0
    assert "greet" in done.out
    assert "Not available" in done.out


def test_a_plug_in_cannot_take_the_place_of_our_own_command(plugins: Path) -> None:
    assert "hello" not in _run(plugins, "status", "-f", str(plugins)).out


def test_a_fault_that_nobody_foresaw_says_its_place_and_not_its_words(plugins: Path) -> None:
    done = _run(plugins, "fall")
    assert done.code == 1
    assert "ValueError in " in done.err
    assert "MARLOWE" not in done.err + done.out
    assert "Traceback" not in done.err
