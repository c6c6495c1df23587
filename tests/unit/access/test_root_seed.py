"""The root seed: any three of five cards restore it, any two do not, and it leaves no trace."""

from __future__ import annotations

import base64
from itertools import combinations
from pathlib import Path

import pyrage
import pytest
import shamir_mnemonic
from cryptography.hazmat.primitives.asymmetric import x25519
from shamir_mnemonic.share import Share

from codedark.access import RootSeed, create_node_keys, load_node_keys, read_back
from codedark.access.bech32 import bech32_decode, bech32_encode
from codedark.access.seed import age_recipient, age_scalar
from codedark.clock import SeededChance, SeededClock
from codedark.errors import ActionRefused, ConfigError

SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def cards() -> list[str]:
    return RootSeed(SECRET).shares(SeededChance("cards"))


def same(seed: RootSeed) -> bool:
    return seed.derive("test", "waterbury") == RootSeed(SECRET).derive("test", "waterbury")


def test_any_three_of_five_cards_restore_the_seed(cards: list[str]) -> None:
    assert all(same(RootSeed.from_shares(three)) for three in combinations(cards, 3))


def test_any_two_cards_restore_nothing(cards: list[str]) -> None:
    for two in combinations(cards, 2):
        with pytest.raises(ActionRefused):
            RootSeed.from_shares(two)


def test_one_card_shown_three_times_is_one_card(cards: list[str]) -> None:
    with pytest.raises(ActionRefused):
        RootSeed.from_shares([cards[0], cards[0].upper(), f" {cards[0]} ", cards[1]])


def test_three_good_cards_among_five_are_found(cards: list[str]) -> None:
    older = RootSeed(SECRET).shares(SeededChance("an older set"))
    assert same(RootSeed.from_shares([*cards[:3], *older[:2]]))


def test_a_card_of_another_set_does_not_complete_this_one(cards: list[str]) -> None:
    other = RootSeed(bytes(32)).shares(SeededChance("another"))
    with pytest.raises(ActionRefused):
        RootSeed.from_shares([*cards[:2], other[2]])


def test_cards_of_one_chance_are_the_same_cards() -> None:
    assert RootSeed(SECRET).shares(SeededChance("cards")) == RootSeed(SECRET).shares(SeededChance("cards"))


def test_reading_back_names_the_wrong_word_by_number_only(cards: list[str]) -> None:
    words = cards[0].split()
    typed = " ".join([*words[:4], "academic", *words[5:]])
    with pytest.raises(ActionRefused) as refused:
        read_back(cards[0], typed)
    assert "word 5 of 33" in str(refused.value)
    assert words[4] not in str(refused.value)


def test_a_card_written_down_rightly_is_accepted(cards: list[str]) -> None:
    typed = "  ".join(cards[0].upper().split())
    read_back(cards[0], typed)
    again = RootSeed.from_shares([typed, *cards[1:3]])
    assert again.shares(SeededChance("cards")) == RootSeed.from_shares(cards[:3]).shares(SeededChance("cards"))


@pytest.mark.parametrize("cut", [slice(0, 32), slice(0, 0)])
def test_a_card_with_words_missing_is_refused(cards: list[str], cut: slice) -> None:
    with pytest.raises(ActionRefused):
        read_back(cards[0], " ".join(cards[0].split()[cut]))


def test_derived_keys_differ_by_label_facility_and_generation() -> None:
    seed = RootSeed(SECRET)
    derived = {
        seed.derive("views", "waterbury"),
        seed.derive("sheets", "waterbury"),
        seed.derive("views", "rockville"),
        seed.derive("views", "waterbury", 2),
    }
    assert len(derived) == 4


def test_a_forgotten_seed_derives_nothing() -> None:
    seed = RootSeed(SECRET)
    seed.forget()
    with pytest.raises(ActionRefused):
        seed.derive("views", "waterbury")


