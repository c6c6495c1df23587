"""Attempts that fail leave a trace: a page that is not for a role, a form from no page of ours, other methods."""

from __future__ import annotations

import pytest
from page_outline import complaints
from structlog.testing import capture_logs
from web_rig import House

from codedark.node.log import KEYS


def test_a_page_refused_to_a_role_is_an_entry(home: House) -> None:
    nurse = home.in_as("nurse")
    assert nurse.get("/units").status == 200
    assert home.said("deed.refused") == [], "the control: what is allowed is none"
    assert nurse.get("/worklist").status == 403
    assert [(one.deed, one.count) for one in home.said("deed.refused")] == [("see_worklist", 1)]


def test_a_thousand_refused_pages_are_one_entry_a_minute(home: House) -> None:
    nurse = home.in_as("nurse")
    for _ in range(30):
        nurse.get("/worklist")
    assert len(home.said("deed.refused")) == 1
    home.clock.advance(61_000_000)
    nurse.get("/worklist")
    assert sum(one.count for one in home.said("deed.refused")) == 31


def test_a_forged_form_is_said_in_the_log(home: House) -> None:
    guest = home.in_as("nurse")
    with capture_logs() as lines:
        guest.post("/lock", token="0" * 32)
    assert [line["host"] for line in lines if line["event"] == "form refused"] == ["10.0.0.7"]
    assert {key for line in lines for key in line} - {"log_level"} <= KEYS, "each of its words passes the log's list"


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "OPTIONS"])
def test_trace_and_other_methods_lead_nowhere(home: House, method: str) -> None:
    guest = home.in_as("nurse")
    got = guest._ask(method, "/units", b"", {"x-secret": "mirror me"})
    assert got.status in (404, 405)
    assert "mirror me" not in got.text


def test_a_log_in_over_an_open_session_ends_it(home: House) -> None:
    guest = home.in_as("nurse")
    before = dict(guest.jar)
    guest.log_in("physician")
    guest.jar = before
    assert guest.get("/units").status == 303
    assert home.said("session.closed")[-1].reason == "another log-in"


@pytest.mark.parametrize("path", ["//elsewhere.example/", "/\x19sCtat", "/%2F/elsewhere.example"])
def test_a_page_that_is_not_there_links_to_nothing_outside(home: House, path: str) -> None:
    page = home.in_as("nurse").get(path).text
    assert "Not found" in page
    assert complaints(page) == []
