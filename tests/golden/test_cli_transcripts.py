"""The command line as pages to read: command, exit code, stdout. What changes each time is replaced by its name.

To draw them anew: CODEDARK_GOLDEN=draw pytest tests/golden/test_cli_transcripts.py, then read the difference.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from node_rig import codedark, message, new_node

PAGES = Path(__file__).parent / "cli"
CHANGING = (
    (re.compile(r"codedark/waterbury/[0-9a-f]{32}"), "codedark/waterbury/<origin>"),
    (re.compile(r"— (codedark/\S+) [A-Za-z0-9+/=]{60,}"), r"— \1 <signature>"),
    (re.compile(r"codedark/witness/[0-9a-f]{16}"), "codedark/witness/<witness>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"(?m)^[A-Za-z0-9+/]{43}=$"), "<root>"),
    (re.compile(r"\b\d{8}-\d{6}\b"), "<time>"),
    (re.compile(r"\d\d-[A-Z][a-z]{2}-20\d\d \d\d:\d\d UTC"), "<moment>"),
    (re.compile(r"\d+ (s|min|h) ago"), "<age>"),
    (re.compile(r"(draft|issued)\.[0-9a-f]{6}\.pdf"), r"\1.<id>.pdf"),
    (re.compile(r"code [0-9A-Z]{4}( [0-9A-Z]{4}){3}"), "code <code>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:<port>"),
    (re.compile(r"\d+\.\d MB"), "<size> MB"),
    (re.compile(r"\d+ pages"), "<n> pages"),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a new node and some files to take in. Each page has its own, so pages replay in any order."""
    new_node(tmp_path / "node")
    (tmp_path / "two.hl7").write_bytes(message(1) + message(2))
    (tmp_path / "notes.txt").write_text("not a message\n")
    return tmp_path


def _run(line: str, place: Path) -> tuple[int, str]:
    arguments = [each.replace("@", str(place) + "/") for each in shlex.split(line)[1:]]
    done = codedark(*arguments, CODEDARK_FOLDER=str(place / "node"))
    shown = done.out.replace(str(place) + "/", "@")
    for pattern, name in CHANGING:
        shown = pattern.sub(name, shown)
    return done.code, "\n".join(each.rstrip() for each in shown.splitlines()) + "\n"


def _replay(page: str, place: Path) -> str:
    """The page again, each command run in its order."""
    out = []
    for line in page.splitlines():
        if line.startswith("# "):
            out += [line, ""]
        if line.startswith("$ "):
            code, shown = _run(line[2:], place)
            out += [line, shown.rstrip("\n"), f"→ {code}", ""]
    return "\n".join(out)


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.txt")))
def test_the_command_line_answers_as_it_is_written(name: str, place: Path) -> None:
    page = (PAGES / f"{name}.txt").read_text(encoding="utf-8")
    replayed = _replay(page, place)
    if os.environ.get("CODEDARK_GOLDEN") == "draw":
        (PAGES / f"{name}.txt").write_text(replayed, encoding="utf-8")
        page = replayed
    assert replayed == page
