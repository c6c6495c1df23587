"""Outside text as ink: every character that hides, reorders or controls is drawn as a visible mark.

Security decision 4: outside text is data on every face. Autoescape keeps it from being markup; this module keeps it
from lying to the eye (a right-to-left override that turns a dose round, a zero-width space that splits a name). The
stored text is untouched: marks exist in display only. Text is never shortened.
"""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

from markupsafe import Markup

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_HIDDEN_THOUGH_PRINTABLE = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10))
"""Letters and combining marks without any ink: grapheme joiner, Hangul and Khmer fillers, variation selectors."""
_VARIATION_SUPPLEMENT = range(0xE0100, 0xE01F0)


def _mark(code: int) -> str:
    return f"[U+{code:04X}]"


def _hidden() -> dict[int, str]:
    codes = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in _HIDDEN_CATEGORIES]
    return {code: _mark(code) for code in (*codes, *_HIDDEN_THOUGH_PRINTABLE, *_VARIATION_SUPPLEMENT)}


_MARKS = _hidden()


def visible(text: str) -> str:
    """`text` with each hidden character as a mark such as `[U+202E]`: no font is needed to see it."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate(_MARKS)


def lines(text: str) -> list[str]:
    """The lines of a note. Only line ends are structure here; everything else hidden is still drawn as a mark."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def finalize(value: Any) -> Any:
    """Jinja's last word on every `{{ … }}`: text becomes visible ink; None becomes nothing; our own markup passes."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    return visible(value if isinstance(value, str) else str(value))
