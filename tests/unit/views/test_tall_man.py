"""Tall-man letters: the names of the list as whole words, and nothing else is touched."""

from __future__ import annotations

import pytest

from codedark.views import tall_man
from codedark.views.tallman import FDA


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("PREDNISONE 5 mg tablet", "predniSONE 5 mg tablet"),
        ("hydromorphone/acetaminophen", "HYDROmorphone/acetaminophen"),
        ("Vincristine", "vinCRIStine"),
        ("prednisones", "prednisones"),
        ("Ünknown 4 mg", "Ünknown 4 mg"),
        ("", ""),
    ],
)
def test_a_name_of_the_list_is_told_apart_and_all_else_stays(sent: str, shown: str) -> None:
    assert tall_man(sent) == shown


def test_no_letter_is_added_or_lost_and_each_name_is_once_in_the_list() -> None:
    assert [tall_man(name.upper()) for name in FDA] == list(FDA)
