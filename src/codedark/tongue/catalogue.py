"""A language's catalogue from its `.po` file, and which language to speak to whom."""

from __future__ import annotations

import functools
import io
import re
from gettext import NullTranslations
from importlib import resources

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from codedark.tongue.pseudo import Pseudo

ENGLISH, FRENCH, PSEUDO = "en", "fr", "en-XA"
LANGUAGES = {ENGLISH: "English", FRENCH: "Français"}
"""Code (BCP 47) and the language's own name. `PSEUDO` is for tests only and stands on no page."""

_GAP = re.compile(r"%\\\((\w+)\\\)[a-z]")
"""A gap of a sentence after `re.escape`."""


@functools.cache
def tongue(language: str) -> NullTranslations:
    """The catalogue of a language: `gettext`, `ngettext`, `pgettext`. English for one that is not here."""
    if language == PSEUDO:
        return Pseudo()
    if language not in LANGUAGES or language == ENGLISH:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _book(language))
    compiled.seek(0)
    return Translations(compiled)


@functools.cache
def _book(language: str) -> Catalog:
    """The catalogue file of one of `LANGUAGES` as it stands; without words where there is none."""
    file = resources.files("codedark.tongue").joinpath(f"{language}.po")
    text = file.read_text("utf-8") if file.is_file() else ""
    return read_po(io.StringIO(text), locale=language, abort_invalid=True)


def said(text: str, language: str) -> str:
    """A sentence that was put together where no language is known, such as why something was refused: by its very
    words, else by the sentence of the catalogue whose gaps it fills, each filling said in turn. A text of somebody
    else stays as it came; what comes back is text, never markup."""
    spoken = tongue(language).gettext(text) if text else ""
    if spoken != text or language == ENGLISH:
        return spoken
    for sentence, translated in _with_gaps(language):
        if filled := sentence.fullmatch(text):
            return translated % {name: said(value, language) for name, value in filled.groupdict().items()}
    return text


@functools.cache
def _with_gaps(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences of Python code that have gaps, the longest first: what they match, and their translation."""
    if language not in LANGUAGES:
        return ()
    found = [
        (message.id, message.string)
        for message in _book(language)
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string and "%(" in message.id
        and any(place.endswith(".py") for place, _ in message.locations)
    ]  # fmt: skip
    found.sort(key=lambda pair: -len(pair[0]))
    return tuple((re.compile(_GAP.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL), string) for text, string in found)


def noted(text: str) -> str:
    """`text` itself: marks a word of a table for the catalogue; it is translated where it is drawn."""
    return text


def chosen(wish: str, accepted: str, offered: tuple[str, ...]) -> str:
    """The language to speak: the one asked for, else the first offered one of an Accept-Language header (RFC 9110,
    12.5.4, by weight), else the first offered."""
    if wish in offered:
        return wish
    ranked = sorted(map(_weighed, accepted.split(",")), key=lambda pair: -pair[1])
    for tag, weight in ranked:
        for language in offered:
            if weight > 0 and (tag == language.lower() or tag.split("-")[0] == language.lower()):
                return language
    return offered[0]


def _weighed(part: str) -> tuple[str, float]:
    tag, _, parameter = part.strip().partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        return tag.strip().lower(), float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return tag.strip().lower(), 0.0