def test_derived_age_identity_is_read_by_age_and_agrees_with_x25519() -> None:
    identity = RootSeed(SECRET).age_identity("facility", "waterbury")
    ours = x25519.X25519PrivateKey.from_private_bytes(age_scalar(identity)).public_key().public_bytes_raw()
    theirs = pyrage.x25519.Identity.from_str(identity)
    assert str(theirs) == identity
    assert str(theirs.to_public()) == age_recipient(identity) == bech32_encode("age", ours)


def test_what_age_seals_to_the_derived_recipient_opens_with_the_identity() -> None:
    identity = RootSeed(SECRET).age_identity("escrow", "waterbury")
    sealed = pyrage.encrypt(b"epoch", [pyrage.x25519.Recipient.from_str(age_recipient(identity))])
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]) == b"epoch"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "AGE-SECRET-KEY-1QQ",
        "age1Qqqqqqqq",
        "age1qfwxeaywku9nl644dvwmeysslr2r5w20ljd88up4tv75z7ektdtqhkt0z3",
    ],
)
def test_text_that_is_no_bech32_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        bech32_decode(text)


def test_bech32_agrees_with_the_vectors_of_bip_173() -> None:
    assert bech32_encode("a", b"") == "a12uel5l"
    assert bech32_decode("A12UEL5L") == ("a", b"")


def traces(folder: Path, cards: list[str]) -> list[str]:
    """Every file under `folder` that holds the seed in any form somebody might have left."""
    root_key = RootSeed(SECRET).certificate_root_key("waterbury").private_numbers().private_value
    forms = [
        SECRET,
        SECRET.hex().encode(),
        base64.b64encode(SECRET),
        base64.urlsafe_b64encode(SECRET),
        RootSeed(SECRET).derive("adoption", "waterbury"),
        base64.b64encode(RootSeed(SECRET).derive("adoption", "waterbury")),
        RootSeed(SECRET).age_identity("escrow", "waterbury").encode(),
        root_key.to_bytes(32, "big"),
        *(" ".join(card.split()[4:8]).encode() for card in cards),
    ]
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and any(form in path.read_bytes() for form in forms):
            found.append(path.name)
    return found


def test_no_bytes_of_the_seed_lie_on_disk_after_init(tmp_path: Path, clock: SeededClock, cards: list[str]) -> None:
    create_node_keys(tmp_path, RootSeed(SECRET), "waterbury", clock, SeededChance("node"))
    assert traces(tmp_path, cards) == []


def test_the_search_for_the_seed_finds_it_in_a_demo(tmp_path: Path, clock: SeededClock, cards: list[str]) -> None:
    """The control: a demo keeps its cards in a file, and the same search finds them there."""
    create_node_keys(tmp_path, RootSeed(SECRET), "waterbury", clock, SeededChance("node"), demo_cards=cards)
    assert traces(tmp_path, cards) == ["DEMO-CARDS.txt"]
    assert load_node_keys(tmp_path).demo


def test_a_root_seed_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigError):
        RootSeed(b"short")


def test_cards_that_ask_for_hours_of_work_or_come_by_the_hundred_keep_nobody_waiting() -> None:
    groups = shamir_mnemonic.generate_mnemonics(1, [(3, 5)], bytes(32), iteration_exponent=0)[0]
    slow = [_asking_for_more(card) for card in groups[:3]]

    with pytest.raises(ActionRefused, match="do not restore"):
        RootSeed.from_shares(slow)
    with pytest.raises(ActionRefused, match="400 cards"):
        RootSeed.from_shares([f"card {number}" for number in range(400)])


def test_the_control_the_same_cards_as_they_were_made_restore() -> None:
    groups = shamir_mnemonic.generate_mnemonics(1, [(3, 5)], bytes(32), iteration_exponent=0)[0]

    assert RootSeed.from_shares([*groups[:3], "not a card", ""]).derive("x", "y") == RootSeed(bytes(32)).derive(
        "x", "y"
    )


def _asking_for_more(card: str) -> str:
    share = Share.from_mnemonic(card)
    fields = {name: getattr(share, name) for name in Share.__annotations__}
    return Share(**{**fields, "iteration_exponent": 15}).mnemonic()
