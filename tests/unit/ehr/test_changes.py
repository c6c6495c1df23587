"""Changes told by a server that may be hostile: read or refused, never anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedark.clock import SeededChance, SystemClock
from codedark.ehr import Answer, Changes, EhrServer, Follower, Page, Place
from codedark.errors import CodedarkError, EhrRefused

SINCE = "2026-11-24T06:00:00Z"
NAMES = st.sampled_from(
    ["resourceType", "entry", "resource", "request", "response", "meta", "lastUpdated", "lastModified", "method", "url",
     "link", "relation", "parameter", "name", "part", "valueString", "valueReference", "reference", "fullUrl", "id",
     "eventsSinceSubscriptionStart", "notificationEvent", "eventNumber", "focus"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["Bundle", "Parameters", "SubscriptionStatus", "DELETE", "Patient/p1", "next",
     "https://ehr.example/r4/_history?p=2", "https://elsewhere.example/x", "9" * 5000, "-1", "7", SINCE,
     "2026-99-99T00:00:00Z",
     "events-since-subscription-start",
     "notification-event", "event-number", "focus", "http://[", ""]
)  # fmt: skip
VALUES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(-3, 3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ODD = WORDS | st.none() | st.booleans() | st.integers(-3, 3) | VALUES
PARTS = st.lists(
    st.fixed_dictionaries({"name": WORDS}, optional={"valueString": ODD, "part": ODD, "valueReference": ODD})
)
STATUS = st.fixed_dictionaries(
    {"resourceType": st.just("Parameters"), "parameter": ODD | PARTS}
) | st.fixed_dictionaries(
    {"resourceType": st.just("SubscriptionStatus"), "eventsSinceSubscriptionStart": ODD, "notificationEvent": ODD}
)
ENTRY = st.fixed_dictionaries({}, optional={
    "resource": STATUS | ODD | st.fixed_dictionaries({"resourceType": ODD, "id": ODD, "meta": ODD}), "fullUrl": ODD,
    "request": ODD | st.fixed_dictionaries({"method": st.just("DELETE"), "url": ODD}), "response": ODD,
})  # fmt: skip
LINKS = st.lists(st.fixed_dictionaries({"relation": st.just("next"), "url": ODD}), max_size=2)
BUNDLES = st.fixed_dictionaries(
    {"resourceType": st.just("Bundle"), "entry": ODD | st.lists(ENTRY, max_size=3), "link": ODD | LINKS, "meta": ODD}
)


class Told:
    """A wire on which the same words come to every question."""

    def __init__(self, *told: Any) -> None:
        self.told = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in told]

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        return Answer(200, {}, self.told.pop(0) if len(self.told) > 1 else self.told[0])

    def stream(self, url: str, headers: Mapping[str, str]) -> Any:
        raise AssertionError("nothing here is streamed")


def round_of(*told: Any, place: Place, subscription: str = "") -> tuple[Changes, list[Page]]:
    pages: list[Page] = []
    server = EhrServer("https://ehr.example/r4", Told(*told), SystemClock(), SeededChance(1), lambda _: None)
    return Follower(server, pages.append, (), subscription).round(place), pages


def status(total: str) -> dict[str, Any]:
    told = {"resourceType": "SubscriptionStatus", "eventsSinceSubscriptionStart": total}
    return {"resourceType": "Bundle", "entry": [{"resource": told}]}


@settings(max_examples=300, deadline=None)
@given(BUNDLES, st.sampled_from(["", "ours"]))
def test_any_bundle_is_read_or_refused(bundle: dict[str, Any], subscription: str) -> None:
    try:
        round_of(bundle, place=Place(SINCE, (), 3), subscription=subscription)
    except CodedarkError as error:
        said = str(error)
    else:
        said = ""
    assert "p1" not in said


def test_shape_that_is_no_list_is_no_crash() -> None:
    """Found by the above."""
    found, pages = round_of({"resourceType": "Bundle", "link": True, "entry": 7, "meta": []}, place=Place(SINCE))
    assert (found.place.since, pages) == (SINCE, [])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"resourceType":"Patient"}', b"\xff"])
def test_what_is_no_bundle_is_refused(body: bytes) -> None:
    with pytest.raises(EhrRefused):
        round_of(body, place=Place(SINCE))


@pytest.mark.parametrize("url", ["https://ehr.example/r4/_history?p=2", "deeper/page"])
def test_pages_that_go_in_a_circle_end(url: str) -> None:
    page = {"resourceType": "Bundle", "link": [{"relation": "next", "url": url}]}
    with pytest.raises(EhrRefused, match="no end"):
        round_of(page, place=Place(SINCE))


def test_next_page_elsewhere_is_not_asked_for() -> None:
    page = {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://elsewhere.example/r4/x"}]}
    with pytest.raises(EhrRefused):
        round_of(page, place=Place(SINCE))


def test_more_events_than_can_be_counted_are_read_from_the_history() -> None:
    found, _ = round_of(status("999999999999"), {"resourceType": "Bundle"}, place=Place(SINCE, (), 3), subscription="s")
    assert (found.by_history, found.place.event) == (True, 999_999_999_999)


def test_status_of_r4b_is_read_too() -> None:
    event = {"eventNumber": "4", "focus": {"reference": "https://ehr.example/r4/Observation/o1"}}
    told = {
        "resourceType": "SubscriptionStatus", "eventsSinceSubscriptionStart": "4", "notificationEvent": [event],
    }  # fmt: skip
    brought = {"resource": {"resourceType": "Observation", "id": "o1", "status": "final"}}
    events = {"resourceType": "Bundle", "entry": [{"resource": told}, brought]}
    found, pages = round_of(status("4"), events, place=Place(SINCE, (), 3), subscription="s")
    assert (found.missing, found.place.event, found.by_history) == ((), 4, False)
    assert b"SubscriptionStatus" not in pages[0].resources
