"""Outside text as ink on pages: every character that hides, reorders or controls is drawn as a visible mark.

Autoescape keeps outside text from being markup; `codedark.ink` keeps it from lying to the eye (security decision 4).
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from codedark.ink import marked


def _mark(code: int) -> str:
    return f"[U+{code:04X}]"


def visible(text: str) -> str:
    """`text` with each hidden character as a mark such as `[U+202E]`: no font is needed to see it."""
    return marked(text, _mark)


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
