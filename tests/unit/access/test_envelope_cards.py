"""The unit's envelope: codes that are read aloud at night and typed with gloves on."""

from __future__ import annotations

from dataclasses import dataclass

import pyrage
import pytest

from codedark.access import NewUnitCard, matching_code, new_unit_card, well_typed
from codedark.clock import SeededChance


@dataclass(frozen=True)
class Issued:
    unit: str
    card: str
    codes: tuple[str, ...]
    used: tuple[int, ...] = ()


@pytest.fixture
def card(chance: SeededChance) -> NewUnitCard:
    return new_unit_card("4W", chance)


@pytest.fixture
def issued(card: NewUnitCard) -> Issued:
    return Issued(card.unit, card.card, card.hashes)


def test_each_of_the_ten_codes_opens(card: NewUnitCard, issued: Issued) -> None:
    assert [matching_code(issued, code) for code in card.codes] == list(range(10))


def test_a_spent_code_opens_nothing(card: NewUnitCard) -> None:
    spent = Issued(card.unit, card.card, card.hashes, used=(3,))
    assert matching_code(spent, card.codes[3]) is None
    assert matching_code(spent, card.codes[4]) == 4


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("-", "")])
def test_case_and_gaps_do_not_matter(card: NewUnitCard, issued: Issued, typed: object) -> None:
    assert callable(typed)
    assert matching_code(issued, typed(card.codes[5])) == 5


def test_letters_that_look_like_digits_are_read_as_digits(chance: SeededChance) -> None:
    for number in range(50):
        card = new_unit_card(f"U{number}", chance)
        alike = card.codes[0].replace("0", "o").replace("1", "l")
        assert matching_code(Issued(card.unit, card.card, card.hashes), alike) == 0


def test_every_single_wrong_character_is_called_mistyped(card: NewUnitCard) -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    code = card.codes[7].replace("-", "")
    wrong = [code[:at] + other + code[at + 1 :] for at in range(len(code)) for other in alphabet if other != code[at]]
    assert not any(well_typed(text) for text in wrong)


def test_every_swap_of_two_characters_is_called_mistyped(card: NewUnitCard) -> None:
    code = card.codes[7].replace("-", "")
    swapped = set()
    for one in range(len(code)):
        for two in range(one + 1, len(code)):
            letters = list(code)
            letters[one], letters[two] = letters[two], letters[one]
            swapped.add("".join(letters))
    assert not any(well_typed(text) for text in swapped - {code})


@pytest.mark.parametrize("text", ["", "-", "0000-0000-000", "0000-0000-0000-0", "U" * 12, "é" * 12, "\x00" * 12])
def test_what_is_no_code_opens_nothing(issued: Issued, text: str) -> None:
    assert matching_code(issued, text) is None


def test_a_code_of_another_unit_opens_nothing(issued: Issued, chance: SeededChance) -> None:
    other = new_unit_card("5E", chance)
    assert not any(matching_code(issued, code) == 0 for code in other.codes)


def test_the_node_keeps_no_code(card: NewUnitCard) -> None:
    kept = " ".join(card.hashes) + card.recipient + card.card
    assert not any(code in kept or code.replace("-", "") in kept for code in card.codes)
    assert card.secret not in kept


def test_printing_a_card_object_shows_no_secret(card: NewUnitCard) -> None:
    assert card.secret not in repr(card)
    assert card.codes[0] not in repr(card)


def test_the_qr_key_opens_what_is_sealed_to_the_unit(card: NewUnitCard) -> None:
    sealed = pyrage.encrypt(b"pack", [pyrage.x25519.Recipient.from_str(card.recipient)])
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(card.secret)]) == b"pack"


def test_codes_carry_fifty_random_bits(card: NewUnitCard) -> None:
    """Ten characters of 32 between the number and the check character."""
    assert {len(code.replace("-", "")) for code in card.codes} == {12}
