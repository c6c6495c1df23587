"""What the command line prints: outside text made visible, results apart from remarks, colour only where asked."""

from __future__ import annotations

import pytest
from node_rig import codedark

from codedark.cli import visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mRED", "‹U+001B›[31mRED"),
        ("Smith\u202egnp.exe", "Smith‹U+202E›gnp.exe"),
        ("zero\u200bwidth", "zero‹U+200B›width"),
        ("two\nlines", "two‹U+000A›lines"),
        ("isolate\u2066x", "isolate‹U+2066›x"),
        ("O’Neill – Ångström", "O’Neill – Ångström"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_characters_that_deceive_are_drawn_as_marks(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_an_error_says_what_and_the_next_step_and_ends_with_its_code(tmp_path: object) -> None:
    done = codedark("status", "-f", f"{tmp_path}/nowhere")
    assert done.code == 10
    assert done.out == ""
    assert "is not a node's folder" in done.err
    assert "next: Make one with `codedark init`" in done.err


def test_with_json_an_error_is_one_object_on_stdout(tmp_path: object) -> None:
    done = codedark("status", "--json", "-f", f"{tmp_path}/nowhere")
    assert done.code == 10
    assert set(done.object) == {"error", "message", "hint"}
    assert done.object["error"] == "config-error"


def test_a_word_that_is_no_command_ends_with_two() -> None:
    assert codedark("frobnicate").code == 2


def test_nothing_is_coloured_when_nobody_looks() -> None:
    assert "\x1b[" not in codedark("--help").out


def test_the_version_is_said() -> None:
    assert codedark("--version").out.startswith("codedark 0.")
