"""A search as it was asked, read once: parameters, includes, page size, and what was not understood. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from codedark.fhir import is_id, parse_reference
from codedark.web.api.matching import Wish, wish
from codedark.web.api.outcome import malformed
from codedark.web.api.parameters import COMMON, OWNERS, TYPES, Parameter, owned, references

Pair = tuple[str, str]

DEFAULT_COUNT, MOST = 50, 200
"""Matches on a page."""
_IGNORED = frozenset({"_format", "_pretty", "_cursor"})
"""About the form of the answer, not about what is found."""
_PAIRS = 48


class Include(NamedTuple):
    """`source` is a type that points by its parameter `name` at another (`target`, "" any)."""

    source: str
    name: str
    target: str


class Query(NamedTuple):
    """What is looked for. `owner`: the patient's id, "" when none is named; `ids`: of `_id`, None when not asked;
    `size`: matches on a page;
    `unknown`: names of parameters that are not understood here."""

    type: str
    wishes: tuple[Wish, ...]
    owner: str
    ids: tuple[str, ...] | None
    updated: tuple[str, ...]
    size: int
    includes: tuple[Include, ...]
    reverse: tuple[Include, ...]
    unknown: tuple[str, ...]


def asked(type_: str, pairs: Sequence[Pair]) -> Query:
    """Read the parameters of a search. Raises `Declined`: more of them than anybody needs, a value that is none of its
    kind, two different patients."""
    if len(pairs) > _PAIRS:
        raise malformed("There are too many search parameters.")
    wishes: list[Wish] = []
    owners: set[str] = set()
    ids: set[str] | None = None
    count, unknown, updated = DEFAULT_COUNT, [], []
    includes: list[Include] = []
    reverse: list[Include] = []
    for name, text in pairs:
        bare, _, modifier = name.partition(":")
        own = TYPES[type_].get(bare)
        if bare in _IGNORED or not text:
            continue
        if bare == "_count":
            count = _count(text)
        elif bare == "_id" and not modifier:
            ids = set(text.split(",")) & (ids if ids is not None else set(text.split(",")))
        elif bare == "_lastUpdated" and not modifier:
            updated.append(wish(bare, "", text, Parameter(COMMON[bare], ())).values)
        elif bare in OWNERS and owned(type_) and modifier in ("", "Patient"):
            owners.add(_owner(text))
        elif bare == "_include" and not modifier and (found := _include(text)) and found.source == type_:
            includes.append(found)
        elif bare == "_revinclude" and not modifier and (found := _include(text)):
            reverse.append(found)
        elif own is not None:
            wishes.append(wish(bare, modifier, text, own))
        else:
            unknown.append(bare)
    if len(owners) > 1:
        raise malformed("A search names one patient at a time.")
    return Query(
        type_, tuple(wishes), next(iter(owners), ""), None if ids is None else tuple(sorted(ids)),
        tuple(",".join(each) for each in updated), count, tuple(includes), tuple(reverse), tuple(unknown),
    )  # fmt: skip


def unknown_words(names: Iterable[str]) -> str:
    """The sentence about what was not understood. Only names that look like names are repeated: whatever else was sent
    might be about a patient."""
    plain = [name for name in dict.fromkeys(names) if name.isascii() and name.replace("-", "").isidentifier()]
    told = ", ".join(name for name in plain if len(name) <= 32 and not any(char.isdigit() for char in name))
    return f"Not understood and left out: {told or 'parameters with other names'}."


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise malformed("_count is not a number.")
    return min(max(int(text), 1), MOST)


def _owner(text: str) -> str:
    found = parse_reference(text)
    if found is not None:
        if found.type != "Patient":
            raise malformed("This search names something else than a patient.")
        return found.id
    if not is_id(text):
        raise malformed("A search names one patient at a time, by id.")
    return text


def _include(text: str) -> Include | None:
    """`Observation:specimen[:Specimen]`; None when there is no such parameter."""
    source, _, rest = text.partition(":")
    name, _, target = rest.partition(":")
    if source not in TYPES or not (name in references(source) or (name in OWNERS and owned(source))):
        return None
    return Include(source, name, target)
