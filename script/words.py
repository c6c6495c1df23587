"""The catalogue of what we say, from the code: templates, sheets and tables of words into src/codedark/tongue/fr.po.

Marked words: `{% trans %}…{% endtrans %}` and `_("…")` in templates, `noted("…")`, `gettext("…")` in Python,
`w("…")` in typst. What is refused to a person (`ActionRefused`, `refused`) needs no mark: its sentence and hint are
found where they are raised, `{…}` of an f-string as a gap, and so are the values of the enumerations in `SPOKEN`.
Without arguments fr.po gets the new words (empty, to be translated) and loses those that nobody says any more.
With --check nothing is written: exit 1 names words that are missing, not translated, fuzzy, or whose placeholders
differ.
"""

from __future__ import annotations

import ast
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
REFUSING = ("actions", "web", "access/passwords.py")
"""Where what is raised as refused is read by people on pages."""
SENTENCES = {"ActionRefused": 0, "refused": 3}
"""What raises, and which of its arguments is the sentence; the hint is the next one."""
SPOKEN = {"Permission", "Whoever", "Reading", "Role"}
"""Enumerations whose values are read by people."""
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
            if path.suffix == ".py":
                yield from ((place, word, None) for word in _refusals(path))
        elif path.suffix == ".typ":
            for word in re.findall(r'\bw\("((?:[^"\\]|\\.)*)"', path.read_text("utf-8")):
                yield place, word.replace('\\"', '"'), None


def _refusals(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = list(ast.walk(tree))
    for each in nodes:
        if isinstance(each, ast.ClassDef) and each.name in SPOKEN:
            values = (line.value for line in each.body if isinstance(line, ast.Assign))
            yield from (value.value for value in values if isinstance(value, ast.Constant))  # type: ignore[misc]
    place = str(path.relative_to(SRC))
    if not place.startswith(REFUSING) or place.startswith("web/api"):
        return
    named: dict[str, list[ast.expr]] = {}
    for each in nodes:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            named.setdefault(each.targets[0].id, []).append(each.value)
    for each in nodes:
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in SENTENCES:
            first = SENTENCES[each.func.id]
            hints = [keyword.value for keyword in each.keywords if keyword.arg in ("hint", "reason")]
            for value in (*each.args[first : first + 2], *hints):
                yield from _sentences(value, named)


def _sentences(value: ast.expr, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value.replace("%", "%%") if "%(" in value.value else value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(_piece(part, number) for number, part in enumerate(value.values))
    elif isinstance(value, ast.IfExp):
        yield from (*_sentences(value.body, named), *_sentences(value.orelse, named))
    elif isinstance(value, ast.Name):
        for each in named.get(value.id, ()):
            yield from _sentences(each, {})


def _piece(part: ast.expr, number: int) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    inner = part.value if isinstance(part, ast.FormattedValue) else part
    name = {ast.Name: "id", ast.Attribute: "attr"}.get(type(inner), "")
    return f"%({getattr(inner, name) if name else f'part{number}'})s"


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
