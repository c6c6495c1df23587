"""`codedark init`: cards reach people or there is no node."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

from node_rig import COMMAND, ENVIRONMENT, PATIENCE_S, codedark

from codedark.access import RootSeed

ARGUMENTS = ("init", "--facility", "Waterbury", "--zone", "America/New_York", "--folder")


class Terminal:
    """A command on a terminal of its own, answered by a program."""

    def __init__(self, *arguments: str) -> None:
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], stdin=other, stdout=other, stderr=other, env=ENVIRONMENT | {"TERM": "dumb"}
        )
        os.close(other)
        self.seen = ""

    def read_until(self, pattern: str, after: int = 0) -> re.Match[str]:
        """Read until `pattern` is seen after a place."""
        until = time.monotonic() + PATIENCE_S
        while not (found := re.compile(pattern, re.S).search(self.seen, after)):
            assert time.monotonic() < until, self.seen
            if select.select([self._end], [], [], 0.1)[0]:
                self.seen += os.read(self._end, 65536).decode().replace("\r", "")
        return found

    def answer(self, text: str) -> None:
        os.write(self._end, text.encode() + b"\n")


def _words(shown: str) -> str:
    return " ".join(word for _, word in sorted((int(n), w) for n, w in re.findall(r"(\d+) ([a-z]+)", shown)))


def test_without_a_terminal_and_without_a_place_for_the_cards_there_is_no_node(tmp_path: Path) -> None:
    done = codedark(*ARGUMENTS, tmp_path / "n")
    assert done.code == 10
    assert "no terminal" in done.err
    assert not (tmp_path / "n").exists()


def test_cards_to_a_file_come_with_a_warning_and_restore_the_seed(tmp_path: Path) -> None:
    done = codedark(*ARGUMENTS, tmp_path / "n", "--cards-to", tmp_path / "cards")
    assert done.code == 0
    assert "WARNING" in done.err
    assert (tmp_path / "cards").stat().st_mode & 0o077 == 0
    cards = [line for line in (tmp_path / "cards").read_text().splitlines() if line and not line.startswith("card ")]
    RootSeed.from_shares(cards[1:4])


def test_a_file_that_is_there_is_not_overwritten_with_cards(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text("mine")
    assert codedark(*ARGUMENTS, tmp_path / "n", "--cards-to", tmp_path / "cards").code == 10
    assert (tmp_path / "cards").read_text() == "mine"
    assert not (tmp_path / "n").exists()


def test_each_card_is_read_back_on_a_terminal(tmp_path: Path) -> None:
    terminal = Terminal(*ARGUMENTS, str(tmp_path / "n"))
    cards, at = [], 0
    for number in range(1, 6):
        shown = terminal.read_until(rf"card {number} of 5\n(.*)Press Enter[^:]*:", at)
        cards.append(_words(shown.group(1)))
        terminal.answer("")
        at = terminal.read_until(rf"Type card {number}:", shown.end()).end()
        if number == 1:
            terminal.answer("academic wrong words")
            at = terminal.read_until(r"word \d+ of 33 differs from the card.*Type card 1:", at).end()
        terminal.answer(cards[-1])
    terminal.read_until("founded codedark/waterbury/")
    assert terminal.process.wait(PATIENCE_S) == 0
    RootSeed.from_shares(cards[:3])


def test_the_first_administrator_comes_with_the_node(tmp_path: Path) -> None:
    done = codedark(
        *ARGUMENTS,
        tmp_path / "n",
        "--demo",
        "--administrator",
        "hale",
        "--password-file",
        "-",
        stdin="four blue birds\n",
    )
    assert done.code == 0, done.err
    people = codedark("person", "list", "-f", tmp_path / "n", "--json").object["people"]
    assert [(each["login"], each["roles"]) for each in people] == [("hale", {"administrator": ["*"]})]


def test_a_dry_run_makes_nothing(tmp_path: Path) -> None:
    assert codedark(*ARGUMENTS, tmp_path / "n", "--demo", "--dry-run").code == 0
    assert not (tmp_path / "n").exists()
