"""The catalogue: complete, with the placeholders of the original, and a pseudo language that knows every word."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from scripts_of_ours import loaded

from codedark.tongue import ENGLISH, FRENCH, PSEUDO, chosen, tongue

words = loaded(Path(__file__).parents[3] / "script" / "words.py")


def test_every_word_that_the_code_says_is_in_the_french_catalogue_and_translated():
    assert words.faults(words.said(), words.book()) == []


def test_the_catalogue_is_as_its_script_writes_it():
    assert words.BOOK.read_bytes() == words.renewed()


@pytest.mark.parametrize(
    ("string", "said"),
    [("", "not translated"), ("jusqu’à %(until)s", ""), ("jusqu’à %(til)s", "other placeholders"), ("x", "other")],
)
def test_a_word_without_translation_or_with_other_placeholders_is_a_fault(string: str, said: str):
    code, translated = Catalog(), Catalog("fr")
    code.add("until %(until)s")
    translated.add("until %(until)s", string)
    assert [said in fault for fault in words.faults(code, translated)] == ([True] if said else [])


def test_french_speaks_french_and_an_unknown_language_english():
    assert tongue(FRENCH).gettext("Units") == "Unités"
    assert tongue(ENGLISH).gettext("Units") == tongue("xx").gettext("Units") == "Units"


def test_a_word_that_nobody_translated_is_still_said():
    assert tongue(FRENCH).gettext("a word of nobody") == "a word of nobody"


def test_the_pseudo_language_is_longer_and_keeps_placeholders_and_markup():
    drawn = tongue(PSEUDO).gettext("kept <bdi>%(name)s</bdi> here")
    assert "<bdi>%(name)s</bdi>" in drawn
    assert len(drawn) >= 1.4 * len("kept here")
    assert drawn != "kept <bdi>%(name)s</bdi> here"


@pytest.mark.parametrize(
    ("wish", "accepted", "spoken"),
    [("", "fr-CA,fr;q=0.9,en;q=0.8", "fr"), ("", "de,en;q=0.5,fr;q=0.7", "fr"), ("en", "fr", "en"), ("", "", "en"),
     ("xx", "de", "en"), ("", "fr;q=0, en;q=0.1", "en"), ("", "fr;q=nonsense", "en")],
)  # fmt: skip
def test_the_wish_comes_first_then_the_browser_then_the_first_offered(wish: str, accepted: str, spoken: str):
    assert chosen(wish, accepted, ("en", "fr")) == spoken
