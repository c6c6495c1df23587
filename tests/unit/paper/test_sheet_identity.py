"""Sheet ids and codes: random, checked, keyed, and silent about patients."""

from __future__ import annotations

import pytest

from codedark.clock import SeededChance
from codedark.errors import PackError
from codedark.paper import SheetId, SheetRef, comparison_code, read_code, site_letters
from codedark.paper.identity import ALPHABET, write_code

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))


@pytest.fixture
def sheet() -> SheetId:
    return SheetId.mint("WTB", SeededChance("identity"))


def ref(sheet: SheetId, **changes: object) -> SheetRef:
    values: dict[str, object] = {"sheet": sheet, "page": 2, "pages": 4, "key_id": "1", "draft": False}
    return SheetRef(**(values | changes))  # type: ignore[arg-type]


def test_code_read_back_says_what_was_written(sheet: SheetId) -> None:
    assert read_code(write_code(ref(sheet), KEY), KEY) == ref(sheet)


def test_draft_code_is_told_from_an_issued_one(sheet: SheetId) -> None:
    drawn = read_code(write_code(ref(sheet, draft=True), KEY), KEY)
    assert drawn is not None
    assert drawn.draft


def test_code_made_with_another_key_is_refused(sheet: SheetId) -> None:
    assert read_code(write_code(ref(sheet), OTHER_KEY), KEY) is None


@pytest.mark.parametrize(
    ("said", "forged"), [("|2/4|", "|3/4|"), ("|2/4|", "|2/5|"), ("v1|", "d1|"), ("|1|", "|2|"), ("WTB-", "WTA-")]
)
def test_altered_code_is_refused(sheet: SheetId, said: str, forged: str) -> None:
    code = write_code(ref(sheet), KEY)
    altered = code.replace(said, forged, 1)
    assert altered != code
    assert read_code(altered, KEY) is None


def test_altered_code_would_be_taken_if_its_mac_were_made_anew(sheet: SheetId) -> None:
    """The control: it is the MAC, not the shape, that refuses."""
    assert read_code(write_code(ref(sheet, page=3), KEY), KEY) == ref(sheet, page=3)


@pytest.mark.parametrize(
    "text", ["", "v1", "v1|WTB-0123456789|1/1|1|", "v2|WTB-0123456789|1/1|1|0123456789ABCDEF", "×" * 50]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    assert read_code(text, KEY) is None


def test_mac_has_eighty_bits(sheet: SheetId) -> None:
    mac = write_code(ref(sheet), KEY).rpartition("|")[2]
    assert len(mac) * 5 == 80


def test_id_has_45_random_bits() -> None:
    chance = SeededChance("spread")
    ids = [SheetId.mint("WTB", chance) for _ in range(2_000)]
    assert len(set(ids)) == 2_000
    for place in range(9):
        assert {sheet.body[place] for sheet in ids} == set(ALPHABET)


def test_typed_id_is_found_with_dashes_small_letters_and_look_alikes(sheet: SheetId) -> None:
    typed = str(sheet).lower().replace("0", "o").replace("1", "l")
    assert SheetId.parse(f" {typed} ") == sheet


def test_one_mistyped_character_is_noticed(sheet: SheetId) -> None:
    for place in range(10):
        for char in ALPHABET:
            if char != sheet.body[place]:
                assert SheetId.parse(f"WTB-{sheet.body[:place]}{char}{sheet.body[place + 1 :]}") is None


def test_short_sheet_key_is_refused(sheet: SheetId) -> None:
    with pytest.raises(PackError):
        write_code(ref(sheet), b"short")


def test_facility_without_letters_gets_three() -> None:
    assert [site_letters(name) for name in ("Waterbury", "St. Mary's", "Io", "")] == ["WTR", "STM", "IOZ", "ZZZ"]


def test_comparison_code_differs_when_the_note_does() -> None:
    assert comparison_code("a\n") != comparison_code("b\n")
    assert len(comparison_code("a\n").split()) == 4
