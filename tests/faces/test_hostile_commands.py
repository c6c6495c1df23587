"""Every table of the command line over a record full of hostile text: no escape sequence, no formula, nothing cut."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hostile_text import HIDDEN, SECRET, STACKED, TEXTS, HostileNode
from node_rig import COMMAND, ENVIRONMENT

from codedark.cli import main, output, visible
from codedark.node import Layout
from codedark.node.config import Config, Facility, Feed, written

FILE_NAME = "a\x1b[31m\u202e=cmd|'x'!A1<script>.ndjson"
_COLOURS = re.compile("\x1b\\[[0-9;]*m")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("worklist", "--limit", "500"),
    ("feed", "list"),
    ("person", "list"),
    ("trust", "list"),
    ("trust", "witnesses"),
    ("trust", "deeds"),
    ("report", "list"),
    ("keys", "status"),
    ("clock",),
    ("doctor",),
    ("pack", "--all", "--dry-run"),
    ("journal", "verify"),
    ("journal", "checkpoint"),
    ("import", "FILES", "--dry-run"),
    ("import", "FILES", "--label", TEXTS["escape"]),
    ("rebuild",),
    ("pack", TEXTS["script"], "--draft"),
    ("pack", TEXTS["escape"] + "no such unit"),
)


@pytest.fixture(scope="module")
def folder(hostile: HostileNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's folder with that record, declared under hostile names."""
    place = tmp_path_factory.mktemp("commands") / "node"
    shutil.copytree(hostile.home.folder, place, ignore=shutil.ignore_patterns("lock", "scratch"))
    feeds = (Feed(name="=cmd|'/C calc'!A1", port=0), Feed(name="<script>alert(1)</script>", port=0))
    facility = Facility(id="waterbury", name=TEXTS["escape"] + TEXTS["override"], zone="America/New_York", code="WTB")
    (place / "codedark.toml").write_text(written(Config(facility=facility, feed=feeds)), encoding="utf-8")
    Layout(place).make()
    files = place / "files"
    files.mkdir()
    lines = "\n".join(json.dumps({"resourceType": text, "id": text}) for text in TEXTS.values())
    (files / FILE_NAME).write_text(lines, encoding="utf-8")
    Path(os.fsdecode(os.fsencode(files) + b"/\xff\xfe.json")).write_text(lines, encoding="utf-8")
    return place


def run(folder: Path, command: tuple[str, ...], *more: str) -> None:
    given = [str(folder / "files") if word == "FILES" else word for word in command]
    try:
        main([*given, "--folder", str(folder), *more])
    except SystemExit:
        return


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]).split("<")[0])
def test_outside_text_steers_no_terminal(folder: Path, command: tuple[str, ...], capfd: pytest.CaptureFixture) -> None:
    run(folder, command)
    said = capfd.readouterr()
    run(folder, command, "--json")
    as_json = capfd.readouterr()

    for words in (said.out, said.err, as_json.out, as_json.err):
        assert HIDDEN.findall(words) == []
        assert not STACKED.search(words)
        assert SECRET not in words
        assert "fault of ours" not in words
    assert isinstance(json.loads(as_json.out), dict)


def test_names_of_people_are_whole(folder: Path, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "8000")
    run(folder, ("person", "list"))
    told = "".join(capfd.readouterr().out.split())
    run(folder, ("person", "list"), "--json")
    names = [row["name"] for row in json.loads(capfd.readouterr().out)["people"]]

    assert [name for name, text in TEXTS.items() if "".join(visible(text).split()) not in told] == []
    assert set(TEXTS.values()) <= set(names)


def test_formulas_of_a_spreadsheet_are_text_in_csv(folder: Path, capfd: pytest.CaptureFixture) -> None:
    run(folder, ("worklist", "--limit", "500", "--csv"))
    rows = list(csv.reader(io.StringIO(capfd.readouterr().out)))

    assert len(rows) > 30
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@")] == []
    assert [cell for cell in cells if HIDDEN.search(cell)] == []


def test_a_defused_cell_loses_nothing_of_its_text() -> None:
    text = output.csv_text(["a"], [[value] for value in TEXTS.values()] + [[-3]])
    cells = [row[0] for row in csv.reader(io.StringIO(text))][1:]

    assert [cell.removeprefix("'") if cell[1:2] in tuple("=+-@") else cell for cell in cells[:-1]] == [
        visible(value) for value in TEXTS.values()
    ]
    assert cells[-1] == "-3"


def test_a_real_terminal_is_told_colours_and_nothing_else(folder: Path) -> None:
    ours, theirs = pty.openpty()
    words = [*COMMAND, "person", "list", "--folder", str(folder)]
    environment = {**ENVIRONMENT, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR")
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    told = b""
    while chunk := _read(ours):
        told += chunk
    assert process.wait(60) == 0
    text = told.decode().replace("\r\n", "\n")

    assert _COLOURS.search(text)
    assert HIDDEN.findall(_COLOURS.sub("", text)) == []


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["as words", "as JSON"])
def test_the_control_without_marks_the_terminal_is_steered(
    folder: Path, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    monkeypatch.setattr(output, "marked", lambda text, mark: text)
    run(folder, ("person", "list"), *more)

    assert "\u202e" in capfd.readouterr().out


def test_a_unit_with_a_hostile_name_is_drawn_into_a_file_with_a_tame_one(folder: Path) -> None:
    run(folder, ("pack", TEXTS["dollar"], "--draft"))
    names = [path.name for path in (folder / "packs").glob("*.pdf")]

    assert any(name.startswith("7-7-cat-etc-passwd") for name in names)
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9.-]+", name)] == []
