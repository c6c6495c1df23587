"""The catalogue of kinds: complete, and every payload comes back as it went in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from meanings import entry

from codedark import entries
from codedark.entries import KINDS, Payload, catalogue_page, draft_of, payload_of, payloads
from codedark.errors import Uninterpretable
from codedark.journal import Audience, Lane, Once

STRUCTS = [
    value
    for value in vars(payloads).values()
    if isinstance(value, type) and issubclass(value, Payload) and value is not Payload
]
SAMPLES: dict[str, Any] = {
    "bytes": b"\x00\xff",
    "str": "text",
    "int": 7,
    "float": 0.5,
    "bool": True,
    "Any": {"a": [1, None, "b"]},
    "list[str]": ["a", "b"],
    "list[list[Any]]": [["id", 1]],
    "dict[str, list[str]]": {"nurse": ["4W"]},
    "dict[str, Any]": {"a": 1},
    "dict[str, int]": {"error:timeout": 2},
    "tuple[str, ...]": ("Patient", "Observation"),
    "tuple[ReportPage, ...]": (payloads.ReportPage(612, 792, (payloads.ReportWord("MAR", 18.5, 20.0, 40.25, 30.0),)),),
}


def sample(struct: type[Payload]) -> Payload:
    fields = msgspec.structs.fields(struct)
    kinds = {field.name: struct.__annotations__[field.name].removesuffix(" | None") for field in fields}
    return struct(**{name: SAMPLES[kind] for name, kind in kinds.items()})


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_payload_is_in_the_catalogue(struct: type[Payload]) -> None:
    assert [kind.payload for kind in KINDS.values()].count(struct) == 1


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_payload_comes_back_as_it_went_in(struct: type[Payload]) -> None:
    payload = sample(struct)
    draft = draft_of(payload, source="node")
    assert payload_of(entry(draft.payload, kind=draft.kind)) == payload


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_payload_is_in_the_public_surface(struct: type[Payload]) -> None:
    assert struct.__name__ in entries.__all__


def test_public_surface_is_what_is_there() -> None:
    assert [name for name in entries.__all__ if not hasattr(entries, name)] == []


def test_raw_kinds_give_their_bytes() -> None:
    assert payload_of(entry(b"MSH|", kind="hl7.received")) == b"MSH|"


def test_unknown_field_of_a_later_version_is_ignored() -> None:
    later = msgspec.msgpack.encode({"session": "s", "reason": "idle", "colour": "blue"})
    assert payload_of(entry(later, kind="session.closed")) == payloads.SessionClosed(session="s", reason="idle")


def test_unknown_kind_is_uninterpretable() -> None:
    with pytest.raises(Uninterpretable):
        payload_of(entry(b"", kind="moon.landed"))


def test_damaged_payload_is_uninterpretable_and_its_content_is_not_in_the_error() -> None:
    with pytest.raises(Uninterpretable) as caught:
        payload_of(entry(b"SECRET", kind="chart.viewed"))
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["chart.viewed", "session.opened", "session.closed", "login.refused", "reading.unlogged"]
)
def test_who_read_and_who_came_in_is_for_the_audit(name: str) -> None:
    assert KINDS[name].audience is Audience.AUDIT


@pytest.mark.parametrize("name", ["hl7.received", "hl7.refused", "fhir.imported", "feed.heard"])
def test_feeds_do_not_go_before_people(name: str) -> None:
    assert KINDS[name].lane is Lane.FEED


def test_deeds_of_people_go_first() -> None:
    feeds = {"hl7.received", "hl7.refused", "fhir.imported", "feed.heard", "guard.flagged", "report.received"}
    feeds |= {"export.taken"}
    assert {name for name, kind in KINDS.items() if kind.lane is Lane.FEED} == feeds


def test_draft_takes_the_natural_key_it_is_given() -> None:
    once = Once("scope", "key")
    assert draft_of(payloads.SessionClosed(session="s"), source="person:1", once=once).once == once


def test_page_of_the_catalogue_is_up_to_date() -> None:
    page = Path(__file__).parents[3] / "docs" / "formats" / "entries.md"
    assert page.read_text(encoding="utf-8") == catalogue_page()
