"""A setting is somebody's word: whatever its value, every page still answers and the record still folds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page_outline import complaints
from web_rig import Guest, House, admit, house

from codedark.entries import ConfigSet, draft_of

KEYS = (
    "facility.name", "facility.zone", "facility.id", "facility.authority", "record.old_after_s", "codes.observation",
    "codes.authority", "feed.adt.expected_s", "feed.adt.carries", "feed.adt.authenticated", "feed.adt.declared",
    "feed.adt.certificates", "reports.patterns", "reports.dates", "locations.map", "feed.", "codes.", "", "\u202e<b>",
)  # fmt: skip
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=12)
    | st.sampled_from(["America", "x" * 5000, "<script>", "UTC", "(((("]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Guest]]:
    with house(tmp_path_factory.mktemp("settings")) as home:
        yield home, home.in_as("physician")


@given(key=st.sampled_from(KEYS), value=VALUE)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_of_a_setting_breaks_a_page(reader: tuple[House, Guest], key: str, value: Any) -> None:
    home, guest = reader
    home.journal.append(draft_of(ConfigSet(key=key, value=value), source="person:x"))
    home.hear(admit("482193", "MARLOWE^ADA", "4W"))
    for path in ("/units", "/feeds", "/beds?unit=4W", f"/chart/{home.patient('4W')}"):
        got = guest.get(path)
        assert got.status == 200
        assert complaints(got.text) == []
