"""Reading R4 JSON for people: texts, quantities, names and times out of plain dicts. No effects, no guesses.

A missing or oddly shaped part reads as "" or None; what is wholly unreadable raises one of `UNREADABLE`.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import nh3

UNREADABLE = (TypeError, AttributeError, KeyError, ValueError, IndexError)
ASSUMED_ZONE = "urn:codedark:assumed-zone"
CHARSET_DOUBTFUL = "urn:codedark:charset-doubtful"
DOUBT = " (charset doubtful)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARKUP = re.compile(r"</?(?:p|div|br|html|body|head|span|b|i|u|table|tr|td|ul|li|script|style|h[1-6])\b[^>]*>", re.I)


class Moment(msgspec.Struct, array_like=True, frozen=True):
    """A clinical time on a card: as claimed, as sent, and whether its zone was assumed."""

    iso: str
    source_text: str = ""
    assumed: bool = False


def marked(said: Any, companion: Any) -> str:
    """The words, with a mark when the character set they came in was doubtful. `companion`: the `_field` beside it."""
    return f"{said}{DOUBT}" if companion and CHARSET_DOUBTFUL in str(companion) else str(said)


def text(concept: Any) -> str:
    """A CodeableConcept (or Coding, or plain string) as words: text, else first display, else first code."""
    if not concept:
        return ""
    if isinstance(concept, str):
        return concept
    if said := concept.get("text"):
        return marked(said, concept.get("_text"))
    for coding in concept.get("coding") or (concept,):
        if said := coding.get("display"):
            return marked(said, coding.get("_display"))
    for coding in concept.get("coding") or (concept,):
        if said := coding.get("code"):
            return str(said)
    return ""


def is_only_echo(body: Any) -> bool:
    """Whether an unnamed order stands here only because a stop did not say if it meant a medicine or a test."""
    said = body.get("extension") or ()
    return any(each.get("url") == "urn:codedark:order-kind-not-said" for each in said)


def texts(concepts: Any) -> str:
    """Several concepts as words."""
    return ", ".join(filter(None, (text(concept) for concept in concepts or ())))


def remarks(notes: Any) -> str:
    """Annotations as words."""
    said = (marked(plain(str(note["text"])), note.get("_text")) for note in notes or () if note.get("text"))
    return "; ".join(filter(None, said))


def first_code(concept: Any) -> str:
    """`system|code` of the first coding, or ""."""
    for coding in (concept or {}).get("coding") or ():
        if code := coding.get("code"):
            return f"{coding.get('system', '')}|{code}"
    return ""


def codes(concept: Any) -> frozenset[str]:
    """Every code of a concept, without its system."""
    return frozenset(str(coding["code"]) for coding in (concept or {}).get("coding") or () if coding.get("code"))


def number(value: Any) -> str:
    """A number with exactly the digits that were sent. One of more than forty places stays in powers of ten, as it was
    sent: 1E+999999999 written out would fill the memory of every machine that shows it."""
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) <= 40 else str(value)
    return "" if value is None else str(value)


def quantity(value: Any) -> tuple[str, str]:
    """(value, unit) of a Quantity, comparator included ("<5")."""
    if not value:
        return "", ""
    return f"{value.get('comparator') or ''}{number(value.get('value'))}", str(
        value.get("unit") or value.get("code") or ""
    )


def amount(value: Any) -> str:
    """A Quantity as "1 g"."""
    return " ".join(filter(None, quantity(value)))


def span(value: Any) -> str:
    """A Range as "3.5-5.1 mmol/L"."""
    low, high = quantity(value.get("low")), quantity(value.get("high"))
    if low[0] and high[0]:
        return f"{low[0]}-{high[0]} {high[1] or low[1]}".rstrip()
    if low[0]:
        return f">= {low[0]} {low[1]}".rstrip()
    return f"<= {high[0]} {high[1]}".rstrip() if high[0] else ""


def ratio(value: Any) -> str:
    """A Ratio as "4 mg / 50 mL"; a titre, which has no units, as "1:128"."""
    above, below = amount(value.get("numerator")), amount(value.get("denominator"))
    bare = above and below and " " not in above + below
    return f"{above}:{below}" if bare else " / ".join(filter(None, (above, below)))


def moment(body: dict[str, Any], *fields: str) -> Moment | None:
    """The first of `fields` that holds a date or dateTime, with its source text when the zone was assumed."""
    for field in fields:
        value = body.get(field)
        if isinstance(value, str) and value:
            return _moment(value, body.get("_" + field))
    return None


def _moment(iso: str, companion: Any) -> Moment:
    for extension in (companion or {}).get("extension") or ():
        if extension.get("url") == ASSUMED_ZONE:
            return Moment(iso, str(extension.get("valueString") or ""), True)
    return Moment(iso)


@lru_cache(maxsize=4096)
def micros(iso: str) -> int | None:
    """µs UTC at which a FHIR date, dateTime or instant begins; None when it is not one."""
    try:
        if len(iso) <= 10:
            year, month, day = ([int(part) for part in iso.split("-")] + [1, 1])[:3]
            at = datetime(year, month, day, tzinfo=UTC)
        else:
            at = datetime.fromisoformat(iso)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, IndexError, OverflowError):
        return None
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def at(moment_: Moment | None) -> int | None:
    """µs UTC of a moment."""
    return None if moment_ is None else micros(moment_.iso)


def target(reference: Any) -> str:
    """The id a Reference points to ("" when it points nowhere)."""
    value = str((reference or {}).get("reference") or "")
    return value.removeprefix("urn:uuid:").rsplit("/", 1)[-1]


def shown(reference: Any) -> str:
    """The display of a Reference."""
    said = (reference or {}).get("display")
    return marked(said, reference.get("_display")) if said else ""


def human(names: Any) -> tuple[str, str, str]:
    """(family, given, "SURNAME, Given") of the official or first HumanName; the last says when the character set was
    doubtful, so that nobody takes a wrong letter for another person."""
    listed = [name for name in names or () if name.get("use") != "old"] or list(names or ())
    if not listed:
        return "", "", ""
    name = next((name for name in listed if name.get("use") == "official"), listed[0])
    family, given = str(name.get("family") or ""), " ".join(str(part) for part in name.get("given") or ())
    if not family and not given:
        return "", "", str(name.get("text") or "")
    whole = ", ".join(filter(None, (family.upper(), given)))
    return family, given, marked(whole, (name.get("_family"), name.get("_given")))


def plain(words: str) -> str:
    """Text without markup. Text that holds none comes back untouched."""
    if not _MARKUP.search(words):
        return words
    spaced = re.sub(r"(?i)<br\s*/?>|</(?:p|div|tr|li|h[1-6])>", "\n", words)
    cleaned = html.unescape(nh3.clean(spaced, tags=set()))
    return re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", cleaned).strip()
