"""People and trust from the node's console: one real node, the commands as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from codedark.cli import main

Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def run(place: Path) -> Run:
    """Run a command on one demo node; (exit code, the JSON object). All passwords are the same."""
    words = place / "password"
    words.write_text("four unrelated words\n")

    def command(*arguments: str) -> tuple[int, dict[str, Any]]:
        given = list(arguments)
        for option in ("--as", "--with"):
            if option in given:
                given += [f"{option}-password-file", str(words)]
        if given[:2] in (["person", "add"], ["person", "recover"], ["person", "password"]) or given[0] == "init":
            given += ["--password-file", str(words)]
        with redirect_stdout(TextIOWrapper(BytesIO())) as out, pytest.raises(SystemExit) as ended:
            main([*given, "--folder", str(place / "node"), "--json"])
        return int(ended.value.code or 0), json.loads(said(out))

    command("init", "--facility", "Waterbury", "--demo", "--administrator", "admin1", "--feed", "ehr:0")
    command("person", "add", "admin2", "--name", "A. Two", "--role", "administrator", "--as", "admin1")
    return command


def said(out: TextIOWrapper) -> str:
    out.flush()
    out.seek(0)
    return out.read()


def active(run: Run) -> dict[str, bool]:
    return {row["login"]: row["active"] for row in run("person", "list")[1]["people"]}


def cards(place: Path, count: int) -> str:
    path = place / "cards"
    lines = (place / "node/keys/DEMO-CARDS.txt").read_text().splitlines()[1 : 1 + count]
    path.write_text("\n".join(lines))
    return str(path)


def test_a_source_is_taken_out_by_two_people_and_back_in(run: Run) -> None:
    period = [
        "feed:ehr",
        "--since",
        "2026-11-24T00:00-05:00",
        "--reason",
        "drill",
        "--as",
        "admin1",
        "--with",
        "admin2",
    ]
    run("trust", "withdraw", *period)
    out = run("trust", "list")[1]["withdrawn"]
    run("trust", "restore", *period)
    assert [row["source"] for row in out] == ["feed:ehr"]
    assert run("trust", "list")[1]["withdrawn"] == []


def test_one_person_does_not_take_a_source_out(run: Run) -> None:
    period = ["feed:ehr", "--since", "2026-11-24T00:00Z", "--reason", "drill", "--as", "admin1", "--with", "admin1"]
    code, said = run("trust", "withdraw", *period)
    assert (code, said["error"]) == (40, "action-refused")
    assert run("trust", "list")[1]["withdrawn"] == []


def test_a_moment_without_offset_is_not_guessed(run: Run) -> None:
    period = ["feed:ehr", "--since", "2026-11-24T00:00", "--reason", "drill", "--as", "admin1", "--with", "admin2"]
    assert run("trust", "withdraw", *period)[0] == 10


def test_one_administrator_closes_a_nurse_but_not_another_administrator(run: Run) -> None:
    run("person", "add", "nurse4", "--name", "R. Diaz", "--role", "nurse:4 West", "--as", "admin1")
    run("person", "close", "nurse4", "--as", "admin1")
    assert run("person", "close", "admin2", "--as", "admin1")[0] == 40
    assert (active(run)["nurse4"], active(run)["admin2"]) == (False, True)


def test_a_third_administrator_takes_two_people(run: Run) -> None:
    new = ["person", "add", "admin3", "--name", "A. Three", "--role", "administrator", "--as", "admin1"]
    assert run(*new)[0] == 40
    assert run(*new, "--with", "admin2")[0] == 0


def test_three_cards_make_an_administrator(run: Run, place: Path) -> None:
    run("person", "recover", "admin7", "--name", "A. Seven", "--cards-file", cards(place, 3))
    assert active(run)["admin7"]


def test_two_cards_make_nobody(run: Run, place: Path) -> None:
    code, _ = run("person", "recover", "admin8", "--name", "A. Eight", "--cards-file", cards(place, 2))
    assert code == 40
    assert "admin8" not in active(run)


def test_an_envelope_takes_two_people_and_has_ten_codes(run: Run) -> None:
    assert run("unit", "card", "4 West", "--as", "admin1")[0] == 40
    _, card = run("unit", "card", "4 West", "--as", "admin1", "--with", "admin2")
    assert len(card["codes"]) == 10


def test_the_fhir_interface_is_off_until_an_administrator_turns_it_on(run: Run) -> None:
    assert run("fhir") == (0, {"on": False})
    assert run("fhir", "sideways", "--as", "admin1")[0] == 10
    assert run("fhir", "on", "--as", "admin1") == (0, {"on": True})
    assert run("fhir", "off", "--as", "admin1") == (0, {"on": False})


def test_a_programs_account_takes_two_people(run: Run) -> None:
    new = ["person", "add", "blood-bank", "--name", "Blood bank", "--role", "interface:4 West", "--as", "admin1"]
    assert run(*new)[0] == 40
    assert run(*new, "--with", "admin2")[0] == 0
