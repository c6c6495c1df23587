"""A language's catalogue from its `.po` file, and which language to speak to whom."""

from __future__ import annotations

import functools
import io
from gettext import NullTranslations
from importlib import resources

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from codedark.tongue.pseudo import Pseudo

ENGLISH, FRENCH, PSEUDO = "en", "fr", "en-XA"
LANGUAGES = {ENGLISH: "English", FRENCH: "Français"}
"""Code (BCP 47) and the language's own name. `PSEUDO` is for tests only and stands on no page."""


@functools.cache
def tongue(language: str) -> NullTranslations:
    """The catalogue of a language: `gettext`, `ngettext`, `pgettext`. English for one that is not here."""
    if language == PSEUDO:
        return Pseudo()
    file = resources.files("codedark.tongue").joinpath(f"{language}.po")
    if language not in LANGUAGES or not file.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.StringIO(file.read_text("utf-8")), locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


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
