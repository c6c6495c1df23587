"""References rewritten in the bytes of a line are those that reading its JSON would rewrite."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from codedark.entries import Site
from codedark.entries.imports import _Import
from codedark.fhir import decode

UUID = "0b1f1e9c-7d2a-4a52-9d8e-0a4f7c1d2e3f"
words = st.sampled_from(
    ["Patient/7", "Encounter/a", f"urn:uuid:{UUID}", "#me", "Practitioner?identifier=x|1", "no reference", "é/\\u",
     "a\"b", '"reference":"Patient/7"', "\\\"reference\": \"Patient/7", "http://x.org/fhir/Patient/7/_history/2", ""]
)  # fmt: skip
names = st.sampled_from(["reference", "type", "subject", 'x"reference', "\\reference", "référence", "list"])
documents = st.recursive(
    words | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def _escaped(text: str) -> str:
    """The same JSON with the letters of every member name written as escapes."""
    return text.replace('"reference"', '"\\u0072eference"')


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, documents, min_size=1, max_size=4), st.booleans(), st.booleans(), st.booleans())
def test_bytes_and_json_give_the_same_references(
    body: dict[str, Any], ascii: bool, spaced: bool, escaped: bool
) -> None:
    text = json.dumps(body, ensure_ascii=ascii, separators=(" , ", " :  ") if spaced else (",", ":"))
    line = (_escaped(text) if escaped else text).encode()
    reading = _Import("old", Site(facility="anna"), bytes(16), 1)
    expected = decode(line)
    reading.rewrite(expected)
    told = reading._told(line)
    assert told is None or decode(told) == expected


def test_most_lines_are_rewritten_without_reading_them() -> None:
    """The control of the property above: it would hold if bytes were never used."""
    reading = _Import("old", Site(facility="anna"), bytes(16), 1)
    told = reading._told(b'{"subject": {"reference": "Patient/7"}, "encounter": {"reference" :"Encounter/a"}}')
    assert told is not None
    assert (b"Patient/7" in told, told.count(b'"reference":"')) == (False, 2)


def test_a_look_at_the_bytes_alone_would_take_a_name_that_ends_so() -> None:
    """The control of the guard: `x"reference` is another member."""
    reading = _Import("old", Site(facility="anna"), bytes(16), 1)
    assert reading._told(b'{"x\\"reference":"Patient/7"}') is None
