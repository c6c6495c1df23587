"""Characters that hide: what has no ink of its own, or moves the ink of others.

Security decision 4: outside text is data on every face. Escaping keeps it from being markup; this keeps it from lying
to the eye: a right-to-left override that turns a dose round, a zero-width space that splits a name, a pile of accents
that covers the line above. The stored text is untouched: marks exist in display only, and text is never shortened.
Sheets go further and mark what their typeface cannot draw (`codedark.paper.wording`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_INKLESS = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Letters and combining marks without any ink: grapheme joiner, Hangul and Khmer fillers, variation selectors."""
_COMBINING = frozenset(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.category(char) in ("Mn", "Me"))
PILE = 3
"""Combining characters that one letter may carry: no script piles more."""


def marked(text: str, mark: Callable[[int], str]) -> str:
    """`text` with `mark(code point)` in place of each hidden character, and of each combining one beyond the third on
    one letter."""
    plain = text.isprintable()
    if plain and text.isascii():
        return text
    if not plain or not _INKLESS.isdisjoint(text):
        text = "".join(mark(ord(char)) if is_hidden(char) else char for char in text)
    return text if _COMBINING.isdisjoint(text) else _unpiled(text, mark)


def is_hidden(char: str) -> bool:
    """Whether a character is control, format, surrogate, private, unassigned, a line separator, or without ink."""
    if char.isprintable():
        return char in _INKLESS
    return unicodedata.category(char) != "Zs"


def _unpiled(text: str, mark: Callable[[int], str]) -> str:
    out, pile = [], 0
    for char in text:
        pile = pile + 1 if char in _COMBINING else 0
        out.append(char if pile <= PILE else mark(ord(char)))
    return "".join(out)
