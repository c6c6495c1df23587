"""The catalogue of what we say, from the code: templates, sheets and tables of words into src/codedark/tongue/fr.po.

Marked words: `{% trans %}…{% endtrans %}` and `_("…")` in templates, `noted("…")`, `gettext("…")` in Python,
`w("…")` in typst. Without arguments fr.po gets the new words (empty, to be translated) and loses those that
nobody says any more.
With --check nothing is written: exit 1 names words that are missing, not translated, fuzzy, or whose placeholders
differ.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src" / "codedark"
BOOK = SRC / "tongue" / "fr.po"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "noted": None,
}  # fmt: skip
OPTIONS = {"extensions": "jinja2.ext.i18n", "trimmed": "true", "silent": "false"} | dict.fromkeys(
    ("trim_blocks", "lstrip_blocks"), "true"
)
DATED = re.compile(
    rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Project-Id-Version'
    rb"|Report-Msgid-Bugs-To):[^\n]*\n"
)
HELD = re.compile(r"%\((\w+)\)[a-z]|\{(\w+)\}")


def said() -> Catalog:
    """Every marked word of the code, with the files that say it."""
    book = Catalog(fuzzy=False)
    for place, word, context in sorted(_words(), key=lambda found: found[0]):
        book.add(word, locations=[(place, None)], context=context)  # type: ignore[list-item]
    return book


def _words() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for path in sorted(SRC.rglob("*")):
        method = {".html": "jinja2", ".py": "python"}.get(path.suffix)
        place = str(path.relative_to(ROOT))
        if method and "tongue" not in path.parts:
            for _, word, _, context in extract(method, io.BytesIO(path.read_bytes()), KEYWORDS, (), OPTIONS):
                yield place, word, context
        elif path.suffix == ".typ":
            for word in re.findall(r'\bw\("((?:[^"\\]|\\.)*)"', path.read_text("utf-8")):
                yield place, word.replace('\\"', '"'), None


def book() -> Catalog:
    """The catalogue as committed."""
    return read_po(io.StringIO(BOOK.read_text("utf-8")), locale="fr") if BOOK.is_file() else Catalog("fr", fuzzy=False)


def faults(code: Catalog, translated: Catalog) -> list[str]:
    """What is wrong with the translation, one sentence each."""
    missing = (message for message in code if message.id and not translated.get(message.id, message.context))
    found = [f"not in fr.po: {message.id!r}" for message in missing]
    for message in translated:
        if message.id:
            found += _faults(message, code)
    return found


def _faults(message: Message, code: Catalog) -> list[str]:
    ids, words = (_each(part) for part in (message.id, message.string))
    if not code.get(message.id, message.context):
        return [f"nobody says any more: {message.id!r}"]
    if message.fuzzy or not all(words):
        return [f"not translated: {message.id!r}"]
    held = set(HELD.findall(ids[-1]))
    return [f"other placeholders: {word!r}" for word in words if set(HELD.findall(word)) != held]


def _each(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def renewed() -> bytes:
    """fr.po with exactly the words of the code, what was translated kept."""
    old, new = book(), said()
    merged = Catalog("fr", fuzzy=False, header_comment="# What codedark says, in French. Made by script/words.py.")
    for message in new:
        if message.id:
            known = old.get(message.id, message.context)
            merged.add(message.id, known.string if known else "", locations=message.locations, context=message.context)
    out = io.BytesIO()
    write_po(out, merged, width=120, omit_header=False, sort_output=True, include_lineno=False)
    return DATED.sub(b"", out.getvalue())


def main() -> int:
    """Write or check."""
    if "--check" not in sys.argv:
        BOOK.write_bytes(renewed())
    found = faults(said(), book())
    print("\n".join(found) or "every word is translated", file=sys.stderr)
    return 1 if found and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
