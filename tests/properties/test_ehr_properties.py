"""Whatever an EHR's server says, it is a manifest or a refusal that quotes nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from codedark.clock import SeededChance, SeededClock
from codedark.ehr import Answer, EhrServer, HttpWire, check_address, read_manifest
from codedark.ehr.export import complaint
from codedark.errors import EhrRefused

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("transactionTime", "requiresAccessToken", "output", "deleted", "error", "outcome", "link")
TOLD = some.dictionaries(some.sampled_from(NAMES), JSON | some.just("2026-11-24T06:00:00Z"))
SECRET = "Okafor"
calmly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


SERVER = EhrServer("https://e/r4", HttpWire(), SeededClock(), SeededChance(1), lambda _: None)


def refusal(read: Callable[[], object]) -> str:
    """What was refused, in its words; "" for what was taken."""
    try:
        read()
    except EhrRefused as error:
        return str(error)
    return ""


@calmly
@given(some.binary() | TOLD.map(lambda told: json.dumps(told).encode()))
def test_any_answer_is_a_manifest_or_refused(data: bytes) -> None:
    assert len(refusal(lambda: read_manifest(data))) < 80


@calmly
@given(some.integers(100, 599), JSON)
def test_a_complaint_never_quotes_text(status: int, value: object) -> None:
    told = {"issue": [{"code": "login", "diagnostics": SECRET, "details": value}], "other": value}
    said = complaint(Answer(status, {}, json.dumps(told).encode()))
    assert SECRET not in said
    assert said.startswith(f"HTTP {status}")


@calmly
@given(some.text() | some.text().map("https://".__add__) | some.text().map("http://127.0.0.1".__add__))
def test_any_text_is_an_address_that_may_be_asked_or_refused(text: str) -> None:
    if not refusal(lambda: check_address(text)):
        assert urlsplit(text).scheme == "https" or urlsplit(text).hostname in ("127.0.0.1", "localhost", "::1")


@calmly
@given(some.text())
def test_any_retry_after_is_a_wait_of_bounded_length(text: str) -> None:
    assert 1.0 <= SERVER.wait_of({"retry-after": text}, 5.0) <= 300.0
