"""What commands print: results on stdout, everything else on stderr; text from outside is data, never control.

With --json stdout carries exactly one JSON object. Without it, tables and sentences by rich, which obeys NO_COLOR.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

_INVISIBLE = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"))


def visible(text: str) -> str:
    """`text` with every control, direction-changing and zero-width character drawn as a mark (‹U+202E›)."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(f"‹U+{ord(c):04X}›" if unicodedata.category(c) in _INVISIBLE else c for c in text)


class Output:
    """Where one command's words go."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True, emoji=False)
        self.err = Console(file=sys.stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)

    def object(self, data: Mapping[str, Any]) -> None:
        """The result, for programs."""
        sys.stdout.buffer.write(orjson.dumps(dict(data), default=_plain, option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.buffer.flush()

    def result(self, data: Mapping[str, Any], lines: Iterable[str | Table]) -> None:
        """`data` with --json, else `lines`. Strings are printed as they are: make outside text `visible` first."""
        if self.as_json:
            self.object(data)
            return
        for line in lines:
            self.out.print(Text(line) if isinstance(line, str) else line)

    def say(self, words: str) -> None:
        """A remark for the person who waits; never on stdout."""
        self.err.print(Text(words))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: frozenset[int] = frozenset()) -> Table:
    """A plain table; `numbers`: columns aligned right. Cells are made visible here."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, heading in enumerate(headings):
        drawn.add_column(Text(heading), justify="right" if index in numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(visible(str(cell))) for cell in row))
    return drawn


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
