"""The keys at the console: cards come from stdin, new ones go to a file, and what is due is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from trust_rig import PASSWORD, House, codedark, new_house

from codedark.access import RootSeed


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path / "node", people=True)


def people(tmp_path: Path, *, both: bool = True) -> list[str | Path]:
    words = tmp_path / "words"
    words.write_text(PASSWORD)
    second: list[str | Path] = ["--with", "ben", "--with-password-file", words] if both else []
    return ["--as", "ada", "--as-password-file", words, *second]


def given(house: House, first: int = 0) -> str:
    return "\n".join(house.cards[first : first + 3])


def test_rotate_drill_and_status_say_what_was_done(house: House, tmp_path: Path) -> None:
    where = ["-f", house.folder, "--cards-file", "-"]
    done = codedark("keys", "rotate", "--reason", "yearly", *people(tmp_path), *where, "--json", stdin=given(house))
    assert (done.code, done.object["generation"], done.object["restart"]) == (0, 2, False)
    held = codedark("keys", "drill", *people(tmp_path, both=False), *where, "--json", stdin=given(house, 2))
    assert (held.code, held.object["failed"], held.object["generations"]) == (0, [], 2)
    shown = codedark("keys", "status", "-f", house.folder, "--json").object
    assert (shown["generation"], shown["in_file"], shown["drill_failed"]) == (2, 2, 0)
    assert "AGE-SECRET" not in str(shown)


def test_new_cards_go_to_a_new_file_once(house: House, tmp_path: Path) -> None:
    to = tmp_path / "cards.txt"
    command = ["keys", "resplit", "--reason", "lost", *people(tmp_path), "-f", house.folder, "--cards-file", "-"]
    done = codedark(*command, "--cards-to", to, stdin=given(house))
    assert done.code == 0, done.err
    assert "destroy every card of older sets" in done.err
    cards = [line for line in to.read_text().splitlines() if len(line.split()) == 33]
    assert to.stat().st_mode & 0o777 == 0o600
    one, two = RootSeed.from_shares(cards[:3]), RootSeed.from_shares(house.cards[:3])
    assert one.derive("a", "b") == two.derive("a", "b")
    assert codedark(*command, "--cards-to", to, stdin=given(house)).code != 0
    assert codedark(*command, stdin=given(house)).code != 0
