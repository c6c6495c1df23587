"""Everything a person can type, set, read or meet as an error has its line in the docs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from codedark import errors
from codedark.cli.app import build


def _tree(kind: type[errors.CodedarkError]) -> Iterator[type[errors.CodedarkError]]:
    yield kind
    for under in kind.__subclasses__():
        yield from _tree(under)


def _commands(command: object, path: str = "codedark") -> Iterator[tuple[str, object]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, under in sorted(inner.items()):
        yield from _commands(under, f"{path} {name}")


def test_generated_pages_are_what_the_code_says(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "script" / "docs.py", "--check"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_has_help_and_a_heading(root: Path) -> None:
    page = (root / "docs/reference/cli.md").read_text(encoding="utf-8")
    commands = dict(_commands(typer.main.get_command(build())))
    assert [path for path, command in commands.items() if not (getattr(command, "help", "") or "").strip()] == []
    assert [path for path in commands if f"## `{path}`" not in page] == []


def test_every_command_can_answer_in_json() -> None:
    silent = {"codedark serve", "codedark listen"}
    without = [
        path
        for path, command in _commands(typer.main.get_command(build()))
        if path not in silent and not any("--json" in param.opts for param in getattr(command, "params", []))
    ]
    assert without == []


def test_no_command_takes_a_password_as_an_argument() -> None:
    found = [
        (path, option)
        for path, command in _commands(typer.main.get_command(build()))
        for param in getattr(command, "params", [])
        for option in param.opts
        if ("password" in option or "secret" in option or option.strip("-") == "key") and not option.endswith("-file")
    ]
    assert found == []


def test_every_error_has_a_page_line_a_hint_and_a_code_of_its_own(root: Path) -> None:
    page = (root / "docs/reference/errors.md").read_text(encoding="utf-8")
    kinds = [kind for kind in _tree(errors.CodedarkError) if kind.__module__ == errors.__name__]
    codes = [kind.exit_code for kind in kinds]
    assert [kind.__name__ for kind in kinds if f"## {kind.slug}" not in page] == []
    assert [kind.__name__ for kind in kinds if not kind.default_hint or not kind.__doc__] == []
    assert sorted({code for code in codes if codes.count(code) > 1}) == []


def test_every_kind_of_entry_is_documented(root: Path) -> None:
    from codedark.entries import KINDS

    page = (root / "docs/formats/entries.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"`{name}`" not in page] == []


def test_every_setting_of_the_file_is_documented(root: Path) -> None:
    import msgspec

    from codedark.node import Facility, Feed, Node, Packs, Web

    page = (root / "docs/reference/config.md").read_text(encoding="utf-8")
    tables: list[type[msgspec.Struct]] = [Facility, Feed, Node, Packs, Web]
    keys = [key for table in tables for key in table.__struct_fields__]
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_every_page_that_a_page_points_to_is_there(root: Path) -> None:
    import re

    missing = []
    for page in [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "changes").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                missing.append(f"{page.relative_to(root)} → {target}")
    assert missing == []
