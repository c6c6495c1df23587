"""A language nobody speaks, for tests: every word accented, bracketed and 40 % longer, so that what is not translated
and what has no room shows at a glance (standards.md, B: pseudo-locale)."""

from __future__ import annotations

import re
from gettext import NullTranslations

_KEPT = re.compile(r"(%\([^)]*\)[a-z]|%%|<[^>]*>|&[a-z#0-9]+;|\{[^}]*\})")
"""Placeholders and markup stay as they are."""
_ACCENTED = str.maketrans("aceinouyACEINOUY", "àçéîñöûýÀÇÉÎÑÖÛÝ")
OPEN, CLOSE, MORE = "⟦", "⟧", "~"


def stretched(text: str) -> str:
    """`⟦Séàrçh~~⟧`: accented, 40 % longer, in brackets."""
    parts = _KEPT.split(text)
    letters = sum(len(part) for part in parts[::2])
    drawn = "".join(part if at % 2 else part.translate(_ACCENTED) for at, part in enumerate(parts))
    return f"{OPEN}{drawn}{MORE * -(-letters * 2 // 5)}{CLOSE}"


class Pseudo(NullTranslations):
    """The catalogue of the pseudo language: it knows every word."""

    def gettext(self, message: str) -> str:
        """The word, stretched."""
        return stretched(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One or many, stretched."""
        return stretched(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        """The word, stretched; its context is not shown."""
        return stretched(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        """One or many, stretched; the context is not shown."""
        return stretched(msgid1 if n == 1 else msgid2)
