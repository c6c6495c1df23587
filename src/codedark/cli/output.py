"""What commands print: results on stdout, everything else on stderr; text from outside is data, never control.

With --json stdout carries exactly one JSON object. Without it, tables and sentences by rich, which obeys NO_COLOR.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from codedark.ink import marked

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def visible(text: str) -> str:
    """`text` with every control, direction-changing and zero-width character drawn as a mark (‹U+202E›)."""
    return marked(text, lambda code: f"‹U+{code:04X}›")


def json_text(data: Mapping[str, Any]) -> str:
    """JSON that reads back as `data`. What hides or steers a terminal is written as an escape (RFC 8259, section 7), so
    that looking at it is as safe as parsing it."""
    try:
        text = orjson.dumps(dict(data), default=_plain, option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONEncodeError:
        return json.dumps(dict(data), default=_plain, indent=2)  # a lone surrogate, such as a file's name may hold
    return "\n".join(marked(line, _json_escape) for line in text.split("\n"))


def _json_escape(code: int) -> str:
    return json.dumps(chr(code))[1:-1]


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV (RFC 4180, UTF-8, every cell quoted). Text is made visible, and a cell that a spreadsheet would
    run as a formula begins with an apostrophe: it is seen, and nothing of the text is lost."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    text = visible(str(value))
    return f"'{text}" if not isinstance(value, int) and text.lstrip()[:1] in _FORMULA else text


class Output:
    """Where one command's words go."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True, emoji=False)
        self.err = Console(file=sys.stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)

    def object(self, data: Mapping[str, Any]) -> None:
        """The result, for programs."""
        sys.stdout.buffer.write(json_text(data).encode() + b"\n")
        sys.stdout.buffer.flush()

    def sheet(self, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table for a spreadsheet, see `csv_text`."""
        sys.stdout.buffer.write(csv_text(headings, rows).encode("utf-8", "replace"))
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
