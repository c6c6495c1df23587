"""People and envelopes from the console: one administrator for a nurse, two people for what is dangerous."""

from __future__ import annotations

from pathlib import Path

import pytest
from node_rig import codedark, new_node

FIRST, SECOND = "four blue birds sing", "nine green doors open"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node with one administrator, hale; a password for one more, roy."""
    (tmp_path / "hale").write_text(FIRST + "\n")
    (tmp_path / "roy").write_text(SECOND + "\n")
    return new_node(tmp_path / "n", "--administrator", "hale", "--password-file", str(tmp_path / "hale"))


def _add(folder: Path, login: str, *more: str) -> int:
    files = ["--password-file", folder.parent / "roy"]
    return codedark("person", "add", login, "--name", "L. Roy", "-f", folder, *files, *more).code


def _as(folder: Path) -> list[str]:
    return ["--as", "hale", "--as-password-file", str(folder.parent / "hale")]


def test_an_administrator_gives_a_nurse_an_account(folder: Path) -> None:
    assert _add(folder, "roy", "--role", "nurse:4 West", *_as(folder)) == 0
    people = codedark("person", "list", "-f", folder, "--json").object["people"]
    assert {each["login"]: each["roles"] for each in people}["roy"] == {"nurse": ["4 West"]}


def test_nobody_gives_accounts_without_saying_who_they_are(folder: Path) -> None:
    assert _add(folder, "roy", "--role", "nurse") == 40


def test_a_wrong_password_gives_nothing(folder: Path) -> None:
    wrong = ["--as", "hale", "--as-password-file", str(folder.parent / "roy")]
    assert _add(folder, "roy", "--role", "nurse", *wrong) == 40


def test_an_envelope_takes_two_people(folder: Path) -> None:
    done = codedark("unit", "card", "4 West", "-f", folder, *_as(folder), "--json")
    assert (done.code, done.object["error"]) == (40, "action-refused")


def test_no_hash_of_a_password_is_shown(folder: Path) -> None:
    assert "argon2" not in codedark("person", "list", "-f", folder, "--json").out
