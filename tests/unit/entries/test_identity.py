"""Resource ids."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from codedark.entries.identity import _namespace, _uuid5, business_id, place_id


@given(st.text(max_size=60))
def test_the_fast_uuid5_is_the_standard_one(name: str) -> None:
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, "urn:codedark:facility:x")
    safe = name.encode("utf-8", "replace").decode()
    assert _uuid5(_namespace("x"), safe) == str(uuid.uuid5(namespace, safe))


def test_same_business_identity_is_the_same_id() -> None:
    assert business_id("f", "Patient", "A", "1") == business_id("f", "Patient", "A", "1")


def test_each_part_of_the_identity_counts() -> None:
    base = ("f", "Patient", "A", "1")
    others = [("g", *base[1:]), ("f", "Encounter", "A", "1"), ("f", "Patient", "B", "1"), (*base[:3], "2")]
    assert len({business_id(*parts) for parts in [base, *others]}) == 5


def test_parts_cannot_run_into_each_other() -> None:
    assert business_id("f", "Patient", "A1", "2") != business_id("f", "Patient", "A", "12")


def test_place_in_the_journal_names_what_nobody_named() -> None:
    first = place_id("f", "Observation", b"o" * 16, 3, "OBX[1]")
    assert first != place_id("f", "Observation", b"o" * 16, 3, "OBX[2]")
