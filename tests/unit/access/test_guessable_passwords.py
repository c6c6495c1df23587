"""Passwords that others would guess are refused; long plain ones are taken, whatever they are made of."""

from __future__ import annotations

from importlib.resources import files

import pytest

from codedark.access import CHEAP_COST, check_password, hash_password
from codedark.access.guessable import PLACE, guessable, is_common
from codedark.clock import SeededChance
from codedark.errors import ActionRefused

WORDS = ("m.hale", "Marian Hale", "St. Brendan Hospital", "st-brendan")


@pytest.mark.parametrize(
    "password",
    ["1234567890", "qwertyuiop", "q1w2e3r4t5", "password123", "Password2026!", "1q2w3e4r5t", "sunshine2024",
     "iloveyou123", "monkey!!!!", "DRAGON12345", "football99",
     "passwordpassword", "abcdabcdab", "aaaaaaaaaaaaaaaa", "121212121212"],
)  # fmt: skip
def test_a_common_password_is_refused(password: str) -> None:
    assert guessable(password)


@pytest.mark.parametrize(
    "password", ["brendan-2026", "MarianHale99", "m.hale.m.hale", "codedark2026", "Nurse.Ward.12", "st brendan 123"]
)
def test_a_password_of_words_of_this_place_is_refused(password: str) -> None:
    assert guessable(password, WORDS)


@pytest.mark.parametrize(
    "password",
    ["four unrelated words", "correct horse battery", "lantern quay seven otters", "ward of nine green kettles",
     "käsekuchen am dienstag", "x7#Qm2!vLp", "ＷＩＤＥ letters here", "d8a1c27e90",
     "no capitals no signs at all", "hale winds over the quay"],
)  # fmt: skip
def test_a_password_of_its_own_is_taken(password: str) -> None:
    """The control: nothing asks for capitals, digits or signs."""
    assert guessable(password, WORDS) == ""


def test_the_list_is_longer_than_three_thousand() -> None:
    data = files("codedark.access").joinpath("guessable.bin").read_bytes()
    assert len(data) % 6 == 0
    assert len(data) // 6 > 3000 * 5


def test_every_word_of_the_place_is_in_use() -> None:
    assert [word for word in PLACE if not guessable(f"{word}{word[:3]}1!")] == []


def test_hashing_refuses_what_would_be_guessed(chance: SeededChance) -> None:
    with pytest.raises(ActionRefused, match="too easy to guess"):
        hash_password("password1234", chance, CHEAP_COST)


@pytest.mark.parametrize("length", [10, 64, 256])
def test_a_password_is_kept_exactly_as_it_is(chance: SeededChance, length: int) -> None:
    """No cutting, no folding: one character more, fewer, or in the other case opens nothing."""
    password = ("Otter lantern quay " * 20)[:length]
    phc = hash_password(password, chance, CHEAP_COST)
    near = [password[:-1], password + "x", password.lower(), f" {password}"]
    assert [check_password(phc, each) for each in [password, *near]] == [True, False, False, False, False]


def test_what_is_common_is_found_whatever_its_case() -> None:
    assert is_common("qwertyuiop")
    assert guessable("QwErTyUiOp")
