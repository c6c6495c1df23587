"""Sizes and words of the house: what style.md asks, as tests."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from pathlib import Path

import pytest

FILE_MAX, FUNCTION_MAX, FUNCTION_MEDIAN = 500, 50, 12
BANNED_NAME = re.compile(r"(^|_)(utils?|helpers?|manager|service|handler|misc|common)(_|$)", re.I)
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|not implemented|placeholder|stub(bed)?|dummy)\b", re.I
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home)/[\w.]|\.library\b")


def _python(root: Path, *under: str) -> list[Path]:
    return [path for place in under for path in sorted((root / place).rglob("*.py"))]


def _functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _committed(root: Path) -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("DID NOT RUN: not a git checkout, so what is committed is not known")
    return [root / name.decode() for name in listed.split(b"\0") if name]


def test_no_file_is_longer_than_500_lines(root: Path) -> None:
    long = [
        f"{path.relative_to(root)}: {count}"
        for path in _python(root, "src", "tests", "script")
        if (count := path.read_text(encoding="utf-8").count("\n")) > FILE_MAX
    ]
    assert long == []


def test_no_function_is_longer_than_50_lines(root: Path) -> None:
    long = [
        f"{path.relative_to(root)}: {name} is {span}"
        for path in _python(root, "src", "tests", "script")
        for name, span in _functions(path)
        if span > FUNCTION_MAX
    ]
    assert long == []


def test_half_of_the_functions_are_short(root: Path) -> None:
    spans = [span for path in _python(root, "src") for _, span in _functions(path)]
    assert statistics.median(spans) <= FUNCTION_MEDIAN


def test_no_module_has_a_name_that_explains_nothing(root: Path) -> None:
    named = [str(path.relative_to(root)) for path in _python(root, "src", "tests") if BANNED_NAME.search(path.stem)]
    assert named == []


def test_nothing_in_the_source_is_left_unfinished(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in _python(root, "src", "script")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == []


def test_nothing_committed_names_a_machine(root: Path) -> None:
    """No absolute path of somebody's machine, and no tool of a workplace. This file and the vectors' bytes aside."""
    found = []
    for path in _committed(root):
        if path == Path(__file__).resolve() or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(root)}: {match.group()}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_test_files_have_names_of_their_own(root: Path) -> None:
    names = [path.name for path in _python(root, "tests") if path.name.startswith("test_")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_tests_do_not_sleep_or_skip_without_a_word(root: Path) -> None:
    """A skip mark hides a test for good; a fixture that says DID NOT RUN is heard at the end of every run."""
    marks = re.compile(r"@pytest\.mark\.(skip|skipif|xfail)\b")
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in _python(root, "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []
